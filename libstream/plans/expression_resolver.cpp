#include <libstream/base/check.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/functions/operands.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/plans/expression_resolver.hpp>
#include <libstream/plans/scope.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>

namespace stream {
namespace {

constexpr std::size_t kMaxDepth = 2000;

bool is_named(const Call& call, const char* name) {
  return strcasecmp(call.name.c_str(), name) == 0;
}

CastMode cast_mode(const Catalog& catalog) {
  return catalog.settings().is_ansi ? CastMode::ansi : CastMode::legacy;
}

/// Arguments given by name, in the order of the function's parameters.
Result<Exprs> positional(const ScalarFunction& function, const Call& call, const Exprs& arguments) {
  if (call.argument_names.empty() || arguments.size() != call.argument_names.size())
    return arguments;
  Exprs ordered;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = call.argument_names[i];
    std::size_t place = i;
    if (!name.empty()) {
      const auto& names = function.parameter_names;
      if (names.empty())
        return analysis_error("NAMED_PARAMETERS_NOT_SUPPORTED",
                              fmt::format("Named parameters are not supported for function `{}`; "
                                          "please retry the query with positional arguments.",
                                          call.name));
      const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& known) {
        return strcasecmp(known.c_str(), name.c_str()) == 0;
      });
      if (found == names.end())
        return analysis_error("UNRECOGNIZED_PARAMETER_NAME",
                              fmt::format("`{}` has no parameter named `{}`.", call.name, name));
      place = static_cast<std::size_t>(found - names.begin());
    }
    if (ordered.size() <= place) ordered.resize(place + 1);
    ordered[place] = arguments[i];
  }
  // Parameters between given ones that were left out. Only mask has several with defaults.
  static constexpr const char* kMaskDefaults[] = {nullptr, "X", "x", "n"};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    if (ordered[i]) continue;
    const bool has_default = function.name == "mask" && i > 0 && i < std::size(kMaskDefaults);
    ordered[i] = has_default ? make_literal(Value{std::string(kMaskDefaults[i])},
                                            primitive(TypeKind::string))
                             : make_literal(Value{}, primitive(TypeKind::null));
  }
  return ordered;
}

}  // namespace

Result<void> check_argument_count(std::string_view name, std::size_t given, std::size_t min,
                                  std::size_t max) {
  if (given >= min && given <= max) return {};
  const std::string wanted = max == kAnyNumber ? fmt::format("> {}", min == 0 ? 0 : min - 1)
                             : min == max      ? fmt::format("{}", min)
                                               : fmt::format("[{}, {}]", min, max);
  return analysis_error("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                        fmt::format("The `{}` requires {} parameters but the actual number is {}.",
                                    name, wanted, given));
}

std::string output_name(const Expr& expression) {
  if (const auto* alias = expression->as<Alias>()) return alias->names[0];
  if (const auto* column = expression->as<ColumnName>()) return column->parts.back();
  // The cast of a column keeps its name.
  if (const auto* cast = expression->as<Cast>(); cast != nullptr && cast->child->as<ColumnName>())
    return output_name(cast->child);
  if (const auto* call = expression->as<Call>();
      call && call->name == "." && call->arguments[0]->as<ColumnName>()) {
    if (const auto* field = call->arguments[1]->as<Literal>())
      return field->value.as<std::string>();
  }
  return pretty_text(*expression);
}

ExpressionResolver::ExpressionResolver(const Catalog& catalog, Attributes input)
    : input_(std::move(input)), catalog_(catalog) {}

Result<TypedExpr> ExpressionResolver::unknown_column(const std::vector<std::string>& parts) {
  return unresolved_column(parts, input_);
}

Result<TypedExpr> ExpressionResolver::resolve(const Expr& expression) {
  if (++depth_ > kMaxDepth)
    return analysis_error("EXPRESSION_TOO_DEEP",
                          fmt::format("An expression nests more than {} levels.", kMaxDepth));
  Result<TypedExpr> resolved = resolve_node(expression);
  --depth_;
  return resolved;
}

