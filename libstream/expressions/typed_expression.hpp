// An expression whose names and types are known and which can be evaluated over batches. Made by
// the analyser (plans) from an Expression with the function registry. Immutable, shared.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/value.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace stream {

struct TypedExpression;
using TypedExpr = std::shared_ptr<const TypedExpression>;

struct KernelInput;
/// Computes a function over a batch: one value a row of `input`.
using Kernel = std::function<Result<Column>(const KernelInput& input)>;

/// A column of the input, known by number across the whole query plan; before physical planning.
struct AttributeReference {
  std::uint64_t id = 0;
  std::string name;
};
/// A column of the batch at hand; after physical planning.
struct InputColumn {
  std::size_t index = 0;
};
struct Constant {
  Value value;
};

enum class NullHandling {
  skip,    ///< a row with a null argument gives null; the kernel looks at other rows only
  custom,  ///< the kernel sees every row
};

struct FunctionCall {
  std::string name;  ///< for explain and errors
  std::vector<TypedExpr> arguments;
  Kernel kernel;
  NullHandling nulls = NullHandling::skip;
  bool can_fail = true;  ///< may return an error for some row
  bool is_deterministic = true;
};

/// Evaluates an argument only for the rows that need it, so that errors of others never happen.
struct LazyCall {
  enum class Kind {
    logical_and,
    logical_or,
    case_when,  ///< condition, value, condition, value, …, else (always there)
    coalesce,
    null_on_error,  ///< its one argument, null where it fails
  };
  Kind kind;
  std::vector<TypedExpr> arguments;
};

/// The function argument of transform, filter, …. In `body`, InputColumn 0 … num_parameters − 1 are
/// the parameters and num_parameters + k is captures[k], a value of the enclosing row.
struct LambdaFunction {
  std::size_t num_parameters = 0;
  TypedExpr body;
  std::vector<TypedExpr> captures;
};

struct TypedExpression {
  DataType type;
  bool is_nullable = true;
  std::variant<AttributeReference, InputColumn, Constant, FunctionCall, LazyCall, LambdaFunction>
      kind;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&kind);
  }
};

template <class Kind>
TypedExpr make_typed(DataType type, bool is_nullable, Kind kind) {
  return std::make_shared<const TypedExpression>(
      TypedExpression{std::move(type), is_nullable, std::move(kind)});
}
TypedExpr make_constant(Value value, DataType type);

/// The children of a node, in order (arguments; of lambdas body and captures).
std::vector<TypedExpr> children_of(const TypedExpression& expression);
/// The node with other children, as many as before.
TypedExpr with_children(const TypedExpression& expression, std::vector<TypedExpr> children);
/// Same computation: equal kinds, functions by name and type, equal children. Nondeterministic
/// calls are never the same.
bool is_same_expression(const TypedExpression& a, const TypedExpression& b);
bool is_deterministic(const TypedExpression& expression);
/// No column of the input is read and every call is deterministic.
bool is_foldable(const TypedExpression& expression);

}  // namespace stream
