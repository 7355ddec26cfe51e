#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/function.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

bool is_time(TypeKind kind) {
  return kind == TypeKind::date || kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz;
}
bool is_exact_number(TypeKind kind) { return is_integral(kind) || kind == TypeKind::decimal; }

/// May a variant hold values of the type?
bool fits_variant(const DataType& type, bool allows_nested) {
  switch (type.kind) {
    case TypeKind::null:
    case TypeKind::calendar_interval:
    case TypeKind::day_time_interval:
    case TypeKind::year_month_interval:
      return false;
    case TypeKind::array:
      return fits_variant(type.children[0].type, allows_nested);
    case TypeKind::map:
      return allows_nested && type.children[0].type.kind == TypeKind::string &&
             fits_variant(type.children[1].type, true);
    case TypeKind::structure:
      return allows_nested &&
             std::all_of(type.children.begin(), type.children.end(),
                         [](const Field& field) { return fits_variant(field.type, true); });
    default:
      return true;
  }
}

bool is_castable(const DataType& from, const DataType& to, bool is_ansi);

bool are_children_castable(const DataType& from, const DataType& to, bool is_ansi) {
  if (from.kind != to.kind || from.children.size() != to.children.size()) return false;
  for (std::size_t i = 0; i < from.children.size(); ++i) {
    if (!is_castable(from.children[i].type, to.children[i].type, is_ansi)) return false;
  }
  return !from.children.empty() || from.kind == TypeKind::structure;
}

bool is_castable_to_number(const DataType& from, const DataType& to, bool is_ansi) {
  if (is_numeric(from.kind) || from.kind == TypeKind::boolean || from.kind == TypeKind::timestamp)
    return true;
  if (is_interval(from.kind)) return is_exact_number(to.kind);
  return from.kind == TypeKind::date && !is_ansi;
}

/// Cast.canCast and Cast.canAnsiCast.
bool is_castable(const DataType& from, const DataType& to, bool is_ansi) {
  if (from == to || from.kind == TypeKind::null || to.kind == TypeKind::string) return true;
  if (from.kind == TypeKind::variant) return fits_variant(to, true);
  if (to.kind == TypeKind::variant) return fits_variant(from, false);
  if (from.kind == TypeKind::string)
    return to.kind != TypeKind::null && to.children.empty() && to.kind != TypeKind::structure;
  if (is_numeric(to.kind)) return is_castable_to_number(from, to, is_ansi);
  switch (to.kind) {
    case TypeKind::boolean:
      return is_numeric(from.kind) ||
             (!is_ansi && (from.kind == TypeKind::date || from.kind == TypeKind::timestamp));
    case TypeKind::binary:
      return !is_ansi && is_integral(from.kind);
    case TypeKind::timestamp:
      return is_time(from.kind) || is_numeric(from.kind) ||
             (!is_ansi && from.kind == TypeKind::boolean);
    case TypeKind::date:
    case TypeKind::timestamp_ntz:
      return is_time(from.kind);
    case TypeKind::day_time_interval:
    case TypeKind::year_month_interval:
      return from.kind == to.kind || is_exact_number(from.kind);
    default:
      return are_children_castable(from, to, is_ansi);
  }
}

/// The function that Spark suggests in place of a cast.
std::string_view suggested_function(const DataType& from, const DataType& to) {
  if (is_numeric(from.kind) && to.kind == TypeKind::timestamp)
    return "`TIMESTAMP_SECONDS`/`TIMESTAMP_MILLIS`/`TIMESTAMP_MICROS`";
  if (from.kind == TypeKind::timestamp && is_numeric(to.kind))
    return "`UNIX_SECONDS`/`UNIX_MILLIS`/`UNIX_MICROS`";
  if (is_numeric(from.kind) && to.kind == TypeKind::date) return "`DATE_FROM_UNIX_DATE`";
  if (from.kind == TypeKind::date && is_numeric(to.kind)) return "`UNIX_DATE`";
  return "";
}

Error no_such_cast(const DataType& from, const DataType& to, CastMode mode) {
  const std::string message = fmt::format("Cannot resolve the cast: cannot cast \"{}\" to \"{}\"",
                                          from.to_string(), to.to_string());
  if (mode == CastMode::legacy)
    return analysis_error("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", message + ".");
  if (const std::string_view function = suggested_function(from, to); !function.empty())
    return analysis_error(
        "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION",
        fmt::format("{}. To convert values, use the functions {} instead.", message, function));
  if (mode == CastMode::ansi && is_castable(from, to, false))
    return analysis_error("DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION",
                          message +
                              " with ANSI mode on. Set \"spark.sql.ansi.enabled\" as "
                              "'false' if you have to.");
  return analysis_error("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", message + ".");
}

