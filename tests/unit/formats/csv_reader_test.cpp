#include <libstream/formats/number_text.hpp>
#include <tests/unit/formats/format_fixture.hpp>

#include <cmath>
#include <cstdlib>
#include <random>

namespace stream {
namespace {

using namespace testing;

TEST_CASE("CSV fields become values of their columns") {
  const auto format = format_of("csv", {});
  const auto read = read_text(*format, "a INT, b STRING", "1,x\r\n-20,\"y,z\"\n\n3,\n");
  REQUIRE(read.error.empty());
  REQUIRE(read.rows == Rows{{int_value(1), text_value("x")},
                            {int_value(-20), text_value("y,z")},
                            {int_value(3), Value{}}});
}

TEST_CASE("Integers of every length and sign are read to their limits") {
  const auto format = format_of("csv", {});
  for (std::int64_t number = 1; number < 4'000'000'000'000'000'000; number = number * 7 + 3) {
    for (const std::int64_t value : {number, -number}) {
      const auto read = read_text(*format, "a BIGINT", std::to_string(value) + "\n");
      REQUIRE(read.rows == Rows{{Value{value}}});
    }
  }
  const auto limits = read_text(*format, "a BIGINT, b INT",
                                "9223372036854775807,2147483647\n-9223372036854775808,-2147483648\n"
                                "9223372036854775808,2147483648\n12a,1:\n+7,007\n");
  REQUIRE(limits.rows == Rows{{Value{INT64_MAX}, Value{INT32_MAX}},
                              {Value{INT64_MIN}, Value{INT32_MIN}},
                              {Value{}, Value{}},
                              {Value{}, Value{}},
                              {Value{std::int64_t{7}}, int_value(7)}});
}

TEST_CASE("Short decimals are the nearest numbers, as strtod and strtof have them") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = i % 3 == 0 ? "-" : "";
    const std::size_t count = 1 + random() % 17;
    for (std::size_t k = 0; k < count; ++k) text += static_cast<char>('0' + random() % 10);
    text.insert(text.size() - random() % count, ".");
    CAPTURE(text);
    REQUIRE(parse_java_double(text) == std::strtod(text.c_str(), nullptr));
    REQUIRE(parse_java_float(text) == std::strtof(text.c_str(), nullptr));
  }
  for (const char* wrong : {"", "-", ".", "-.", "1.2.3", "--1", "1-"}) {
    CHECK_FALSE(parse_java_double(wrong));
    CHECK_FALSE(parse_java_float(wrong));
  }
  CHECK(std::signbit(*parse_java_double("-0")));
}

TEST_CASE("Malformed CSV records are kept, dropped or an error, as the mode says") {
  const std::string text = "1,x\nq,y\n2\n3,z,9\n";
  const auto kept =
      read_text(*format_of("csv", {}), "a INT, b STRING, _corrupt_record STRING", text);
  REQUIRE(kept.rows == Rows{{int_value(1), text_value("x"), Value{}},
                            {Value{}, text_value("y"), text_value("q,y")},
                            {int_value(2), Value{}, text_value("2")},
                            {int_value(3), text_value("z"), text_value("3,z,9")}});
  const auto dropped =
      read_text(*format_of("csv", {{"mode", "DROPMALFORMED"}}), "a INT, b STRING", text);
  REQUIRE(dropped.rows == Rows{{int_value(1), text_value("x")}});
  REQUIRE(dropped.num_rejected == 3);
  const auto failed = read_text(*format_of("csv", {{"mode", "failfast"}}), "a INT, b STRING", text);
  REQUIRE(failed.error.find("MALFORMED_RECORD_IN_PARSING") != std::string::npos);
}

TEST_CASE("Only the columns that are asked for are converted") {
  const auto read =
      read_text(*format_of("csv", {}), "a INT, b INT, c STRING", "q,2,x\nr,3\n", 1u << 20, {2, 1});
  REQUIRE(read.rows == Rows{{text_value("x"), int_value(2)}, {Value{}, int_value(3)}});
}

