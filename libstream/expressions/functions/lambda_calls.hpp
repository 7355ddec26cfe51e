// Lists laid out flat, so that a lambda is called once for all their entries. Included by the
// families of higher-order functions only.
#pragma once

#include <libstream/expressions/functions/collections.hpp>

#include <vector>

namespace stream {

/// The entries of a list argument in the rows that count, one behind the other.
struct FlatLists {
  std::vector<std::uint32_t> entries;  ///< places in the list's children
  std::vector<std::uint32_t> outer;    ///< the input row of each entry
  std::vector<std::int64_t> offsets;  ///< where each input row's entries begin; one more at the end
};
FlatLists flatten_lists(const KernelInput& input, std::size_t argument);

/// The entries of one child (0: elements or keys, 1: values).
Column entries_of(const KernelInput& input, std::size_t argument, std::size_t child,
                  const FlatLists& flat);
/// The place of each entry in its list, from 0, INT.
Column positions_of(const FlatLists& flat, BlockPool& pool);

/// A column of lists over these children, with the lists' borders; rows that do not count are
/// empty.
Column lists_of(const DataType& type, const std::vector<std::int64_t>& offsets,
                std::vector<Column> children, BlockPool& pool);

/// Calls the lambda, not at all for no entries; `type` is what it gives.
Result<Column> call_lambda(const LambdaCall& lambda, std::vector<Column> parameters,
                           const std::vector<std::uint32_t>& outer, const DataType& type,
                           BlockPool& pool);

/// Error: argument `index` is not a lambda.
Result<void> check_lambda(std::string_view function, Arguments arguments, std::size_t index);
/// Error: the lambda that is argument `index` does not give BOOLEAN.
Result<void> check_predicate(std::string_view function, Arguments arguments, std::size_t index);
/// Error: written with another number of parameters than the function passes.
Error wrong_parameter_count(std::string_view function, std::size_t expected, std::size_t given);

inline bool is_true(const Column& condition, std::size_t row) {
  return !condition.is_null(row) && condition.data<std::uint8_t>()[row] != 0;
}

using LambdaParameters = std::vector<LambdaParameter>;
/// One element, or with two parameters the element and its place.
Result<LambdaParameters> element_parameters(std::string_view function, Arguments known,
                                            std::size_t num_parameters, bool may_have_position);
/// A map's key and value.
Result<LambdaParameters> entry_parameters(std::string_view function, Arguments known,
                                          std::size_t num_parameters);

}  // namespace stream
