// Checks of a Catch case that a target holds against made-up input.
#pragma once

#include <tests/fuzz/fuzz.hpp>
#include <tests/kit/catch.hpp>

namespace stream::fuzz {

inline void check_fuzz(const FuzzTarget& target) {
  const FuzzOutcome outcome = fuzz(target);
  INFO(outcome.failure);
  CHECK(outcome.failure.empty());
  CHECK(outcome.num_runs > 0);
}

}  // namespace stream::fuzz
