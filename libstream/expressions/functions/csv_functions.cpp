#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/csv_cells.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/json_writing.hpp>
#include <libstream/expressions/type_text.hpp>

namespace stream {

namespace {

using enum TypeKind;

class CsvReader {
 public:
  CsvReader(DataType type, RecordOptions options)
      : type_(std::move(type)),
        options_(std::move(options)),
        format_(CsvFormat::of(options_, false)) {
    for (std::size_t i = 0; i < type_.children.size(); ++i)
      if (type_.children[i].name == options_.corrupt_column()) corrupt_field_ = i;
  }

  Result<void> append(std::string_view text, ColumnBuilder& builder) const {
    const CsvCells cells = cut_csv(text, format_);
    const std::size_t num_fields = type_.children.size() - (corrupt_field_ ? 1 : 0);
    bool is_good = cells.size() == num_fields;
    std::size_t next = 0;
    for (std::size_t i = 0; i < type_.children.size(); ++i) {
      if (i == corrupt_field_) continue;
      const std::size_t cell = next++;
      if (cell >= cells.size() || !cells[cell]) {
        builder.child(i).append_null();
        continue;
      }
      const std::optional<Value> value =
          value_from_text(*cells[cell], type_.children[i].type, options_);
      if (value)
        append_value(builder.child(i), *value);
      else
        builder.child(i).append_null();
      is_good = is_good && value;
    }
    if (corrupt_field_) {
      if (is_good)
        builder.child(*corrupt_field_).append_null();
      else
        builder.child(*corrupt_field_).append_string(text);
    }
    builder.append_struct();
    if (!is_good && options_.fails_fast()) return malformed_record(text);
    return {};
  }

 private:
  DataType type_;
  RecordOptions options_;
  CsvFormat format_;
  std::optional<std::size_t> corrupt_field_;
};

Result<ResolvedFunction> resolve_from_csv(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType text, exact_type("from_csv", arguments, 0, primitive(string)));
  const Argument& schema = arguments[1];
  if (!schema.constant || schema.type.kind != string || schema.constant->is_null())
    return analysis_error("INVALID_SCHEMA.NON_STRING_LITERAL",
                          "The input schema " + schema.text +
                              " is not a valid schema string. The input expression must be string "
                              "literal and not null.");
  STREAM_TRY(DataType type, parse_type_or_schema(schema.constant->as<std::string>()));
  if (type.kind != structure)
    return analysis_error("INVALID_SCHEMA.NON_STRUCT_TYPE",
                          "The input schema \"" + schema.constant->as<std::string>() +
                              "\" is not a valid schema string. The input expression should be "
                              "evaluated to struct type, but got \"" +
                              type.to_string() + "\".");
  STREAM_TRY(RecordOptions options, RecordOptions::make("from_csv", arguments, 2, settings));
  resolved.type = as_nullable(std::move(type));
  resolved.parameter_types = {std::move(text)};
  for (std::size_t i = 1; i < arguments.size(); ++i)
    resolved.parameter_types.push_back(arguments[i].type);
  resolved.can_fail = options.fails_fast();
  resolved.kernel = [reader = CsvReader(resolved.type, std::move(options))](
                        const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& texts = input.arguments[0];
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      STREAM_TRY(reader.append(texts.column.string_at(texts.index(row)), builder));
    }
    return builder.finish();
  };
  return resolved;
}

std::string cell_text(const Column& column, std::size_t row, const RecordOptions& options) {
  std::string text;
  const SqlSettings settings;
  if (options.is_time(column.type.kind))
    options.append_time(column, row, text);
  else if (column.type.kind == decimal)
    append_big_decimal(column.data<Int128>()[row], column.type.scale, text);
  else
    append_cast_text(column, row, settings, text);
  return text;
}

