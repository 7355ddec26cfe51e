// What the built-in functions are: how a call of one is typed and computed. A family of functions
// is one file that registers its members; the registry is the only list of functions. Built once
// at start, read by any thread.
#pragma once

#include <libstream/expressions/evaluate.hpp>
#include <libstream/expressions/expression.hpp>

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// An argument of a call that is to be typed.
struct Argument {
  DataType type;
  bool is_nullable = true;
  std::optional<Value> constant;  ///< its value, when it is foldable
  bool is_lambda = false;         ///< then `type` is the body's
  std::string text;               ///< Spark's text of it, for error messages
};
using Arguments = std::span<const Argument>;

/// How one call of a scalar function is computed.
struct ResolvedFunction {
  /// What each argument is cast to first (same type: no cast; lambdas: ignored).
  std::vector<DataType> parameter_types;
  DataType type;
  bool is_nullable = true;
  Kernel kernel;
  NullHandling nulls = NullHandling::skip;
  bool can_fail = true;
};

struct LambdaParameter {
  DataType type;
  bool is_nullable = true;
};

/// One table row: name, how many arguments, how a call is typed. Exactly one of resolve and rewrite
/// is set.
struct ScalarFunction {
  std::string name;    ///< lower case
  std::string family;  ///< "string", "datetime", …: Spark's groups
  std::string usage;   ///< "substring(text, position[, length]) - the part of text …", one line
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
  /// Types the call, or says why not ([DATATYPE_MISMATCH.…], class bad_plan).
  std::function<Result<ResolvedFunction>(Arguments, const SqlSettings&)> resolve;
  /// Or: written with other functions, for example ifnull(a, b) as coalesce(a, b).
  std::function<Result<Expr>(const Call&)> rewrite;
  /// Higher-order functions: the parameters of the lambda that is argument `index` and was written
  /// with `num_parameters`; `known` are the arguments before it.
  std::function<Result<std::vector<LambdaParameter>>(Arguments known, std::size_t index,
                                                     std::size_t num_parameters)>
      lambda_parameters;
  bool is_deterministic = true;
  std::vector<std::string> parameter_names;  ///< for calls by name, where Spark allows them
};

/// Rows that a generator makes of a batch: row i comes from input row from[i].
struct GeneratedRows {
  std::vector<std::uint32_t> from;
  std::vector<Column> columns;
};
struct ResolvedGenerator {
  std::vector<DataType> parameter_types;
  std::vector<Field> columns;  ///< default names: col; pos, col; key, value; …
  std::function<Result<GeneratedRows>(const KernelInput&)> generate;  ///< nulls: custom
};
/// explode and its like: many rows from one. `outer` forms keep a row of nulls for an empty input.
struct GeneratorFunction {
  std::string name;
  std::string usage;
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
  std::function<Result<ResolvedGenerator>(Arguments, const SqlSettings&)> resolve;
};

struct AggregateFunction;  // aggregate_function.hpp
struct WindowFunction;     // window_function.hpp

constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

class FunctionRegistry {
 public:
  void add(ScalarFunction function);
  void add(GeneratorFunction function);
  void add(AggregateFunction function);
  void add(WindowFunction function);
  /// Adds, or takes the place of the function with that name.
  void replace(ScalarFunction function);
  /// `alias` means the same function as `name`, in every kind.
  void add_alias(std::string alias, std::string_view name);

  /// nullptr: no such function of that kind. Names without regard to case.
  const ScalarFunction* scalar(std::string_view name) const;
  const GeneratorFunction* generator(std::string_view name) const;
  const AggregateFunction* aggregate(std::string_view name) const;
  const WindowFunction* window(std::string_view name) const;
  /// All names, sorted; for SHOW FUNCTIONS and suggestions.
  std::vector<std::string> names() const;

  /// With a parent: what is not found here is looked for there. It must outlive the registry.
  explicit FunctionRegistry(const FunctionRegistry* parent = nullptr);
  FunctionRegistry(FunctionRegistry&&) noexcept;
  ~FunctionRegistry();

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
  const FunctionRegistry* parent_ = nullptr;
};

/// The built-in functions.
const FunctionRegistry& builtin_functions();

/// An error with Spark's condition: "[CONDITION] message". Found at analysis: class bad_plan; while
/// rows are computed: bad_data.
Error analysis_error(std::string_view condition, std::string_view message);
Error runtime_error(std::string_view condition, std::string_view message);

/// [DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] for argument `index` (from 0) of `function`.
Error wrong_argument(std::string_view function, Arguments arguments, std::size_t index,
                     std::string_view required);

}  // namespace stream
