// Typing of functions whose parameters and result have the same types in every call: one table row
// a function. Used by the families in this folder, at start and at analysis.
#pragma once

#include <libstream/expressions/function.hpp>
#include <libstream/expressions/row_kernel.hpp>

#include <string>
#include <vector>

namespace stream {

/// A function of fixed types. Calls may leave out the last `defaults.size()` arguments, which then
/// have these values.
struct FixedFunction {
  std::string name;
  std::string family;
  std::string usage;
  std::vector<TypeKind> parameters;  ///< not decimal or nested
  TypeKind result = TypeKind::null;
  Kernel kernel;
  std::vector<Value> defaults = {};
  bool can_fail = false;
  bool makes_nulls = false;  ///< gives nulls for arguments that are not null
  NullHandling nulls = NullHandling::skip;
  bool casts_arguments = true;  ///< else only values of the very type are taken
};
ScalarFunction make_fixed(FixedFunction function);
void add_fixed(FunctionRegistry& registry, std::vector<FixedFunction> functions);

/// What argument `index` is cast to when the function wants `to`: for texts its own type when of
/// that kind. Error: no implicit cast.
Result<DataType> implicit_type(std::string_view function, Arguments arguments, std::size_t index,
                               const DataType& to, const SqlSettings& settings);
/// For functions that cast nothing: `to` when argument `index` has that type, or is NULL.
Result<DataType> exact_type(std::string_view function, Arguments arguments, std::size_t index,
                            const DataType& to);
/// The same as implicit_type where several kinds will do: the first of `kinds` it has, or else can
/// be cast to.
Result<DataType> implicit_type_of(std::string_view function, Arguments arguments, std::size_t index,
                                  std::vector<TypeKind> kinds, const SqlSettings& settings);

/// No function makes a longer text.
inline constexpr std::size_t kMaxTextBytes = 2147483632;

/// The constant value of argument `index`. Error [DATATYPE_MISMATCH.NON_FOLDABLE_INPUT].
Result<Value> constant_argument(std::string_view function, Arguments arguments, std::size_t index);

bool is_any_nullable(Arguments arguments);

/// `kernel` for calls that left out arguments: it gets `defaults` for the missing ones.
Kernel with_defaults(Kernel kernel, std::vector<Value> defaults, std::vector<DataType> types);

}  // namespace stream