Result<ResolvedFunction> resolve_to_csv(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  if (arguments[0].type.kind != structure)
    return wrong_argument("to_csv", arguments, 0, "the \"STRUCT\" type");
  for (const Field& field : arguments[0].type.children)
    if (field.type.kind == variant)
      return analysis_error(
          "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE",
          "The input of `to_csv` can't be \"" + arguments[0].type.to_string() + "\" type data.");
  STREAM_TRY(RecordOptions options, RecordOptions::make("to_csv", arguments, 1, settings));
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  resolved.type = primitive(string);
  resolved.is_nullable = arguments[0].is_nullable;
  resolved.can_fail = false;
  resolved.kernel = [options = std::move(options)](const KernelInput& input) -> Result<Column> {
    const CsvFormat format = CsvFormat::of(options, true);
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& structs = input.arguments[0];
    std::string line;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      const std::size_t index = structs.index(row);
      line.clear();
      for (std::size_t i = 0; i < structs.column.children.size(); ++i) {
        if (i > 0) line += format.separator;
        const Column& child = structs.column.children[i];
        if (child.type.kind == null || child.is_null(index))
          line += format.null_text;
        else
          append_csv_cell(cell_text(child, index, options), format, line);
      }
      builder.append_string(line);
    }
    return builder.finish();
  };
  return resolved;
}

DataType inferred_type(const std::optional<std::string>& cell, const RecordOptions& options) {
  if (!cell || cell->empty()) return primitive(string);
  if (value_from_text(*cell, primitive(int32), options)) return primitive(int32);
  if (value_from_text(*cell, primitive(int64), options)) return primitive(int64);
  if (const auto exact = parse_decimal_exactly(*cell); exact && exact->scale <= 0) {
    const int precision = exact->num_digits - exact->scale;
    if (precision <= kMaxDecimalPrecision) return decimal_of(precision, 0);
  }
  if (value_from_text(*cell, primitive(float64), options)) return primitive(float64);
  if (options.flag("preferdate", true) && options.parse_time(*cell, primitive(date)) &&
      cell->size() <= 10)
    return primitive(date);
  if (options.parse_time(*cell, primitive(timestamp))) return primitive(timestamp);
  if (value_from_text(*cell, primitive(boolean), options)) return primitive(boolean);
  return primitive(string);
}

Result<ResolvedFunction> resolve_schema_of_csv(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  if (!arguments[0].constant || arguments[0].type.kind != string)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          "The input `csv` of schema_of_csv should be a foldable \"STRING\" "
                          "expression.");
  if (arguments[0].constant->is_null())
    return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL", "The `csv` must not be null.");
  STREAM_TRY(RecordOptions options, RecordOptions::make("schema_of_csv", arguments, 1, settings));
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  resolved.type = primitive(string);
  resolved.is_nullable = false;
  resolved.kernel = row_kernel([options = std::move(options)](std::string_view text) {
    DataType type = struct_of({});
    for (const std::optional<std::string>& cell : cut_csv(text, CsvFormat::of(options, false)))
      type.children.push_back(
          {"_c" + std::to_string(type.children.size()), inferred_type(cell, options), true});
    return sql_type_text(type);
  });
  return resolved;
}

}  // namespace

void add_csv_functions(FunctionRegistry& registry) {
  const auto add = [&](std::string name, std::string usage, std::size_t least, std::size_t most,
                       Result<ResolvedFunction> (*resolve)(Arguments, const SqlSettings&)) {
    registry.add(ScalarFunction{
        std::move(name), "csv", std::move(usage), least, most, resolve, {}, {}, true, {}});
  };
  add("from_csv", "from_csv(text, schema[, options]) - a struct of the schema", 2, 3,
      resolve_from_csv);
  add("to_csv", "to_csv(struct[, options]) - as a line of CSV", 1, 2, resolve_to_csv);
  add("schema_of_csv", "schema_of_csv(text[, options]) - the schema of a line of CSV", 1, 2,
      resolve_schema_of_csv);
}

}  // namespace stream
