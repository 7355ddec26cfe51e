// The operators + - * / where a date, a timestamp or an interval takes part, and signs of
// intervals. Called first by the operators' typing.
#pragma once

#include <libstream/expressions/function.hpp>

#include <optional>
#include <string_view>

namespace stream {

/// `op` is "+", "-", "*" or "/" over two arguments; "+", "-" or "abs" over one. nullopt: none of
/// the arguments makes it a matter of dates, or Spark has no such operation and its general rule
/// for operators says why.
std::optional<Result<ResolvedFunction>> resolve_datetime_arithmetic(std::string_view op,
                                                                    Arguments arguments,
                                                                    const SqlSettings& settings);

}  // namespace stream
