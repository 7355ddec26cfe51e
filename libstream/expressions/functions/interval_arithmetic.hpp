// Intervals added to one another, multiplied and divided by numbers, and their signs: the part of
// datetime_arithmetic.hpp without dates. nullopt: not such an operation.
#pragma once

#include <libstream/expressions/function.hpp>

#include <optional>
#include <string_view>

namespace stream {

/// Of days and times, of years and months, or the calendar's.
bool is_any_interval(TypeKind kind);

/// Two intervals of one kind, or one and NULL; `op` is "+" or "-".
std::optional<Result<ResolvedFunction>> resolve_interval_sum(std::string_view op,
                                                             Arguments arguments);
/// An interval and a number; `op` is "*" or "/".
std::optional<Result<ResolvedFunction>> resolve_interval_product(std::string_view op,
                                                                 Arguments arguments,
                                                                 const SqlSettings& settings);
/// `op` is "+", "-" or "abs".
std::optional<Result<ResolvedFunction>> resolve_interval_sign(std::string_view op,
                                                              const Argument& argument);

}  // namespace stream
