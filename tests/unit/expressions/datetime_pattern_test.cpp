#include <libstream/expressions/datetime_pattern.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <tests/kit/catch.hpp>

#include <string>

namespace stream {
namespace {

std::string formatted(std::string_view pattern, std::string_view zone_id = "UTC",
                      std::string_view text = "2024-03-05 15:06:07.080901") {
  const auto compiled = DateTimePattern::make(pattern, PatternUse::format);
  if (!compiled) return compiled.error().message();
  const TimeZone& zone = **find_time_zone(zone_id);
  std::string out;
  compiled->append_timestamp(*parse_timestamp(text, utc_zone()), zone, out);
  return out;
}

std::string parsed(std::string_view text, std::string_view pattern) {
  const auto compiled = DateTimePattern::make(pattern, PatternUse::parse);
  if (!compiled) return compiled.error().message();
  std::string out;
  if (const auto micros = compiled->parse_timestamp(text, utc_zone()))
    append_date_time(*micros, out);
  return out;
}

TEST_CASE("patterns write each letter as Java does") {
  CHECK(formatted("yyyy-MM-dd HH:mm:ss.SSSSSS") == "2024-03-05 15:06:07.080901");
  CHECK(formatted("yy/M/d H:m:s k K h hh a") == "24/3/5 15:6:7 15 3 3 03 PM");
  CHECK(formatted("E EEEE MMM MMMM L LLL") == "Tue Tuesday Mar March 3 Mar");
  CHECK(formatted("Q QQ QQQ QQQQ D DDD F G GGGG S SSS") ==
        "1 01 Q1 1st quarter 65 065 5 AD Anno Domini 0 080");
  CHECK(formatted("''yyyy''MM'T''x'") == "'2024'03T'x");
  CHECK(formatted("Z XXX x xxx O OOOO ZZZZ ZZZZZ VV z zzzz") ==
        "+0000 Z +00 +00:00 GMT GMT GMT Z UTC UTC Coordinated Universal Time");
  CHECK(formatted("HH Z X XX XXX x O OOOO VV z", "Asia/Kolkata") ==
        "20 +0530 +0530 +0530 +05:30 +0530 GMT+5:30 GMT+05:30 Asia/Kolkata IST");
  CHECK(formatted("yyyy", "UTC", "12024-01-01") == "+12024");
  CHECK(formatted("yyyy G", "UTC", "-0001-01-01") == "0002 BC");
  CHECK(formatted("yyyy", "UTC", "-0001-01-01") == "-0001");
}

TEST_CASE("patterns read strictly") {
  CHECK(parsed("20240305T101112", "yyyyMMdd'T'HHmmss") == "2024-03-05 10:11:12");
  // A fraction of any length takes no digits from the year before it, as in Spark.
  CHECK(parsed("20240305101112345", "yyyyMMddHHmmssSSS") == "");
  CHECK(parsed("3/5/24", "M/d/yy") == "2024-03-05 00:00:00");
  CHECK(parsed("mar 5, 2024", "MMM d, yyyy") == "2024-03-05 00:00:00");
  CHECK(parsed("2024-03-05 10:11 pm", "yyyy-MM-dd hh:mm a") == "2024-03-05 22:11:00");
  CHECK(parsed("2024-065", "yyyy-DDD") == "2024-03-05 00:00:00");
  CHECK(parsed("2024-03-05 10:11:12.3", "yyyy-MM-dd HH:mm:ss.SSS") == "2024-03-05 10:11:12.3");
  CHECK(parsed("2024-03-05 10+01:00", "yyyy-MM-dd HHXXX") == "2024-03-05 09:00:00");
  CHECK(parsed("2024-03-05 10 Europe/Paris", "yyyy-MM-dd HH VV") == "2024-03-05 09:00:00");
  CHECK(parsed("2024-03-05", "yyyy-MM-dd[ HH:mm]") == "2024-03-05 00:00:00");
  CHECK(parsed("2024-03-05 10:11", "yyyy-MM-dd[ HH:mm]") == "2024-03-05 10:11:00");
  CHECK(parsed("10:11", "HH:mm") == "1970-01-01 10:11:00");
  CHECK(parsed("12 AM", "h a") == "1970-01-01 00:00:00");
  CHECK(parsed("+12024", "yyyy") == "+12024-01-01 00:00:00");
  for (const auto& [text, pattern] : {std::pair{"2024-3-5", "yyyy-MM-dd"},
                                      {"2024-03-05 extra", "yyyy-MM-dd"},
                                      {"2024-02-30", "yyyy-MM-dd"},
                                      {"", "yyyy"},
                                      {"12024", "yyyy"},
                                      {"10:11 PM", "HH:mm a"},
                                      {"13", "hh"},
                                      {"24:00", "HH:mm"},
                                      {"March 5", "MMM d"},
                                      {"2024-03-05 10.1234", "yyyy-MM-dd HH.SSS"}})
    CHECK(parsed(text, pattern) == "");
}

TEST_CASE("letters that Spark refuses are refused with its conditions") {
  const auto condition = [](std::string_view pattern, PatternUse use) {
    const auto compiled = DateTimePattern::make(pattern, use);
    REQUIRE_FALSE(compiled);
    return compiled.error().message();
  };
  CHECK(condition("YYYY", PatternUse::format)
            .find("[INCONSISTENT_BEHAVIOR_CROSS_VERSION."
                  "DATETIME_PATTERN_RECOGNITION]") == 0);
  CHECK(condition("e", PatternUse::format)
            .find("[INCONSISTENT_BEHAVIOR_CROSS_VERSION."
                  "DATETIME_WEEK_BASED_PATTERN]") == 0);
  CHECK(condition("n", PatternUse::format).find("[INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER]") ==
        0);
  CHECK(condition("EEE dd", PatternUse::parse)
            .find("[INCONSISTENT_BEHAVIOR_CROSS_VERSION."
                  "DATETIME_PATTERN_RECOGNITION]") == 0);
}

}  // namespace
}  // namespace stream
