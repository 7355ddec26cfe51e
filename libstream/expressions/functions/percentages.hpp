// The percentage argument of the percentile functions: one constant number or an array of them.
#pragma once

#include <libstream/expressions/function.hpp>

#include <optional>
#include <vector>

namespace stream {

struct Percentages {
  std::vector<double> values;
  bool is_array = false;  ///< then the result is an array too
};

/// Argument `index`. Error: not constant, NULL, not between 0 and 1.
Result<Percentages> percentages_of(std::string_view function, Arguments arguments,
                                   std::size_t index);

/// A constant number of any numeric type; nullopt: NULL or not a number.
std::optional<double> constant_number(const Value& value, const DataType& type);

}  // namespace stream
