// The parts of pretty_text: literals, and how Spark spells a function that it shows differently
// from how it was called. Not for other folders.
#pragma once

#include <libstream/expressions/expression.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stream {

/// Spark's text of a literal in a column name: texts without quotes, "DATE '2024-01-01'", "X'FF'".
std::string literal_text(const Literal& literal);

/// How a function call is shown: its name, and texts for arguments that were left out.
struct FunctionText {
  std::string_view name;
  std::span<const std::string_view> defaults;            ///< of the last parameters
  std::size_t num_parameters = 0;                        ///< with the defaults; 0: there are none
  std::size_t num_shown = static_cast<std::size_t>(-1);  ///< later arguments are not shown
};
/// `name` in lower case. nullopt: as it was called.
std::optional<FunctionText> function_text(std::string_view name);

/// The comparison that array_sort uses when it is given none.
extern const std::string_view kDefaultComparatorText;

}  // namespace stream
