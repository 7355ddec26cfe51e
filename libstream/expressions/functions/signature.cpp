#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {

namespace {

Result<ResolvedFunction> resolve_fixed(const FixedFunction& function, Arguments arguments,
                                       const SqlSettings& settings) {
  ResolvedFunction resolved;
  resolved.type = primitive(function.result);
  resolved.is_nullable = function.makes_nulls;
  resolved.can_fail = function.can_fail;
  resolved.nulls = function.nulls;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const DataType wanted = primitive(function.parameters[i]);
    STREAM_TRY(DataType type, function.casts_arguments
                                  ? implicit_type(function.name, arguments, i, wanted, settings)
                                  : exact_type(function.name, arguments, i, wanted));
    if (arguments[i].is_nullable || !(type == arguments[i].type)) resolved.is_nullable = true;
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.kernel = function.kernel;
  const std::size_t num_missing = function.parameters.size() - arguments.size();
  if (num_missing > 0) {
    std::vector<Value> values(function.defaults.end() - static_cast<std::ptrdiff_t>(num_missing),
                              function.defaults.end());
    std::vector<DataType> types;
    for (std::size_t i = arguments.size(); i < function.parameters.size(); ++i)
      types.push_back(primitive(function.parameters[i]));
    resolved.kernel =
        with_defaults(std::move(resolved.kernel), std::move(values), std::move(types));
  }
  return resolved;
}

}  // namespace

ScalarFunction make_fixed(FixedFunction function) {
  ScalarFunction made;
  made.name = function.name;
  made.family = function.family;
  made.usage = function.usage;
  made.max_arguments = function.parameters.size();
  made.min_arguments = made.max_arguments - function.defaults.size();
  made.resolve = [function = std::move(function)](Arguments arguments,
                                                  const SqlSettings& settings) {
    return resolve_fixed(function, arguments, settings);
  };
  return made;
}

void add_fixed(FunctionRegistry& registry, std::vector<FixedFunction> functions) {
  for (FixedFunction& function : functions) registry.add(make_fixed(std::move(function)));
}

Result<DataType> implicit_type(std::string_view function, Arguments arguments, std::size_t index,
                               const DataType& to, const SqlSettings& settings) {
  const DataType& from = arguments[index].type;
  if (from == to) return from;
  if (is_text(to.kind) && from.kind == to.kind) return from;
  if (!is_implicitly_castable(from, to, settings.is_ansi))
    return wrong_argument(function, arguments, index, "the \"" + to.to_string() + "\" type");
  return to;
}

Result<DataType> exact_type(std::string_view function, Arguments arguments, std::size_t index,
                            const DataType& to) {
  const DataType& from = arguments[index].type;
  if (from.kind == to.kind) return from;
  if (from.kind == TypeKind::null) return to;
  return wrong_argument(function, arguments, index, "the \"" + to.to_string() + "\" type");
}

Result<DataType> implicit_type_of(std::string_view function, Arguments arguments, std::size_t index,
                                  std::vector<TypeKind> kinds, const SqlSettings& settings) {
  const DataType& from = arguments[index].type;
  if (std::find(kinds.begin(), kinds.end(), from.kind) != kinds.end()) return from;
  std::string names;
  for (const TypeKind kind : kinds) {
    const DataType to = kind == TypeKind::decimal ? decimal_of(38, 18) : primitive(kind);
    if (kind != TypeKind::array && kind != TypeKind::map && kind != TypeKind::structure) {
      if (is_implicitly_castable(from, to, settings.is_ansi)) return to;
    }
    if (!names.empty()) names += " or ";
    names += "\"" +
             (kind == TypeKind::array       ? std::string("ARRAY")
              : kind == TypeKind::map       ? std::string("MAP")
              : kind == TypeKind::structure ? std::string("STRUCT")
              : kind == TypeKind::decimal   ? std::string("DECIMAL")
                                            : to.to_string()) +
             "\"";
  }
  return wrong_argument(function, arguments, index, "the (" + names + ") type");
}

Result<Value> constant_argument(std::string_view function, Arguments arguments, std::size_t index) {
  if (arguments[index].constant) return *arguments[index].constant;
  return analysis_error(
      "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
      fmt::format("{}: argument {} should be a constant expression, but it is {}.", function,
                  index + 1, arguments[index].text.empty() ? "not" : arguments[index].text));
}

bool is_any_nullable(Arguments arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const Argument& argument) { return argument.is_nullable; });
}

Kernel with_defaults(Kernel kernel, std::vector<Value> defaults, std::vector<DataType> types) {
  return [kernel = std::move(kernel), defaults = std::move(defaults),
          types = std::move(types)](const KernelInput& input) {
    std::vector<Operand> arguments(input.arguments.begin(), input.arguments.end());
    for (std::size_t i = 0; i < defaults.size(); ++i) {
      Operand operand;
      operand.column = repeat_value(defaults[i], types[i], 1, input.context.pool);
      operand.is_constant = true;
      arguments.push_back(std::move(operand));
    }
    KernelInput complete{arguments,  input.lambdas, input.num_rows,
                         input.type, input.context, input.active};
    return kernel(complete);
  };
}

}  // namespace stream