TEST_CASE("Records that are read column by column are those that are read one by one") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  unsigned one_in = 5;  // has a sign: runs of numbers without one are read at once
  const auto number = [&](int digits) {
    std::string text = random() % one_in == 0 ? "-" : random() % (one_in * 6) == 0 ? "+" : "";
    for (int i = static_cast<int>(random() % static_cast<unsigned>(digits)); i >= 0; --i)
      text += static_cast<char>('0' + random() % 10);
    return text;
  };
  const std::vector<std::string> odd{"",  "-",     "7x",    "1.5", " 12",       "12 ",   "N",
                                     "#", "1,2,3", "true",  "é",   "\xC3",      "\"q\"", "-Inf",
                                     ",", "0x1p3", "1e400", ".5f", "9999-12-31"};
  const std::string ddl =
      "a BIGINT, b INT, c STRING, d DOUBLE, e SMALLINT, f DATE, g BOOLEAN, _corrupt_record STRING";
  // A line separator that is named is looked for line by line.
  const std::vector<OptionMap> settings{
      {}, {{"nullValue", "N"}}, {{"comment", "#"}}, {{"mode", "DROPMALFORMED"}}};
  for (int round = 0; round < 40; ++round) {
    OptionMap options = settings[random() % settings.size()];
    const unsigned oddity = round % 2 == 0 ? 40 : 2000;
    one_in = round % 4 < 2 ? 5 : 500;
    std::string text;
    for (int row = 0; row < 600; ++row) {
      const std::string words = std::string(random() % 20, 'w') + number(3);
      std::vector<std::string> fields{number(20),
                                      number(11),
                                      words,
                                      number(6) + "." + number(4).substr(0, 1),
                                      number(5),
                                      "2024-02-" + std::to_string(10 + random() % 25),
                                      random() % 2 == 0 ? "true" : "FALSE"};
      for (std::string& field : fields) {
        if (random() % oddity == 0) field = odd[random() % odd.size()];
      }
      if (random() % oddity == 0) fields.resize(random() % 7);
      for (std::size_t i = 0; i < fields.size(); ++i) text += (i == 0 ? "" : ",") + fields[i];
      text += "\n";
    }
    OptionMap by_line = options;
    by_line["lineSep"] = "\n";
    const std::string schema = options.contains("mode") ? ddl.substr(0, ddl.rfind(',')) : ddl;
    const auto expected = read_text(*format_of("csv", by_line), schema, text);
    const auto format = format_of("csv", options);
    for (const std::size_t max_rows : {3u, 1000u}) {
      const auto read = read_text(*format, schema, text, 1u << 20, {}, max_rows);
      REQUIRE(read.rows.size() == expected.rows.size());
      for (std::size_t row = 0; row < read.rows.size(); ++row)
        REQUIRE(read.rows[row] == expected.rows[row]);
      REQUIRE(read.num_rejected == expected.num_rejected);
    }
    const auto some = read_text(*format, schema, text, 5000, {2, 0}, 100);
    const auto some_by_line =
        read_text(*format_of("csv", by_line), schema, text, 1u << 20, {2, 0}, 3);
    REQUIRE(some.rows == some_by_line.rows);
  }
}

TEST_CASE("CSV gives the same rows wherever its bytes are cut") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::string letters = "ab,,\n\n\r\"\\ 12\xC3\xA9";
  for (const bool is_multi_line : {false, true}) {
    const auto format = format_of("csv", {{"multiLine", is_multi_line ? "true" : "false"}});
    for (int round = 0; round < 60; ++round) {
      std::string text;
      for (int i = 0; i < 200; ++i) text += letters[random() % letters.size()];
      const auto whole = read_text(*format, "a STRING, b STRING, _corrupt_record STRING", text);
      REQUIRE(whole.error.empty());
      if (is_multi_line) continue;  // the first bytes decide about its line ends
      for (const std::size_t step : {1u, 7u, 64u}) {
        const auto cut =
            read_text(*format, "a STRING, b STRING, _corrupt_record STRING", text, step);
        REQUIRE(cut.rows == whole.rows);
      }
    }
  }
}

TEST_CASE("All wrong CSV options are reported at once") {
  OptionMap options = {{"header", "maybe"}, {"sep", ""}, {"maxColumns", "0"}};
  const auto format = make_file_format("csv", options, SqlSettings{});
  REQUIRE(!format);
  for (const char* name : {"header", "sep", "maxColumns"})
    REQUIRE(format.error().message().find(name) != std::string::npos);
}

}  // namespace
}  // namespace stream
