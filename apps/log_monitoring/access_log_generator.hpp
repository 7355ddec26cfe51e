// Access logs out of nothing, for machines without any: line n is a function of n alone, so a
// source that reads a range of numbers again gets the same lines. Any thread.
#pragma once

#include <libstream/base/clock.hpp>

#include <cstdint>
#include <string>

namespace stream::apps {

/// The combined-format line of number `index`, without a line break. Paths and clients follow
/// Zipf's law; about 3 % of the answers are 5xx, most of them in bursts; 0.5 % of the lines are
/// malformed.
std::string generated_access_line(std::uint64_t index, EpochMillis time);

}  // namespace stream::apps