Result<TypedExpr> ExpressionResolver::resolve_node(const Expr& expression) {
  STREAM_TRY(std::optional<TypedExpr> meant, special(expression));
  if (meant) return std::move(*meant);
  if (const auto* literal = expression->as<Literal>())
    return make_constant(literal->value, literal->type);
  if (const auto* column = expression->as<ColumnName>())
    return resolve_name(column->parts, lambdas_.size());
  if (const auto* call = expression->as<Call>()) return resolve_call(*call);
  if (const auto* cast = expression->as<Cast>()) {
    STREAM_TRY(TypedExpr child, resolve(cast->child));
    return cast_expression(std::move(child), cast->type,
                           cast->is_try ? CastMode::attempt : cast_mode(catalog_));
  }
  if (const auto* alias = expression->as<Alias>()) return resolve(alias->child);
  if (expression->as<Star>())
    return analysis_error("INVALID_USAGE_OF_STAR_OR_REGEX",
                          "Invalid usage of '*' in an expression.");
  if (expression->as<Lambda>())
    return analysis_error("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                          "A lambda function should only be used in a higher order function.");
  return analysis_error("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY",
                        "A subquery is not allowed in this place.");
}

Result<TypedExpr> ExpressionResolver::resolve_name(const std::vector<std::string>& parts,
                                                   std::size_t depth) {
  if (depth == 0) return resolve_input_column(parts);
  {
    const LambdaFrame& frame = lambdas_[depth - 1];
    for (std::size_t i = 0; i < frame.names.size(); ++i) {
      if (!is_same_name(frame.names[i], parts[0], catalog_.settings().is_case_sensitive)) continue;
      TypedExpr parameter =
          make_typed(frame.parameters[i].type, frame.parameters[i].is_nullable, InputColumn{i});
      return access_fields(std::move(parameter), parts, 1);
    }
  }
  // A value of the enclosing row.
  STREAM_TRY(TypedExpr outer, resolve_name(parts, depth - 1));
  LambdaFrame& frame = lambdas_[depth - 1];
  std::size_t index = 0;
  while (index < frame.captures.size() && !is_same_expression(*frame.captures[index], *outer))
    ++index;
  if (index == frame.captures.size()) frame.captures.push_back(outer);
  return make_typed(outer->type, outer->is_nullable, InputColumn{frame.names.size() + index});
}

Result<TypedExpr> ExpressionResolver::resolve_input_column(const std::vector<std::string>& parts) {
  STREAM_TRY(const ColumnMatch match,
             find_column(input_, parts, catalog_.settings().is_case_sensitive));
  if (!match.attribute) {
    // Functions that may be written without parentheses.
    if (parts.size() == 1) {
      for (const char* name :
           {"current_date", "current_timestamp", "current_time", "current_user", "localtimestamp",
            "user", "session_user", "current_catalog", "current_database", "current_timezone"}) {
        if (strcasecmp(parts[0].c_str(), name) == 0 && catalog_.functions().scalar(name))
          return resolve_call(Call{name, {}, {}, false, {}, nullptr, {}, nullptr});
      }
    }
    return unknown_column(parts);
  }
  return access_fields(reference_to(*match.attribute), parts, match.num_parts);
}

Result<TypedExpr> ExpressionResolver::access_fields(TypedExpr value,
                                                    const std::vector<std::string>& parts,
                                                    std::size_t first) {
  const ScalarFunction* access = catalog_.functions().scalar(".");
  for (std::size_t i = first; i < parts.size(); ++i) {
    STREAM_CHECK(access, "the operator '.' is not registered");
    std::vector<TypedExpr> arguments{std::move(value),
                                     make_constant({parts[i]}, primitive(TypeKind::string))};
    std::vector<Argument> described{describe(arguments[0], parts[i - 1]),
                                    describe(arguments[1], parts[i])};
    STREAM_TRY(value, finish_scalar(*access, std::move(arguments), described));
  }
  return value;
}

Argument ExpressionResolver::describe(const TypedExpr& expression, std::string text) const {
  Argument argument{expression->type, expression->is_nullable, {}, false, std::move(text)};
  if (expression->as<LambdaFunction>()) {
    argument.is_lambda = true;
    return argument;
  }
  if (!is_foldable(*expression)) return argument;
  EvaluationContext context{pool_, catalog_.settings()};
  Result<Value> value = fold(*expression, context);
  if (value) argument.constant = std::move(*value);
  return argument;
}

Result<std::vector<TypedExpr>> ExpressionResolver::cast_arguments(
    std::vector<TypedExpr> arguments, const std::vector<DataType>& types) const {
  for (std::size_t i = 0; i < std::min(arguments.size(), types.size()); ++i) {
    if (arguments[i]->as<LambdaFunction>() || arguments[i]->type == types[i]) continue;
    STREAM_TRY(arguments[i],
               cast_expression(std::move(arguments[i]), types[i], cast_mode(catalog_)));
  }
  return arguments;
}

Result<std::vector<const Attribute*>> ExpressionResolver::expand_star(const Star& star) const {
  std::vector<const Attribute*> columns;
  const bool is_case_sensitive = catalog_.settings().is_case_sensitive;
  for (const Attribute& attribute : input_) {
    const bool is_meant = star.qualifier.empty()
                              ? !attribute.is_hidden
                              : has_qualifier(attribute, star.qualifier, is_case_sensitive);
    if (!is_meant) continue;
    const bool is_left_out =
        std::any_of(star.except.begin(), star.except.end(), [&](const std::string& name) {
          return is_same_name(name, attribute.name, is_case_sensitive);
        });
    if (!is_left_out) columns.push_back(&attribute);
  }
  for (const std::string& name : star.except) {
    STREAM_TRY(const ColumnMatch match, find_column(input_, {name}, is_case_sensitive));
    if (!match.attribute) return unresolved_column({name}, input_);
  }
  return columns;
}

Result<Exprs> ExpressionResolver::expand_arguments(const Call& call) const {
  Exprs arguments;
  for (const Expr& argument : call.arguments) {
    const auto* star = argument->as<Star>();
    if (!star) {
      arguments.push_back(argument);
    } else if (is_named(call, "count") && star->qualifier.empty() && star->except.empty() &&
               !call.is_distinct) {
      arguments.push_back(make_literal(std::int32_t{1}));
    } else {
      STREAM_TRY(const std::vector<const Attribute*> columns, expand_star(*star));
      for (const Attribute* column : columns) {
        std::vector<std::string> parts = column->qualifier;
        parts.push_back(column->name);
        arguments.push_back(make_expr(ColumnName{std::move(parts)}));
      }
    }
  }
  return arguments;
}

Result<TypedExpr> ExpressionResolver::resolve_condition(const Expr& expression,
                                                        std::string_view clause) {
  STREAM_TRY(TypedExpr condition, resolve(expression));
  if (condition->type.kind == TypeKind::boolean) return condition;
  if (condition->type.kind == TypeKind::null)
    return cast_expression(std::move(condition), primitive(TypeKind::boolean), CastMode::ansi);
  return analysis_error(
      "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
      fmt::format("Cannot resolve \"{}\" due to data type mismatch: {} must be \"BOOLEAN\", not "
                  "\"{}\".",
                  pretty_text(*expression), clause, condition->type.to_string()));
}

Result<Value> ExpressionResolver::resolve_constant(const Expr& expression, const DataType& type,
                                                   std::string_view what) {
  STREAM_TRY(TypedExpr resolved, resolve(expression));
  STREAM_TRY(resolved, cast_expression(std::move(resolved), type, CastMode::ansi));
  if (!is_foldable(*resolved))
    return analysis_error("NON_FOLDABLE_ARGUMENT", fmt::format("{} must be a constant, but is {}.",
                                                               what, pretty_text(*expression)));
  EvaluationContext context{pool_, catalog_.settings()};
  return fold(*resolved, context);
}

Error ExpressionResolver::unknown_function(const Call& call) const {
  constexpr std::size_t kSuggestions = 3;
  std::string suggestions;
  for (const std::string& name :
       nearest_names(call.name, catalog_.functions().names(), kSuggestions))
    suggestions += (suggestions.empty() ? "" : ", ") + name;
  return analysis_error("UNRESOLVED_ROUTINE",
                        fmt::format("Cannot resolve routine `{}`: there is no such function. Did "
                                    "you mean one of: {}?",
                                    call.name, suggestions));
}

Result<TypedExpr> ExpressionResolver::resolve_call(const Call& call) {
  if (is_named(call, "and") || is_named(call, "or"))
    return resolve_logical(call, is_named(call, "and"));
  if (is_named(call, "case")) return resolve_case(call.arguments);
  if (is_named(call, "if")) {
    STREAM_TRY(check_argument_count("if", call.arguments.size(), 3, 3));
    return resolve_case(call.arguments);
  }
  if (is_named(call, "coalesce")) {
    STREAM_TRY(const Exprs arguments, expand_arguments(call));
    return resolve_coalesce(arguments);
  }
  const FunctionRegistry& functions = catalog_.functions();
  if (const ScalarFunction* function = functions.scalar(call.name))
    return resolve_scalar(*function, call);
  const AggregateFunction* const aggregate = functions.aggregate(call.name);
  if (aggregate && !aggregate->needs_over)
    return analysis_error("INVALID_WHERE_CONDITION",
                          fmt::format("The aggregate function {} is not allowed here.",
                                      pretty_text(*make_expr(call))));
  if (aggregate || functions.window(call.name))
    return analysis_error("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE",
                          fmt::format("Window function \"{}\" requires an OVER clause.",
                                      pretty_text(*make_expr(call))));
  if (functions.generator(call.name))
    return analysis_error("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                          fmt::format("The generator {} is only allowed alone in the SELECT list "
                                      "or in LATERAL VIEW.",
                                      call.name));
  return unknown_function(call);
}

