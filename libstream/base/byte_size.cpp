#include <libstream/base/ascii.hpp>
#include <libstream/base/byte_size.hpp>

#include <fmt/format.h>

#include <charconv>

namespace stream {
namespace {

/// The power of two of a unit in lower case; -1: there is no such unit.
int shift_of(char unit) {
  switch (unit) {
    case 'k':
      return 10;
    case 'm':
      return 20;
    case 'g':
      return 30;
    case 't':
      return 40;
    default:
      return -1;
  }
}

}  // namespace

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  const auto refuse = [&] {
    return bad_option(
        fmt::format("'{}' is not an amount of bytes; write a number and perhaps a unit, as "
                    "1048576, 512k, 256m or 2g",
                    text.substr(0, 80)));
  };
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [after, failure] = std::from_chars(text.data(), end, count);
  if (failure != std::errc()) return refuse();
  std::string_view unit(after, static_cast<std::size_t>(end - after));
  if (!unit.empty() && ascii_lower(unit.back()) == 'b') unit.remove_suffix(1);
  if (unit.empty()) return count;
  const int shift = unit.size() == 1 ? shift_of(ascii_lower(unit[0])) : -1;
  if (shift < 0 || (count << shift) >> shift != count) return refuse();
  return count << shift;
}

}  // namespace stream
