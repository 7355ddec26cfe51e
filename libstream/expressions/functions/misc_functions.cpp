#include <libstream/base/ascii.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/xor_shift_random.hpp>

#include <fmt/format.h>

namespace stream {

namespace {

using enum TypeKind;

/// Spark's short name of a type: "decimal(3,1)", "array<int>", "struct<a:int>".
std::string catalog_name(const DataType& type) {
  switch (type.kind) {
    case array:
      return "array<" + catalog_name(type.children[0].type) + ">";
    case map:
      return "map<" + catalog_name(type.children[0].type) + "," +
             catalog_name(type.children[1].type) + ">";
    case structure: {
      std::string text = "struct<";
      for (const Field& field : type.children) {
        if (text.size() > 7) text += ",";
        text += field.name + ":" + catalog_name(field.type);
      }
      return text + ">";
    }
    default:
      return ascii_lower(type.to_string());
  }
}

Kernel constant_text(std::string text) {
  return [text = std::move(text)](const KernelInput& input) -> Result<Column> {
    return repeat_value(Value{text}, input.type, input.num_rows, input.context.pool);
  };
}

ResolvedFunction of_no_arguments(TypeKind type, Kernel kernel) {
  ResolvedFunction resolved;
  resolved.type = primitive(type);
  resolved.is_nullable = false;
  resolved.can_fail = false;
  resolved.nulls = NullHandling::custom;
  resolved.kernel = std::move(kernel);
  return resolved;
}

ScalarFunction surroundings(std::string name, std::string usage, TypeKind type, Kernel kernel,
                            bool is_deterministic = true) {
  ScalarFunction made{std::move(name),  "misc", std::move(usage), 0, 0, {}, {}, {},
                      is_deterministic, {}};
  made.resolve = [type, kernel = std::move(kernel)](Arguments, const SqlSettings&) {
    return Result<ResolvedFunction>(of_no_arguments(type, kernel));
  };
  return made;
}

Kernel constant_number(std::int64_t number) {
  return [number](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (input.type.kind == int32)
        builder.append(static_cast<std::int32_t>(number));
      else
        builder.append(number);
    }
    return builder.finish();
  };
}

Result<Column> row_numbers(const KernelInput& input) {
  ColumnBuilder builder(input.type, input.context.pool);
  for (std::size_t row = 0; row < input.num_rows; ++row)
    builder.append(input.context.rows_before + static_cast<std::int64_t>(row));
  return builder.finish();
}

Result<Column> uuids(const KernelInput& input) {
  XorShiftRandom random(static_cast<std::int64_t>(input.context.seed));
  random.skip(static_cast<std::uint64_t>(input.context.rows_before) * 4);
  ColumnBuilder builder(input.type, input.context.pool);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    std::uint32_t parts[4];
    for (std::uint32_t& part : parts) part = static_cast<std::uint32_t>(random.next_int());
    builder.append_string(fmt::format(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", parts[0], parts[1] >> 16, parts[1] & 0xfff,
        ((parts[2] >> 16) & 0x3fff) | 0x8000, parts[2] & 0xffff, parts[3]));
  }
  return builder.finish();
}

Result<ResolvedFunction> resolve_typeof(Arguments arguments, const SqlSettings&) {
  ResolvedFunction resolved =
      of_no_arguments(string, constant_text(catalog_name(arguments[0].type)));
  resolved.parameter_types = {arguments[0].type};
  return resolved;
}

/// raise_error(message), raise_error(class, parameters).
Result<ResolvedFunction> resolve_raise_error(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType type,
             implicit_type("raise_error", arguments, 0, primitive(string), settings));
  resolved.parameter_types = {std::move(type)};
  if (arguments.size() == 2) resolved.parameter_types.push_back(arguments[1].type);
  resolved.type = primitive(null);
  resolved.nulls = NullHandling::custom;
  resolved.kernel =
      value_kernel([has_class = arguments.size() == 2](std::span<const Value> row,
                                                       EvaluationContext&) -> Result<Value> {
        const std::string text = row[0].is_null() ? "null" : row[0].as<std::string>();
        if (!has_class) return runtime_error("USER_RAISED_EXCEPTION", text);
        std::string parameters;
        if (const auto* entries = std::get_if<ValueList>(&row[1].content)) {
          for (std::size_t i = 0; i + 1 < entries->size(); i += 2) {
            const auto* key = std::get_if<std::string>(&(*entries)[i].content);
            const auto* value = std::get_if<std::string>(&(*entries)[i + 1].content);
            if (key == nullptr || value == nullptr) continue;
            parameters += (parameters.empty() ? "" : ", ") + *key + ": " + *value;
          }
        }
        return runtime_error(text, parameters);
      });
  return resolved;
}