Result<TypedExpr> ExpressionResolver::resolve_scalar(const ScalarFunction& function,
                                                     const Call& call) {
  if (call.filter)
    return analysis_error("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                          fmt::format("The function {} does not support FILTER: only aggregate "
                                      "functions do.",
                                      function.name));
  if (function.rewrite) {
    STREAM_TRY(check_argument_count(function.name, call.arguments.size(), function.min_arguments,
                                    function.max_arguments));
    Call expanded = call;
    STREAM_TRY(expanded.arguments, expand_arguments(call));
    STREAM_TRY(const Expr rewritten, function.rewrite(expanded));
    return resolve(rewritten);
  }
  STREAM_TRY(Exprs written, expand_arguments(call));
  STREAM_TRY(written, positional(function, call, written));
  STREAM_TRY(check_argument_count(function.name, written.size(), function.min_arguments,
                                  function.max_arguments));
  std::vector<TypedExpr> arguments;
  std::vector<Argument> described;
  for (std::size_t i = 0; i < written.size(); ++i) {
    TypedExpr argument;
    if (const auto* lambda = written[i]->as<Lambda>()) {
      if (!function.lambda_parameters)
        return analysis_error("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                              fmt::format("A lambda function should only be used in a higher order "
                                          "function; {} is none.",
                                          function.name));
      STREAM_TRY(std::vector<LambdaParameter> parameters,
                 function.lambda_parameters(described, i, lambda->parameters.size()));
      STREAM_TRY(argument, resolve_lambda(*lambda, std::move(parameters)));
    } else {
      STREAM_TRY(argument, resolve(written[i]));
    }
    described.push_back(describe(argument, pretty_text(*written[i])));
    arguments.push_back(std::move(argument));
  }
  return finish_scalar(function, std::move(arguments), described);
}

