// Text with places for values ("%5.2f of %s"), java.util.Formatter's language in the root locale:
// %b %c %d %e %f %g %n %o %s %x %X %%, with flags, width, precision and argument numbers. Dates
// (%t) and hash codes (%h) are refused. Pure functions, any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/value.hpp>

#include <span>
#include <string>
#include <string_view>

namespace stream {

struct FormatArgument {
  Value value;
  DataType type;
};

/// Error bad_data: what Java's Formatter throws.
Result<std::string> java_format(std::string_view format, std::span<const FormatArgument> arguments);

}  // namespace stream
