// From an expression as written to a typed one: names, implicit casts, lambdas, functions. The
// select analysis derives from it to say what aggregates, windows and subqueries mean. One use a
// query clause; one thread.
#pragma once

#include <libstream/plans/catalog.hpp>
#include <libstream/plans/resolved_plan.hpp>

namespace stream {

class ExpressionResolver {
 public:
  ExpressionResolver(const Catalog& catalog, Attributes input);
  virtual ~ExpressionResolver() = default;

  Result<TypedExpr> resolve(const Expr& expression);
  /// As a condition: BOOLEAN.
  Result<TypedExpr> resolve_condition(const Expr& expression, std::string_view clause);
  /// The value of a foldable expression; `what` names it in the error.
  Result<Value> resolve_constant(const Expr& expression, const DataType& type,
                                 std::string_view what);

  const Attributes& input() const { return input_; }
  const Catalog& catalog() const { return catalog_; }

  /// The argument of a call, as functions see it.
  Argument describe(const TypedExpr& expression, std::string text) const;
  /// Casts the arguments to what the function wants.
  Result<std::vector<TypedExpr>> cast_arguments(std::vector<TypedExpr> arguments,
                                                const std::vector<DataType>& types) const;
  /// Arguments with stars written out; of count(*) a constant.
  Result<Exprs> expand_arguments(const Call& call) const;
  /// Star as the columns it stands for.
  Result<std::vector<const Attribute*>> expand_star(const Star& star) const;

 protected:
  /// A chance to give a node another meaning; nullopt: none.
  virtual Result<std::optional<TypedExpr>> special(const Expr& /*expression*/) {
    return std::optional<TypedExpr>{};
  }
  /// A name that is no column of the input.
  virtual Result<TypedExpr> unknown_column(const std::vector<std::string>& parts);

  Attributes input_;

 private:
  struct LambdaFrame {
    std::vector<std::string> names;
    std::vector<LambdaParameter> parameters;
    std::vector<TypedExpr> captures;
  };

  Result<TypedExpr> resolve_node(const Expr& expression);
  Result<TypedExpr> resolve_name(const std::vector<std::string>& parts, std::size_t depth);
  Result<TypedExpr> resolve_input_column(const std::vector<std::string>& parts);
  Result<TypedExpr> access_fields(TypedExpr value, const std::vector<std::string>& parts,
                                  std::size_t first);
  Result<TypedExpr> resolve_call(const Call& call);
  Result<TypedExpr> resolve_scalar(const ScalarFunction& function, const Call& call);
  Result<TypedExpr> finish_scalar(const ScalarFunction& function, std::vector<TypedExpr> arguments,
                                  const std::vector<Argument>& described);
  Result<TypedExpr> resolve_lambda(const Lambda& lambda, std::vector<LambdaParameter> parameters);
  Result<TypedExpr> resolve_logical(const Call& call, bool is_and);
  Result<TypedExpr> resolve_case(const Exprs& arguments);
  Result<TypedExpr> resolve_coalesce(const Exprs& arguments);
  Error unknown_function(const Call& call) const;

  const Catalog& catalog_;
  std::vector<LambdaFrame> lambdas_;
  std::size_t depth_ = 0;
  mutable BlockPool pool_;
};

/// Checks the number of arguments. Error [WRONG_NUM_ARGS.WITHOUT_SUGGESTION].
Result<void> check_argument_count(std::string_view name, std::size_t given, std::size_t min,
                                  std::size_t max);

/// The name that a select item gets: its alias, column or field, else Spark's text of it.
std::string output_name(const Expr& expression);

}  // namespace stream
