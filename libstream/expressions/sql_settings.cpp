#include <libstream/expressions/sql_settings.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr const char* kAnsi = "spark.sql.ansi.enabled";
constexpr const char* kTimeZone = "spark.sql.session.timeZone";
constexpr const char* kCaseSensitive = "spark.sql.caseSensitive";

Result<bool> parse_flag(const std::string& key, const std::string& value) {
  if (value == "true" || value == "TRUE" || value == "True") return true;
  if (value == "false" || value == "FALSE" || value == "False") return false;
  return bad_option(
      fmt::format("{} should be boolean, but was {}: write true or false", key, value));
}

}  // namespace

Result<void> SqlSettings::set(const std::string& key, const std::string& value) {
  if (key == kAnsi) {
    STREAM_TRY(is_ansi, parse_flag(key, value));
  } else if (key == kCaseSensitive) {
    STREAM_TRY(is_case_sensitive, parse_flag(key, value));
  } else if (key == kTimeZone) {
    time_zone = value;
  }
  values[key] = value;
  return {};
}

std::string SqlSettings::get(const std::string& key, const std::string& otherwise) const {
  const auto found = values.find(key);
  return found == values.end() ? otherwise : found->second;
}

bool SqlSettings::get_flag(const std::string& key, bool otherwise) const {
  const auto found = values.find(key);
  if (found == values.end()) return otherwise;
  const Result<bool> flag = parse_flag(key, found->second);
  return flag ? *flag : otherwise;
}

}  // namespace stream
