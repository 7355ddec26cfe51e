// A mutation fuzzer: texts of a corpus are cut, joined, repeated and sprinkled, and given to a
// target that must neither crash nor hang. Used by the tests of this folder, one file a target.
//
// Memory counts: a target whose process grows by more than 64 MB has failed.
//
// STREAM_FUZZ_SECONDS gives each target's time (default 1), STREAM_FUZZ_SEED a run to repeat; a
// failing input and the seed are printed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace stream::fuzz {

struct FuzzTarget {
  std::string name;
  std::vector<std::string> corpus;  ///< at least one text
  std::vector<std::string> words;   ///< inserted here and there
  /// Takes one text. What it says is wrong with its own answer; empty: nothing.
  std::function<std::string(std::string_view text)> run;
  std::chrono::milliseconds longest_run{10'000};  ///< for one text, on a busy machine
  std::size_t max_bytes = 2000;                   ///< of one text
  std::size_t max_growth = 64u << 20;             ///< of resident memory at its peak
};

/// FNV-1a: lets a target choose a variant by its text, so that a text alone repeats a run.
std::size_t hash_of(std::string_view text);

struct FuzzOutcome {
  std::uint64_t num_runs = 0;
  std::string failure;  ///< what went wrong, with the text and how to repeat it; empty: nothing
};

/// Changes `text` in one to four places.
std::string mutate(std::string text, const FuzzTarget& target, std::mt19937_64& random);

/// Runs the target until its time is up or something goes wrong. The text at hand is kept where a
/// crash report shows it.
FuzzOutcome fuzz(const FuzzTarget& target);

}  // namespace stream::fuzz
