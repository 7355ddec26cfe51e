#include <libstream/base/check.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/time_zone.hpp>

#include <fmt/format.h>

#include <charconv>

namespace stream {
namespace {

struct TextStyleOfCast {
  const TimeZone& zone;
  bool is_ansi;
};

/// Java's BigDecimal.toString: an exponent where there are many zeros after the point.
void append_scientific_decimal(Int128 value, int scale, std::string& out) {
  std::string digits;
  append_decimal(value < 0 ? -value : value, 0, digits);
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (exponent >= -6) return append_decimal(value, scale, out);
  if (value < 0) out += '-';
  out += digits[0];
  if (digits.size() > 1) {
    out += '.';
    out += std::string_view(digits).substr(1);
  }
  out += fmt::format("E{}", exponent);
}

void append_text(const Column& column, std::size_t row, const TextStyleOfCast& style,
                 std::string& out);

void append_nested(const Column& column, std::size_t row, const TextStyleOfCast& style,
                   std::string& out) {
  if (column.is_null(row) || column.type.kind == TypeKind::null) {
    out += "null";
  } else {
    append_text(column, row, style, out);
  }
}

void append_array(const Column& column, std::size_t row, const TextStyleOfCast& style,
                  std::string& out) {
  const std::int64_t* offsets = column.data<std::int64_t>() + row;
  out += '[';
  for (std::int64_t i = offsets[0]; i < offsets[1]; ++i) {
    if (i != offsets[0]) out += ", ";
    append_nested(column.children[0], static_cast<std::size_t>(i), style, out);
  }
  out += ']';
}

void append_map(const Column& column, std::size_t row, const TextStyleOfCast& style,
                std::string& out) {
  const std::int64_t* offsets = column.data<std::int64_t>() + row;
  out += '{';
  for (std::int64_t i = offsets[0]; i < offsets[1]; ++i) {
    if (i != offsets[0]) out += ", ";
    append_nested(column.children[0], static_cast<std::size_t>(i), style, out);
    out += " -> ";
    append_nested(column.children[1], static_cast<std::size_t>(i), style, out);
  }
  out += '}';
}

void append_struct(const Column& column, std::size_t row, const TextStyleOfCast& style,
                   std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    if (i != 0) out += ", ";
    append_nested(column.children[i], row, style, out);
  }
  out += '}';
}

template <class T>
void append_integer(T value, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_number(const Column& column, std::size_t row, std::string& out) {
  switch (column.type.kind) {
    case TypeKind::int8:
      return append_integer(int{column.data<std::int8_t>()[row]}, out);
    case TypeKind::int16:
      return append_integer(int{column.data<std::int16_t>()[row]}, out);
    case TypeKind::int32:
      return append_integer(column.data<std::int32_t>()[row], out);
    case TypeKind::int64:
      return append_integer(column.data<std::int64_t>()[row], out);
    case TypeKind::float32:
      return append_float(column.data<float>()[row], out);
    default:
      return append_double(column.data<double>()[row], out);
  }
}

void append_text(const Column& column, std::size_t row, const TextStyleOfCast& style,
                 std::string& out) {
  switch (column.type.kind) {
    case TypeKind::boolean:
      out += column.data<std::uint8_t>()[row] != 0 ? "true" : "false";
      return;
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      out += column.string_at(row);
      return;
    case TypeKind::decimal:
      if (!style.is_ansi)
        return append_scientific_decimal(column.data<Int128>()[row], column.type.scale, out);
      return append_decimal(column.data<Int128>()[row], column.type.scale, out);
    case TypeKind::date:
      return append_date(column.data<std::int32_t>()[row], out);
    case TypeKind::timestamp:
      return append_date_time(to_local_micros(style.zone, column.data<std::int64_t>()[row]), out);
    case TypeKind::timestamp_ntz:
      return append_date_time(column.data<std::int64_t>()[row], out);
    case TypeKind::day_time_interval:
      return append_day_time_interval(column.data<std::int64_t>()[row], column.type, out);
    case TypeKind::year_month_interval:
      return append_year_month_interval(column.data<std::int32_t>()[row], column.type, out);
    case TypeKind::calendar_interval:
      return append_calendar_interval(column.data<CalendarInterval>()[row], out);
    case TypeKind::array:
      return append_array(column, row, style, out);
    case TypeKind::map:
      return append_map(column, row, style, out);
    case TypeKind::structure:
      return append_struct(column, row, style, out);
    case TypeKind::null:
      out += "null";
      return;
    default:
      return append_number(column, row, out);
  }
}

const TimeZone& zone_of(const SqlSettings& settings) {
  const Result<const TimeZone*> zone = find_time_zone(settings.time_zone);
  return zone ? **zone : utc_zone();
}

template <class Integer>
void append_big_endian(Integer value, std::string& out) {
  for (int shift = 8 * (static_cast<int>(sizeof(Integer)) - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
}

}  // namespace

void append_cast_text(const Column& column, std::size_t row, const SqlSettings& settings,
                      std::string& out) {
  append_text(column, row, {zone_of(settings), settings.is_ansi}, out);
}

Kernel make_to_text_cast(const DataType& to) {
  return [to](const KernelInput& input) -> Result<Column> {
    const Column& from = input.arguments[0].column;
    ColumnBuilder builder(to, input.context.pool);
    builder.adopt(from.blocks);
    const TextStyleOfCast style{zone_of(input.context.settings), input.context.settings.is_ansi};
    const bool is_plain = from.type.kind == TypeKind::string || from.type.kind == TypeKind::binary;
    std::string text;
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      if (!input.is_active(i)) {
        builder.append_null();
      } else if (is_plain) {
        builder.append_string(from.string_at(i));
      } else {
        text.clear();
        append_text(from, i, style, text);
        builder.append_string(text);
      }
    }
    return builder.finish();
  };
}

Kernel make_binary_cast(const DataType& from) {
  if (is_text(from.kind)) return make_to_text_cast(primitive(TypeKind::binary));
  return [](const KernelInput& input) -> Result<Column> {
    const Column& column = input.arguments[0].column;
    ColumnBuilder builder(primitive(TypeKind::binary), input.context.pool);
    std::string bytes;
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      bytes.clear();
      switch (column.type.kind) {
        case TypeKind::int8:
          append_big_endian(column.data<std::int8_t>()[i], bytes);
          break;
        case TypeKind::int16:
          append_big_endian(column.data<std::int16_t>()[i], bytes);
          break;
        case TypeKind::int32:
          append_big_endian(column.data<std::int32_t>()[i], bytes);
          break;
        default:
          append_big_endian(column.data<std::int64_t>()[i], bytes);
      }
      builder.append_string(bytes);
    }
    return builder.finish();
  };
}

}  // namespace stream
