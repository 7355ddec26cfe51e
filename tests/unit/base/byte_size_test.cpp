#include <libstream/base/byte_size.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

TEST_CASE("amounts of bytes are read with and without units") {
  CHECK(parse_byte_size("0").value() == 0);
  CHECK(parse_byte_size("1048576").value() == 1'048'576);
  CHECK(parse_byte_size("7b").value() == 7);
  CHECK(parse_byte_size("512k").value() == 512u << 10);
  CHECK(parse_byte_size("256MB").value() == 256u << 20);
  CHECK(parse_byte_size("3G").value() == std::uint64_t{3} << 30);
  CHECK(parse_byte_size("16777215t").value() == std::uint64_t{16'777'215} << 40);
}

TEST_CASE("what is no amount of bytes is refused by name") {
  for (const char* text :
       {"", "m", "-1", "1.5g", "256 m", "12x", "12mm", "16777216t", "99999999999999999999"}) {
    INFO(text);
    const auto parsed = parse_byte_size(text);
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().message(), Catch::Matchers::ContainsSubstring(text));
  }
}
