// Invariants. A broken one ends the process with its values: state that lies is worse than a
// process that is gone. Checks stay on in release builds.
#pragma once

#include <source_location>
#include <string_view>

namespace stream {

/// Prints the place, the failed condition and `detail` to standard error and aborts.
[[noreturn]] void fail_check(std::string_view condition, std::string_view detail,
                             std::source_location where = std::source_location::current());

}  // namespace stream

/// Aborts when `condition` is false. `detail` is a string with the values involved.
#define STREAM_CHECK(condition, detail)           \
  do {                                            \
    if (!(condition)) [[unlikely]]                \
      ::stream::fail_check(#condition, (detail)); \
  } while (false)

/// Marks a place that no valid state can reach.
#define STREAM_UNREACHABLE(detail) ::stream::fail_check("unreachable", (detail))
