// Amounts of bytes as users write them in settings.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <string_view>

namespace stream {

/// Parses "1048576", "512k", "256m", "2g", also with a "b" at the end, in either case; powers of
/// 1,024 as in Spark. Error: bad_option naming the text.
Result<std::uint64_t> parse_byte_size(std::string_view text);

}  // namespace stream
