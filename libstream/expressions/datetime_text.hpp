// Texts to dates and timestamps without a pattern, in all the shapes that Spark's casts accept
// ("2024", "2024-1-2", "2024-01-02 03:04:05.123 Europe/Berlin", "T10:11"). Used by casts, literals
// and datetime functions. Pure functions, any thread.
#pragma once

#include <libstream/expressions/time_zone.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace stream {

/// Days since 1970-01-01. nullopt: not a date.
std::optional<std::int32_t> parse_date(std::string_view text);

/// Micros since 1970 UTC; `zone` counts where the text names none. A text that is only a time means
/// the day of `now_micros` there, and is refused without one.
std::optional<std::int64_t> parse_timestamp(std::string_view text, const TimeZone& zone,
                                            std::optional<std::int64_t> now_micros = std::nullopt);

/// Micros of the wall clock. A zone in the text is left out of account, or refused.
std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text, bool allows_zone = true);

/// The words "epoch", "now", "today", "tomorrow", "yesterday", which literals and casts of
/// constants know (not casts of columns). nullopt: none of them.
std::optional<std::int32_t> special_date(std::string_view text, const TimeZone& zone,
                                         std::int64_t now_micros);
std::optional<std::int64_t> special_timestamp(std::string_view text, const TimeZone& zone,
                                              std::int64_t now_micros);
std::optional<std::int64_t> special_timestamp_ntz(std::string_view text, const TimeZone& zone,
                                                  std::int64_t now_micros);

/// `text` without blanks and control characters around it.
std::string_view trim_all(std::string_view text);

}  // namespace stream
