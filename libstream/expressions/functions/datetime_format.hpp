// date_format, typed: to_char and its like are the same thing for dates and timestamps.
#pragma once

#include <libstream/expressions/function.hpp>

namespace stream {

/// Arguments: a timestamp (or what becomes one) and a pattern.
Result<ResolvedFunction> resolve_date_format(Arguments arguments, const SqlSettings& settings);

}  // namespace stream