Result<TypedExpr> ExpressionResolver::finish_scalar(const ScalarFunction& function,
                                                    std::vector<TypedExpr> arguments,
                                                    const std::vector<Argument>& described) {
  STREAM_TRY(ResolvedFunction resolved, function.resolve(described, catalog_.settings()));
  STREAM_TRY(arguments, cast_arguments(std::move(arguments), resolved.parameter_types));
  FunctionCall call;
  call.name = function.name;
  call.arguments = std::move(arguments);
  call.kernel = std::move(resolved.kernel);
  call.nulls = resolved.nulls;
  call.can_fail = resolved.can_fail;
  call.is_deterministic = function.is_deterministic;
  return make_typed(std::move(resolved.type), resolved.is_nullable, std::move(call));
}

Result<TypedExpr> ExpressionResolver::resolve_lambda(const Lambda& lambda,
                                                     std::vector<LambdaParameter> parameters) {
  if (parameters.size() != lambda.parameters.size())
    return analysis_error("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                          fmt::format("A higher order function expects {} arguments, but got {}.",
                                      lambda.parameters.size(), parameters.size()));
  lambdas_.push_back({lambda.parameters, std::move(parameters), {}});
  Result<TypedExpr> body = resolve(lambda.body);
  LambdaFrame frame = std::move(lambdas_.back());
  lambdas_.pop_back();
  if (!body) return body;
  const DataType type = (*body)->type;
  const bool is_nullable = (*body)->is_nullable;
  return make_typed(
      type, is_nullable,
      LambdaFunction{frame.names.size(), std::move(*body), std::move(frame.captures)});
}

