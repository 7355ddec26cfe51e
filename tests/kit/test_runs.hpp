// What a run of tests is told by its environment: the seed of random tests, and how much to do.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace stream::testing {

/// As STREAM_TEST_SEED says, or a new one; prints how to run the test binary with it again.
inline std::uint64_t test_seed(const std::string& binary) {
  const char* given = std::getenv("STREAM_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::cout << "seed " << seed << ": STREAM_TEST_SEED=" << seed << " tests/run " << binary << "\n";
  return seed;
}

/// tests/run --long.
inline bool is_long_run() { return std::getenv("STREAM_TEST_LONG") != nullptr; }

/// The first number by default, the second in long runs.
inline int rounds(int by_default, int when_long) { return is_long_run() ? when_long : by_default; }

}  // namespace stream::testing