Result<ResolvedFunction> resolve_assert_true(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType condition, exact_type("assert_true", arguments, 0, primitive(boolean)));
  resolved.parameter_types = {std::move(condition)};
  if (arguments.size() == 2) {
    STREAM_TRY(DataType message,
               implicit_type("assert_true", arguments, 1, primitive(string), settings));
    resolved.parameter_types.push_back(std::move(message));
  }
  resolved.type = primitive(null);
  resolved.nulls = NullHandling::custom;
  resolved.kernel = value_kernel(
      [text = arguments[0].text](std::span<const Value> row, EvaluationContext&) -> Result<Value> {
        if (!row[0].is_null() && row[0].as<bool>()) return Value{};
        std::string message = "'" + text + "' is not true!";
        if (row.size() == 2) message = row[1].is_null() ? "null" : row[1].as<std::string>();
        return runtime_error("USER_RAISED_EXCEPTION", message);
      });
  return resolved;
}

}  // namespace

void add_misc_functions(FunctionRegistry& registry) {
  registry.add(ScalarFunction{"typeof",
                              "misc",
                              "typeof(value) - the name of its type",
                              1,
                              1,
                              resolve_typeof,
                              {},
                              {},
                              true,
                              {}});
  registry.add(ScalarFunction{"raise_error",
                              "misc",
                              "raise_error(message) - fails",
                              1,
                              2,
                              resolve_raise_error,
                              {},
                              {},
                              false,
                              {}});
  registry.add(ScalarFunction{"assert_true",
                              "misc",
                              "assert_true(condition[, message]) - fails unless true",
                              1,
                              2,
                              resolve_assert_true,
                              {},
                              {},
                              false,
                              {}});
  const auto add_text = [&](std::string name, std::string usage, std::string text) {
    registry.add(
        surroundings(std::move(name), std::move(usage), string, constant_text(std::move(text))));
  };
  add_text("version", "version() - of the Spark whose SQL this is", "4.1.0 libstream");
  add_text("current_catalog", "current_catalog() - its name", "spark_catalog");
  add_text("current_schema", "current_schema() - its name", "default");
  add_text("input_file_name", "input_file_name() - empty: rows do not know their file", "");
  registry.add_alias("current_database", "current_schema");
  add_text("current_user", "current_user() - who runs the query", "libstream");
  registry.add_alias("user", "current_user");
  registry.add_alias("session_user", "current_user");
  registry.add(surroundings("input_file_block_start", "input_file_block_start() - -1: not known",
                            int64, constant_number(-1)));
  registry.add(surroundings("input_file_block_length", "input_file_block_length() - -1: not known",
                            int64, constant_number(-1)));
  registry.add(surroundings("spark_partition_id", "spark_partition_id() - of the task", int32,
                            constant_number(0), false));
  registry.add(surroundings("monotonically_increasing_id",
                            "monotonically_increasing_id() - the row's number in its task", int64,
                            row_numbers, false));
  registry.add(surroundings("uuid", "uuid() - a random UUID", string, uuids, false));

  constexpr std::int64_t kBits = 8 * 4096;
  add_fixed(registry,
            {{"bitmap_bit_position",
              "misc",
              "bitmap_bit_position(n) - its bit in its bitmap",
              {int64},
              int64,
              row_kernel([](std::int64_t n) {
                if (n > 0) return (n - 1) % kBits;
                return (n == std::numeric_limits<std::int64_t>::min() ? 0 : -n) % kBits;
              })},
             {"bitmap_bucket_number",
              "misc",
              "bitmap_bucket_number(n) - the number of its bitmap",
              {int64},
              int64,
              row_kernel([](std::int64_t n) { return n > 0 ? 1 + (n - 1) / kBits : n / kBits; })},
             {"bitmap_count",
              "misc",
              "bitmap_count(bitmap) - its set bits",
              {binary},
              int64,
              row_kernel([](std::string_view bytes) {
                std::int64_t count = 0;
                for (const char c : bytes)
                  count += __builtin_popcount(static_cast<unsigned char>(c));
                return count;
              })}});
}

}  // namespace stream