Result<TypedExpr> ExpressionResolver::resolve_logical(const Call& call, bool is_and) {
  LazyCall lazy;
  lazy.kind = is_and ? LazyCall::Kind::logical_and : LazyCall::Kind::logical_or;
  for (const Expr& argument : call.arguments) {
    STREAM_TRY(TypedExpr resolved, resolve(argument));
    lazy.arguments.push_back(std::move(resolved));
  }
  const auto is_kind = [](TypeKind kind) {
    return [kind](const TypedExpr& argument) { return argument->type.kind == kind; };
  };
  const auto& all = lazy.arguments;
  const bool has_boolean = std::any_of(all.begin(), all.end(), is_kind(TypeKind::boolean));
  bool is_nullable = false;
  for (TypedExpr& argument : lazy.arguments) {
    const TypeKind kind = argument->type.kind;
    // A text that meets a boolean becomes one.
    const bool is_promoted = kind == TypeKind::string && has_boolean && catalog_.settings().is_ansi;
    if (kind != TypeKind::boolean && kind != TypeKind::null && !is_promoted) {
      const std::array<Argument, 2> operands{describe(all[0], pretty_text(*call.arguments[0])),
                                             describe(all[1], pretty_text(*call.arguments[1]))};
      return operand_mismatch(is_and ? "AND" : "OR", operands, "BOOLEAN");
    }
    STREAM_TRY(argument, cast_expression(std::move(argument), primitive(TypeKind::boolean),
                                         cast_mode(catalog_)));
    is_nullable = is_nullable || argument->is_nullable;
  }
  return make_typed(primitive(TypeKind::boolean), is_nullable, std::move(lazy));
}

Result<TypedExpr> ExpressionResolver::resolve_case(const Exprs& arguments) {
  LazyCall lazy;
  lazy.kind = LazyCall::Kind::case_when;
  std::vector<Argument> values;
  std::vector<std::size_t> value_places;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_condition = i % 2 == 0 && i + 1 < arguments.size();
    if (is_condition) {
      STREAM_TRY(TypedExpr condition, resolve(arguments[i]));
      if (condition->type.kind == TypeKind::null) {
        STREAM_TRY(condition, cast_expression(std::move(condition), primitive(TypeKind::boolean),
                                              CastMode::ansi));
      }
      if (condition->type.kind != TypeKind::boolean)
        return analysis_error(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            fmt::format("CASE: a condition requires the \"BOOLEAN\" type, but {} has the type "
                        "\"{}\".",
                        pretty_text(*arguments[i]), condition->type.to_string()));
      lazy.arguments.push_back(std::move(condition));
    } else {
      STREAM_TRY(TypedExpr value, resolve(arguments[i]));
      values.push_back(describe(value, pretty_text(*arguments[i])));
      value_places.push_back(lazy.arguments.size());
      lazy.arguments.push_back(std::move(value));
    }
  }
  const bool has_else = arguments.size() % 2 == 1;
  const std::optional<DataType> type = common_type(values, 0, catalog_.settings().is_ansi);
  if (!type)
    return analysis_error("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                          "The values of CASE must all be of one type.");
  bool is_nullable = !has_else;
  for (const std::size_t place : value_places) {
    TypedExpr& value = lazy.arguments[place];
    is_nullable = is_nullable || value->is_nullable;
    STREAM_TRY(value, cast_expression(std::move(value), *type, cast_mode(catalog_)));
  }
  if (!has_else) lazy.arguments.push_back(make_constant({}, *type));
  return make_typed(*type, is_nullable, std::move(lazy));
}

Result<TypedExpr> ExpressionResolver::resolve_coalesce(const Exprs& arguments) {
  STREAM_TRY(check_argument_count("coalesce", arguments.size(), 1, kAnyNumber));
  LazyCall lazy;
  lazy.kind = LazyCall::Kind::coalesce;
  std::vector<Argument> values;
  bool is_nullable = true;
  for (const Expr& argument : arguments) {
    STREAM_TRY(TypedExpr value, resolve(argument));
    values.push_back(describe(value, pretty_text(*argument)));
    is_nullable = is_nullable && value->is_nullable;
    lazy.arguments.push_back(std::move(value));
  }
  const std::optional<DataType> type = common_type(values, 0, catalog_.settings().is_ansi);
  if (!type)
    return analysis_error("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                          "The arguments of coalesce must all be of one type.");
  STREAM_TRY(lazy.arguments, cast_arguments(std::move(lazy.arguments),
                                            std::vector<DataType>(arguments.size(), *type)));
  return make_typed(*type, is_nullable, std::move(lazy));
}

}  // namespace stream