/// Every row null: VOID to anything, and dates to numbers without ANSI.
Kernel null_cast(const DataType& to) {
  return [to](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(to, input.context.pool);
    for (std::size_t i = 0; i < input.num_rows; ++i) builder.append_null();
    return builder.finish();
  };
}

/// The same values under another name: CHAR to STRING, structs with other nullability.
Kernel relabelling_cast(const DataType& to) {
  return [to](const KernelInput& input) -> Result<Column> {
    Column column = input.arguments[0].column;
    column.type = to;
    return column;
  };
}

bool is_child_nullable(const DataType& type) {
  return std::any_of(type.children.begin(), type.children.end(),
                     [](const Field& field) { return field.is_nullable; });
}

}  // namespace

Result<Kernel> make_cast(const DataType& from, const DataType& to, CastMode mode) {
  if (!is_castable(from, to, mode != CastMode::legacy)) return no_such_cast(from, to, mode);
  const bool is_same_text = from.kind == TypeKind::string && to.kind == TypeKind::string;
  if (from == to || is_same_text) return relabelling_cast(to);
  if (from.kind == TypeKind::null) return null_cast(to);
  if (from.kind == TypeKind::variant || to.kind == TypeKind::variant)
    return make_variant_cast(from, to, mode);
  if (to.kind == TypeKind::string) return make_to_text_cast(to);
  if (to.kind == TypeKind::binary) return make_binary_cast(from);
  if (from.kind == TypeKind::string) return make_text_cast(to, mode);
  if (!from.children.empty()) return make_nested_cast(from, to, mode);
  if (is_interval(from.kind) || is_interval(to.kind)) return make_interval_cast(from, to, mode);
  if (is_time(from.kind) && is_time(to.kind)) return make_time_cast(from, to);
  if (from.kind == TypeKind::date) return null_cast(to);
  return make_number_cast(from, to, mode);
}

bool can_cast_fail(const DataType& from, const DataType& to, CastMode mode) {
  if (from == to || from.kind == TypeKind::null || to.kind == TypeKind::string) return false;
  if (mode != CastMode::ansi) return is_interval(to.kind) && mode == CastMode::legacy;
  if (!from.children.empty() && from.kind == to.kind) {
    for (std::size_t i = 0; i < from.children.size(); ++i) {
      if (can_cast_fail(from.children[i].type, to.children[i].type, mode)) return true;
    }
    return false;
  }
  if (to.kind == TypeKind::binary || to.kind == TypeKind::boolean)
    return from.kind == TypeKind::string && to.kind == TypeKind::boolean;
  const bool is_plain_number = is_integral(from.kind) || is_floating(from.kind);
  if (is_integral(from.kind) && is_integral(to.kind)) return to.kind < from.kind;
  if (is_floating(to.kind))
    return !(is_plain_number || from.kind == TypeKind::decimal || from.kind == TypeKind::boolean ||
             from.kind == TypeKind::timestamp);
  if (to.kind == TypeKind::timestamp && is_integral(from.kind)) return false;
  if (is_time(from.kind) && is_time(to.kind)) return from.kind == TypeKind::date;
  return true;
}

namespace {

/// May the cast make nulls of values (Cast.forceNullable and TRY_CAST)?
bool can_make_nulls(const DataType& from, const DataType& to, CastMode mode) {
  if (from.kind == TypeKind::null || mode == CastMode::attempt) return true;
  if (is_floating(from.kind) && to.kind == TypeKind::decimal) return true;
  if (from.kind == TypeKind::string && to.kind == TypeKind::calendar_interval) return true;
  if (mode == CastMode::ansi || to.kind == TypeKind::string) return false;
  return can_cast_fail(from, to, CastMode::ansi) || from.kind == TypeKind::date ||
         is_child_nullable(to);
}

}  // namespace

Result<TypedExpr> cast_expression(TypedExpr child, const DataType& to, CastMode mode) {
  if (child->type == to) return child;
  STREAM_TRY(Kernel kernel, make_cast(child->type, to, mode));
  FunctionCall call;
  call.name = mode == CastMode::attempt ? "try_cast" : "cast";
  call.kernel = std::move(kernel);
  call.can_fail = can_cast_fail(child->type, to, mode);
  const bool is_nullable = child->is_nullable || can_make_nulls(child->type, to, mode);
  call.arguments.push_back(std::move(child));
  return make_typed(to, is_nullable, std::move(call));
}

}  // namespace stream
