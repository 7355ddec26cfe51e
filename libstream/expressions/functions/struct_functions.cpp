// named_struct and struct.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/evaluate.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

/// name, x, … into one struct: the columns become its children.
Result<Column> make_struct(const KernelInput& input) {
  Column column;
  column.type = input.type;
  column.num_rows = input.num_rows;
  for (std::size_t i = 1; i < input.arguments.size(); i += 2)
    column.children.push_back(expand(input.arguments[i], input.num_rows, input.context.pool));
  return column;
}

Result<ResolvedFunction> resolve_named(Arguments arguments, const SqlSettings&) {
  if (arguments.empty() || arguments.size() % 2 != 0)
    return analysis_error("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                          fmt::format("The `named_struct` requires 2n (n > 0) parameters but the "
                                      "actual number is {}.",
                                      arguments.size()));
  ResolvedFunction function;
  std::vector<Field> fields;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::optional<Value>& name = arguments[i].constant;
    if (!name || arguments[i].type.kind != TypeKind::string)
      return analysis_error("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                            "named_struct: the field names must be constant texts");
    if (name->is_null())
      return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                            "named_struct: a field name must not be NULL");
    fields.push_back(
        {name->as<std::string>(), arguments[i + 1].type, arguments[i + 1].is_nullable});
    function.parameter_types.push_back(arguments[i].type);
    function.parameter_types.push_back(arguments[i + 1].type);
  }
  function.type = struct_of(std::move(fields));
  function.is_nullable = false;
  function.nulls = NullHandling::custom;
  function.can_fail = false;
  function.kernel = make_struct;
  return function;
}

/// The name that struct(…) gives its argument `index`.
std::string field_name(const Expr& argument, std::size_t index) {
  if (const auto* alias = argument->as<Alias>()) return alias->names[0];
  if (const auto* column = argument->as<ColumnName>()) return column->parts.back();
  if (const auto* call = argument->as<Call>();
      call && call->name == "." && call->arguments[1]->as<Literal>())
    return call->arguments[1]->as<Literal>()->value.as<std::string>();
  return fmt::format("col{}", index + 1);
}

}  // namespace

void add_struct_functions(FunctionRegistry& registry) {
  ScalarFunction named;
  named.name = "named_struct";
  named.family = "struct";
  named.usage = "named_struct(name, x, …) - a struct of named fields";
  named.max_arguments = kAnyNumber;
  named.resolve = resolve_named;
  registry.add(std::move(named));

  ScalarFunction unnamed;
  unnamed.name = "struct";
  unnamed.family = "struct";
  unnamed.usage = "struct(x, …) - a struct whose fields are named after the arguments";
  unnamed.max_arguments = kAnyNumber;
  unnamed.rewrite = [](const Call& call) -> Result<Expr> {
    Exprs arguments;
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      arguments.push_back(make_literal(std::string_view(field_name(call.arguments[i], i))));
      arguments.push_back(call.arguments[i]);
    }
    return make_call("named_struct", std::move(arguments));
  };
  registry.add(std::move(unnamed));
}

}  // namespace stream
