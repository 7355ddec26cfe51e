// Functions that make several rows of one: explode, posexplode, inline, each also as _outer, and
// stack.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/functions/percentages.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

bool is_null_list(const Operand& operand, std::size_t row) {
  return operand.column.type.kind == TypeKind::null || operand.is_null(row);
}

struct ListShape {
  bool is_outer = false;
  bool has_position = false;
  bool is_inline = false;  ///< structs: a column a field
};

/// Entries of list `row` or, for outer forms, one row of nulls.
void append_entries(const ListShape& shape, const Operand& operand, std::size_t row,
                    std::vector<ColumnBuilder>& builders, std::vector<std::uint32_t>& from) {
  ListRow list;
  if (!is_null_list(operand, row)) list = list_at(operand, row);
  if (list.size() == 0) {
    if (!shape.is_outer) return;
    for (ColumnBuilder& builder : builders) builder.append_null();
    from.push_back(static_cast<std::uint32_t>(row));
    return;
  }
  for (std::size_t i = list.begin; i < list.end; ++i) {
    std::size_t column = 0;
    if (shape.has_position) builders[column++].append(static_cast<std::int32_t>(i - list.begin));
    if (!shape.is_inline) {
      for (const Column& child : list.column->children) append_from(builders[column++], child, i);
    } else if (list.elements().is_null(i)) {
      for (ColumnBuilder& builder : builders) builder.append_null();
    } else {
      for (const Column& field : list.elements().children)
        append_from(builders[column++], field, i);
    }
    from.push_back(static_cast<std::uint32_t>(row));
  }
}

Result<GeneratedRows> finish(std::vector<ColumnBuilder>& builders,
                             std::vector<std::uint32_t> from) {
  GeneratedRows rows;
  rows.from = std::move(from);
  for (ColumnBuilder& builder : builders) rows.columns.push_back(builder.finish());
  return rows;
}

std::function<Result<GeneratedRows>(const KernelInput&)> list_generator(
    ListShape shape, std::vector<Field> columns) {
  return [shape, columns = std::move(columns)](const KernelInput& input) {
    const Operand& operand = input.arguments[0];
    std::vector<ColumnBuilder> builders;
    for (const Field& column : columns) {
      builders.emplace_back(column.type, input.context.pool);
      adopt_texts(builders.back(), operand.column);
    }
    std::vector<std::uint32_t> from;
    for (std::size_t row = 0; row < input.num_rows; ++row)
      append_entries(shape, operand, row, builders, from);
    return finish(builders, std::move(from));
  };
}

Result<ResolvedGenerator> resolve_explode(std::string_view name, ListShape shape,
                                          Arguments arguments) {
  const DataType& type = arguments[0].type;
  const bool is_map = type.kind == TypeKind::map;
  if (type.kind != TypeKind::array && !is_map)
    return wrong_argument(name, arguments, 0, "the (\"ARRAY\" or \"MAP\") type");
  ResolvedGenerator generator;
  generator.parameter_types = {type};
  if (shape.has_position)
    generator.columns.push_back({"pos", primitive(TypeKind::int32), shape.is_outer});
  if (is_map) {
    generator.columns.push_back({"key", type.children[0].type, shape.is_outer});
    generator.columns.push_back(
        {"value", type.children[1].type, shape.is_outer || type.children[1].is_nullable});
  } else {
    generator.columns.push_back(
        {"col", element_of(type), shape.is_outer || has_null_elements(type)});
  }
  generator.generate = list_generator(shape, generator.columns);
  return generator;
}

Result<ResolvedGenerator> resolve_inline(std::string_view name, bool is_outer,
                                         Arguments arguments) {
  const DataType& type = arguments[0].type;
  if (type.kind != TypeKind::array || element_of(type).kind != TypeKind::structure)
    return wrong_argument(name, arguments, 0, "the \"ARRAY<STRUCT>\" type");
  ResolvedGenerator generator;
  generator.parameter_types = {type};
  for (const Field& field : element_of(type).children)
    generator.columns.push_back(
        {field.name, field.type, is_outer || field.is_nullable || has_null_elements(type)});
  generator.generate = list_generator({is_outer, false, true}, generator.columns);
  return generator;
}

