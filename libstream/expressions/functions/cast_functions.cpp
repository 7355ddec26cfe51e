#include <libstream/expressions/builtin_functions.hpp>

namespace stream {
namespace {

/// int(a) and its like: CAST(a AS INT).
ScalarFunction cast_function(std::string name, DataType type) {
  ScalarFunction function;
  function.usage = name + "(a) - a as " + type.to_string();
  function.name = std::move(name);
  function.family = "conversion";
  function.min_arguments = function.max_arguments = 1;
  function.rewrite = [type = std::move(type)](const Call& call) -> Result<Expr> {
    return make_expr(Cast{call.arguments[0], type, false});
  };
  return function;
}

}  // namespace

void add_cast_functions(FunctionRegistry& registry) {
  registry.add(cast_function("boolean", primitive(TypeKind::boolean)));
  registry.add(cast_function("tinyint", primitive(TypeKind::int8)));
  registry.add(cast_function("smallint", primitive(TypeKind::int16)));
  registry.add(cast_function("int", primitive(TypeKind::int32)));
  registry.add(cast_function("bigint", primitive(TypeKind::int64)));
  registry.add(cast_function("float", primitive(TypeKind::float32)));
  registry.add(cast_function("double", primitive(TypeKind::float64)));
  registry.add(cast_function("decimal", decimal_of(10, 0)));
  registry.add(cast_function("date", primitive(TypeKind::date)));
  registry.add(cast_function("timestamp", primitive(TypeKind::timestamp)));
  registry.add(cast_function("binary", primitive(TypeKind::binary)));
  registry.add(cast_function("string", primitive(TypeKind::string)));
}

}  // namespace stream
