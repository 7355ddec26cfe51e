// Durations as users write them in options.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/result.hpp>

#include <string>
#include <string_view>

namespace stream {

/// Parses "500ms", "1s", "2 min", "1 hour", "3 days" (a number without a unit is refused). The
/// result is never negative and at most 1,000 years. Error: bad_option naming the text.
Result<Duration> parse_duration(std::string_view text);

/// Shortest exact form: "500ms", "5s", "2min", "1h".
std::string format_duration(Duration duration);

}  // namespace stream
