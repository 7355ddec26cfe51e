#include <libstream/data/date_time.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <tests/kit/catch.hpp>

#include <random>
#include <string>

namespace stream {
namespace {

std::string date_text(std::string_view text) {
  std::string out;
  if (const auto days = parse_date(text)) append_date(*days, out);
  return out;
}
std::string timestamp_text(std::string_view text) {
  std::string out;
  if (const auto micros = parse_timestamp(text, utc_zone())) append_date_time(*micros, out);
  return out;
}
std::string ntz_text(std::string_view text) {
  std::string out;
  if (const auto micros = parse_timestamp_ntz(text)) append_date_time(*micros, out);
  return out;
}

TEST_CASE("dates are read in all the shapes of a cast") {
  CHECK(date_text("2024") == "2024-01-01");
  CHECK(date_text("2024-1") == "2024-01-01");
  CHECK(date_text(" 2024-1-2 ") == "2024-01-02");
  CHECK(date_text("2024-01-02T anything") == "2024-01-02");
  CHECK(date_text("-0001-01-01") == "-0001-01-01");
  CHECK(date_text("10000-01-01") == "+10000-01-01");
  for (const char* wrong : {"", "24-01-02", "2024-13-01", "2024-02-30", "2024-001", "2024/01/02",
                            "20240102", "2024-1 x", "9999999-01-01"})
    CHECK(date_text(wrong) == "");
}

TEST_CASE("timestamps are read in all the shapes of a cast") {
  CHECK(timestamp_text("2024-01-02T03") == "2024-01-02 03:00:00");
  CHECK(timestamp_text("2024-01-02 3:4") == "2024-01-02 03:04:00");
  CHECK(timestamp_text("2024-01-02 03:04:05.123456789") == "2024-01-02 03:04:05.123456");
  CHECK(timestamp_text("2024-01-02 03:04:05.5 -0530") == "2024-01-02 08:34:05.5");
  CHECK(timestamp_text("2024-01-02 03:04:05 Europe/Berlin") == "2024-01-02 02:04:05");
  CHECK(timestamp_text("2024-01-02 03:04:05GMT+1") == "2024-01-02 02:04:05");
  CHECK(timestamp_text("294247-01-10 04:00:54.775807") == "+294247-01-10 04:00:54.775807");
  for (const char* wrong :
       {"", "T03:04:05", "2024-01-02 24:00:00", "2024-01-02 23:59:60", "294247-01-11",
        "2024-01-02 03:04:05+19:00", "1704164645", "+03:04:05", "2024-01-02 03:04:05 Nowhere"})
    CHECK(timestamp_text(wrong) == "");
  CHECK(ntz_text("2024-01-02 03:04:05 PST") == "2024-01-02 03:04:05");
  CHECK(ntz_text("03:04:05") == "");
  CHECK_FALSE(parse_timestamp_ntz("2024-01-02 03:04:05Z", false));
}

TEST_CASE("texts of the usual shape are what the reader of all shapes makes of them") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto digits = [&](unsigned below) {
    const auto number = static_cast<unsigned>(random() % below);
    return std::string(number < 10 ? "0" : "") + std::to_string(number);
  };
  const std::string ends[] = {"",         "Z",    ".",      ".1", ".000200",
                              ".1234567", " UTC", "+01:00", "x",  "1"};
  int num_right = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string date = digits(100) + digits(100) + "-" + digits(14) + "-" + digits(33);
    const std::string time = digits(25) + ":" + digits(61) + ":" + digits(61);
    const std::string text = date + (i % 2 == 0 ? " " : "T") + time + ends[random() % 10];
    CAPTURE(text);
    // A sign makes it unusual and changes nothing.
    REQUIRE(parse_date(date) == parse_date("+" + date));
    REQUIRE(parse_timestamp(text, utc_zone()) == parse_timestamp("+" + text, utc_zone()));
    num_right += parse_timestamp(text, utc_zone()).has_value();
  }
  CHECK(num_right > 5000);
}

TEST_CASE("a time alone is a time of the day at hand") {
  const std::int64_t now = 86'400 * kMicrosPerSecond;
  CHECK(parse_timestamp("T01:00", utc_zone(), now) == now + 3600 * kMicrosPerSecond);
  CHECK(parse_timestamp("1:00:00 +02:00", utc_zone(), now) == now - 3600 * kMicrosPerSecond);
  CHECK(special_date("Tomorrow", utc_zone(), now) == 2);
  CHECK(special_timestamp("epoch", utc_zone(), now) == 0);
  CHECK_FALSE(special_timestamp("now UTC", utc_zone(), now));
}

TEST_CASE("wall clocks in gaps and overlaps are Java's") {
  const auto berlin = find_time_zone("Europe/Berlin");
  REQUIRE(berlin);
  std::string gap;
  append_date_time(*parse_timestamp("2024-03-31 02:30:00", **berlin), gap);
  CHECK(gap == "2024-03-31 01:30:00");
  std::string overlap;
  append_date_time(*parse_timestamp("2024-10-27 02:30:00", **berlin), overlap);
  CHECK(overlap == "2024-10-27 00:30:00");
  std::string far;
  append_date_time(*parse_timestamp("3000-07-01 12:00:00", **berlin), far);
  CHECK(far == "3000-07-01 10:00:00");
  CHECK_FALSE(find_time_zone("Europe/berlin"));
  CHECK_FALSE(find_time_zone("+19:00"));
  CHECK((*find_time_zone("PST"))->id() == "America/Los_Angeles");
}

TEST_CASE("intervals are read with units and with fields") {
  CHECK(*parse_calendar_interval("1 year 2 MONTHS -3.5 seconds") ==
        CalendarInterval{14, 0, -3'500'000});
  CHECK(*parse_calendar_interval(" interval - 1 week 1 day") == CalendarInterval{0, -6, 0});
  CHECK(*parse_calendar_interval(".5 seconds") == CalendarInterval{0, 0, 500'000});
  for (const char* wrong : {"", "interval", "1", "1 dayz", "1.5 days", "x day", "1day", "- ",
                            "9999999999 days", "intervals 1 day"})
    CHECK_FALSE(parse_calendar_interval(wrong));
  CHECK(*parse_day_time_interval("1 02:03:04.5", day_time_interval()) == 93'784'500'000);
  CHECK(*parse_day_time_interval("INTERVAL -'1:2' minute to second",
                                 day_time_interval(IntervalField::minute, IntervalField::second)) ==
        -62'000'000);
  CHECK_FALSE(parse_day_time_interval("1 25:00:00", day_time_interval()));
  CHECK(*parse_year_month_interval("-1-2", year_month_interval()) == -14);
  CHECK(*parse_year_month_interval("INTERVAL '3' YEAR",
                                   year_month_interval(IntervalField::year, IntervalField::year)) ==
        36);
  CHECK_FALSE(parse_year_month_interval("1-12", year_month_interval()));
}

}  // namespace
}  // namespace stream
