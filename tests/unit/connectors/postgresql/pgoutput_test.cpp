#include <libstream/connectors/postgresql/binary_bytes.hpp>
#include <libstream/connectors/postgresql/pgoutput.hpp>
#include <tests/kit/catch.hpp>

#include <random>

using namespace stream;
using namespace stream::postgresql;

namespace {

template <class T>
std::string number(T value) {
  std::string bytes;
  append_number(value, bytes);
  return bytes;
}

std::string text_value(char kind, const std::string& text) {
  return kind + number(static_cast<std::int32_t>(text.size())) + text;
}

const std::string kRelation =
    "R" + number(std::uint32_t{16385}) + std::string("public\0t\0d", 10) + number(std::int16_t{2}) +
    '\1' + std::string("id\0", 3) + number(std::uint32_t{20}) + number(std::int32_t{-1}) + '\0' +
    std::string("v\0", 2) + number(std::uint32_t{25}) + number(std::int32_t{-1});
const std::string kUpdate = "U" + number(std::uint32_t{16385}) + "K" + number(std::int16_t{2}) +
                            text_value('b', number(std::int64_t{7})) + "nN" +
                            number(std::int16_t{2}) + text_value('b', number(std::int64_t{8})) +
                            "u";
const std::string kTruncate =
    "T" + number(std::int32_t{2}) + '\0' + number(std::uint32_t{16385}) + number(std::uint32_t{3});

}  // namespace

TEST_CASE("places in the log are read and written as PostgreSQL shows them") {
  CHECK(position_text(0x16B374D848) == "16/B374D848");
  CHECK(*parse_position("16/B374D848") == 0x16B374D848);
  CHECK(*parse_position("FFFFFFFF/FFFFFFFF") == ~LogPosition{0});
  for (const char* wrong : {"", "/", "1/", "/1", "1/2/3", "x/1", "100000000/0", "1 /2"}) {
    INFO(wrong);
    CHECK_FALSE(parse_position(wrong));
  }
}

TEST_CASE("messages of replication are understood") {
  const auto relation = parse_replication_message(kRelation);
  REQUIRE(relation);
  const auto& table = std::get<RelationMessage>(*relation);
  CHECK(table.table == "t");
  REQUIRE(table.columns.size() == 2);
  CHECK(table.columns[0].is_key);
  CHECK(table.columns[1].name == "v");
  CHECK(table.columns[1].type == 25);

  const auto update = parse_replication_message(kUpdate);
  REQUIRE(update);
  const auto& row = std::get<RowMessage>(*update);
  CHECK(row.has_old);
  CHECK_FALSE(row.is_old_whole);
  CHECK(row.old_row[1].kind == TupleValue::Kind::null);
  CHECK(row.new_row[0].bytes == number(std::int64_t{8}));
  CHECK(row.new_row[1].kind == TupleValue::Kind::unchanged);

  const auto begin = parse_replication_message("B" + number(std::uint64_t{99}) +
                                               number(std::int64_t{0}) + number(std::uint32_t{7}));
  REQUIRE(begin);
  CHECK(std::get<BeginMessage>(*begin).commit == 99);
  CHECK(std::get<BeginMessage>(*begin).time_micros == kEpochMicros);
  const auto truncate = parse_replication_message(kTruncate);
  REQUIRE(truncate);
  CHECK(std::get<TruncateMessage>(*truncate).relations == std::vector<std::uint32_t>{16385, 3});
}

TEST_CASE("a message that is cut off, too long or of an unknown kind is an error") {
  for (const std::string& whole : {kRelation, kUpdate, kTruncate}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      CHECK_FALSE(parse_replication_message(std::string_view(whole).substr(0, size)));
    CHECK_FALSE(parse_replication_message(whole + "x"));
  }
  CHECK_FALSE(parse_replication_message("S"));
}

TEST_CASE("hostile bytes neither crash nor hang the reader of replication") {
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  int num_refused = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes = i % 3 == 0 ? kRelation : i % 3 == 1 ? kUpdate : kTruncate;
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (!parse_replication_message(bytes)) ++num_refused;
  }
  CHECK(num_refused > 10'000);
}