Result<ResolvedGenerator> resolve_stack(Arguments arguments, const SqlSettings&) {
  const Argument& count = arguments[0];
  if (!is_integral(count.type.kind))
    return wrong_argument("stack", arguments, 0, "the \"INT\" type");
  if (!count.constant)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          "stack: the number of rows must be a constant");
  const std::optional<double> number = constant_number(*count.constant, count.type);
  if (!number)
    return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                          "stack: the number of rows must not be NULL");
  if (*number <= 0)
    return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                          "stack: the number of rows must be positive");
  const auto num_rows = static_cast<std::size_t>(*number);
  const std::size_t num_values = arguments.size() - 1;
  const std::size_t num_columns = (num_values + num_rows - 1) / num_rows;
  ResolvedGenerator generator;
  generator.parameter_types = {count.type};
  for (std::size_t i = 0; i < num_columns; ++i)
    generator.columns.push_back({fmt::format("col{}", i), primitive(TypeKind::null), true});
  for (std::size_t i = 0; i < num_values; ++i) {
    DataType& type = generator.columns[i % num_columns].type;
    const DataType& given = arguments[i + 1].type;
    if (type.kind == TypeKind::null) {
      type = given;
    } else if (given.kind != TypeKind::null && !is_same_type(type, given)) {
      return analysis_error("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
                            fmt::format("The data type of the column ({}) do not have the same "
                                        "type: \"{}\" <> \"{}\".",
                                        i % num_columns, type.to_string(), given.to_string()));
    }
  }
  for (std::size_t i = 0; i < num_values; ++i)
    generator.parameter_types.push_back(generator.columns[i % num_columns].type);
  generator.generate = [num_rows, columns = generator.columns](const KernelInput& input) {
    std::vector<ColumnBuilder> builders;
    for (const Field& column : columns) builders.emplace_back(column.type, input.context.pool);
    std::vector<std::uint32_t> from;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      for (std::size_t i = 0; i < num_rows * columns.size(); ++i) {
        ColumnBuilder& builder = builders[i % columns.size()];
        if (i + 1 < input.arguments.size()) {
          append_argument(builder, input, i + 1, row);
        } else {
          builder.append_null();
        }
      }
      from.insert(from.end(), num_rows, static_cast<std::uint32_t>(row));
    }
    return finish(builders, std::move(from));
  };
  return generator;
}

void add_explode(FunctionRegistry& registry, std::string name, std::string usage, ListShape shape) {
  registry.add(GeneratorFunction{
      name, std::move(usage), 1, 1, [name, shape](Arguments arguments, const SqlSettings&) {
        return shape.is_inline ? resolve_inline(name, shape.is_outer, arguments)
                               : resolve_explode(name, shape, arguments);
      }});
}

}  // namespace

void add_generator_functions(FunctionRegistry& registry) {
  add_explode(registry, "explode", "explode(x) - a row for each element or entry", {});
  add_explode(registry, "explode_outer", "explode_outer(x) - the same, at least one row",
              {true, false, false});
  add_explode(registry, "posexplode", "posexplode(x) - explode with the place, from 0",
              {false, true, false});
  add_explode(registry, "posexplode_outer", "posexplode_outer(x) - the same, at least one row",
              {true, true, false});
  add_explode(registry, "inline", "inline(array) - a row for each struct, a column for each field",
              {false, false, true});
  add_explode(registry, "inline_outer", "inline_outer(array) - the same, at least one row",
              {true, false, true});
  registry.add(GeneratorFunction{"stack", "stack(n, x, …) - the values in n rows", 2, kAnyNumber,
                                 resolve_stack});
}

}  // namespace stream
