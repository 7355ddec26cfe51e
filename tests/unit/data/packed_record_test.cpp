#include <libstream/data/packed_record.hpp>
#include <tests/kit/catch.hpp>

#include <limits>

using namespace stream;

TEST_CASE("values come out of a record in the order they went in") {
  std::string bytes;
  PackedWriter writer(bytes);
  writer.put_signed(std::numeric_limits<std::int64_t>::min());
  writer.put_unsigned(std::numeric_limits<std::uint64_t>::max());
  writer.put_flag(true);
  writer.put_text(std::string("a\0\xff", 3));
  PackedReader reader(bytes);
  CHECK(reader.take_signed() == std::numeric_limits<std::int64_t>::min());
  CHECK(reader.take_unsigned() == std::numeric_limits<std::uint64_t>::max());
  CHECK(reader.take_flag());
  CHECK(reader.take_text() == std::string("a\0\xff", 3));
  CHECK(reader.finish());
}

TEST_CASE(
    "a record that is cut, too long or of other types is refused, and nothing is read behind it") {
  std::string bytes;
  PackedWriter writer(bytes);
  writer.put_text("text");
  writer.put_unsigned(7);
  PackedReader wrong_type(bytes);
  CHECK(wrong_type.take_unsigned() == 0);
  CHECK(wrong_type.take_text().empty());
  CHECK_FALSE(wrong_type.finish());
  PackedReader too_long(bytes);
  CHECK(too_long.take_text() == "text");
  CHECK_FALSE(too_long.finish());
  PackedReader cut(std::string_view(bytes).substr(0, 3));
  CHECK(cut.take_text().empty());
  CHECK_FALSE(cut.finish());
  PackedReader bounded(bytes, 3);
  CHECK(bounded.take_text().empty());
  CHECK_FALSE(bounded.finish());
}

TEST_CASE("lists of msgpack, however deep or long they claim to be, are refused at once") {
  for (const std::string& hostile :
       {std::string("\xdd\xff\xff\xff\xff", 5), std::string(100'000, '\x91'),
        std::string("\xc6\xff\xff\xff\xff", 5)}) {
    PackedReader reader(hostile);
    CHECK(reader.take_text().empty());
    CHECK_FALSE(reader.finish());
  }
  std::string bytes;
  PackedWriter(bytes).put_unsigned(1000);
  PackedReader reader(bytes);
  CHECK(reader.take_count(2000) == 0);
  CHECK_FALSE(reader.finish());
}
