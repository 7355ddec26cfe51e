#include <libstream/base/duration.hpp>

#include <array>
#include <charconv>
#include <utility>

namespace stream {
namespace {

constexpr std::int64_t kMaxMillis = 1000LL * 366 * 86'400'000;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 20> kUnits{{
    {"ms", 1},
    {"millisecond", 1},
    {"milliseconds", 1},
    {"s", 1000},
    {"sec", 1000},
    {"second", 1000},
    {"seconds", 1000},
    {"m", 60'000},
    {"min", 60'000},
    {"minute", 60'000},
    {"minutes", 60'000},
    {"h", 3'600'000},
    {"hour", 3'600'000},
    {"hours", 3'600'000},
    {"d", 86'400'000},
    {"day", 86'400'000},
    {"days", 86'400'000},
    {"w", 604'800'000},
    {"week", 604'800'000},
    {"weeks", 604'800'000},
}};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Error refuse(std::string_view text) {
  return bad_option("'" + std::string(text.substr(0, 80)) +
                    "' is not a duration; write a number and a unit, as 500ms, 5s, 2min or 1h");
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const std::string_view trimmed = trim(text);
  std::int64_t count = 0;
  const char* end = trimmed.data() + trimmed.size();
  const auto [rest, failure] = std::from_chars(trimmed.data(), end, count);
  if (failure != std::errc{} || count < 0) return refuse(text);
  const std::string_view unit = trim({rest, static_cast<std::size_t>(end - rest)});
  for (const auto& [name, millis] : kUnits) {
    if (unit != name) continue;
    if (count > kMaxMillis / millis) return refuse(text);
    return Duration(count * millis);
  }
  return refuse(text);
}

std::string format_duration(Duration duration) {
  const std::int64_t millis = duration.count();
  if (millis != 0 && millis % 3'600'000 == 0) return std::to_string(millis / 3'600'000) + "h";
  if (millis != 0 && millis % 60'000 == 0) return std::to_string(millis / 60'000) + "min";
  if (millis != 0 && millis % 1000 == 0) return std::to_string(millis / 1000) + "s";
  return std::to_string(millis) + "ms";
}

}  // namespace stream
