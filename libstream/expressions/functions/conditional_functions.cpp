#include <libstream/data/compare.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/operands.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

/// greatest and least: nulls are passed over.
Kernel extreme_kernel(bool is_greatest) {
  return [is_greatest](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    for (const Operand& argument : input.arguments) builder.adopt(argument.column.blocks);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      const Operand* best = nullptr;
      for (const Operand& argument : input.arguments) {
        if (argument.type().kind == TypeKind::null || argument.is_null(row)) continue;
        if (best != nullptr) {
          const int order =
              compare_rows(argument.column, argument.index(row), best->column, best->index(row));
          if (is_greatest ? order <= 0 : order >= 0) continue;
        }
        best = &argument;
      }
      if (best == nullptr) {
        builder.append_null();
      } else {
        append_from(builder, best->column, best->index(row));
      }
    }
    return builder.finish();
  };
}

ScalarFunction extreme_function(std::string name, std::string usage, bool is_greatest) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "math";
  function.usage = std::move(usage);
  function.min_arguments = 2;
  function.max_arguments = kAnyNumber;
  function.resolve = [name = function.name, is_greatest](
                         Arguments arguments,
                         const SqlSettings& settings) -> Result<ResolvedFunction> {
    std::optional<DataType> type = arguments[0].type;
    for (std::size_t i = 1; i < arguments.size() && type; ++i)
      type = common_type_but_texts(*type, arguments[i].type, settings.is_ansi);
    if (!type)
      return analysis_error("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                            fmt::format("The arguments of `{}` should all be of one type.", name));
    if (!is_orderable(*type))
      return analysis_error(
          "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
          fmt::format("`{}` does not support ordering on type \"{}\".", name, type->to_string()));
    ResolvedFunction resolved;
    resolved.parameter_types.assign(arguments.size(), *type);
    resolved.type = *type;
    resolved.is_nullable = std::all_of(arguments.begin(), arguments.end(),
                                       [](const Argument& a) { return a.is_nullable; });
    resolved.kernel = extreme_kernel(is_greatest);
    resolved.nulls = NullHandling::custom;
    resolved.can_fail = false;
    return resolved;
  };
  return function;
}

using Rewrite = Expr (*)(const Exprs&);

ScalarFunction rewritten(std::string name, std::string usage, std::size_t min, std::size_t max,
                         Rewrite rewrite) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = "conditional";
  function.usage = std::move(usage);
  function.min_arguments = min;
  function.max_arguments = max;
  function.rewrite = [rewrite](const Call& call) -> Result<Expr> {
    return rewrite(call.arguments);
  };
  return function;
}

Expr null_literal() { return make_literal(Value{}, primitive(TypeKind::null)); }

Expr coalesce_of(const Exprs& arguments) { return make_call("coalesce", arguments); }
Expr nvl2_of(const Exprs& arguments) {
  return make_call("case", {make_call("isnotnull", {arguments[0]}), arguments[1], arguments[2]});
}
Expr null_if_equal(const Expr& value, const Expr& other) {
  return make_call("case", {make_call("=", {value, other}), null_literal(), value});
}
Expr nullif_of(const Exprs& arguments) { return null_if_equal(arguments[0], arguments[1]); }
Expr nullifzero_of(const Exprs& arguments) {
  return null_if_equal(arguments[0], make_literal(std::int32_t{0}));
}
Expr zeroifnull_of(const Exprs& arguments) {
  return make_call("coalesce", {arguments[0], make_literal(std::int32_t{0})});
}
Expr between_of(const Exprs& arguments) {
  return make_call("and", {make_call(">=", {arguments[0], arguments[1]}),
                           make_call("<=", {arguments[0], arguments[2]})});
}
Expr case_of(const Exprs& arguments) { return make_call("case", arguments); }
Expr concat_of(const Exprs& arguments) { return make_call("concat", arguments); }

}  // namespace

void add_conditional_functions(FunctionRegistry& registry) {
  registry.add(
      extreme_function("greatest", "greatest(a, b, …) - the greatest that is not null", true));
  registry.add(extreme_function("least", "least(a, b, …) - the least that is not null", false));
  registry.add(rewritten("nvl", "nvl(a, b) - b where a is null", 2, 2, coalesce_of));
  registry.add(rewritten("ifnull", "ifnull(a, b) - b where a is null", 2, 2, coalesce_of));
  registry.add(rewritten("nvl2", "nvl2(a, b, c) - c where a is null, else b", 3, 3, nvl2_of));
  registry.add(rewritten("nullif", "nullif(a, b) - null where a equals b", 2, 2, nullif_of));
  registry.add(rewritten("nullifzero", "nullifzero(a) - null where a is 0", 1, 1, nullifzero_of));
  registry.add(rewritten("zeroifnull", "zeroifnull(a) - 0 where a is null", 1, 1, zeroifnull_of));
  registry.add(rewritten("between", "between(a, b, c) - whether b <= a <= c", 3, 3, between_of));
  registry.add(rewritten("when",
                         "when(condition, value, …) - the value of the first true condition", 2,
                         kAnyNumber, case_of));
  registry.add(
      rewritten("||", "a || b - texts, binaries or arrays one after the other", 2, 2, concat_of));
}

}  // namespace stream
