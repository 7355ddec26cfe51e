#include <libstream/base/check.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/json_document.hpp>
#include <libstream/expressions/json_writing.hpp>
#include <libstream/expressions/text_codec.hpp>

#include <cmath>

namespace stream {

namespace {

void append_break(const JsonWriteOptions& style, int depth, std::string& out) {
  if (!style.is_pretty) return;
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

/// Keys of objects are texts: a struct as [1,a], times as their numbers.
void append_key(const Column& column, std::size_t row, std::string& out) {
  std::string text;
  switch (column.type.kind) {
    case TypeKind::date:
    case TypeKind::year_month_interval:
      text = std::to_string(column.data<std::int32_t>()[row]);
      break;
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      text = std::to_string(column.data<std::int64_t>()[row]);
      break;
    case TypeKind::structure:
      text = "[";
      for (std::size_t i = 0; i < column.children.size(); ++i) {
        if (i > 0) text += ',';
        const Column& child = column.children[i];
        if (child.is_null(row))
          text += "null";
        else
          append_value(child, row, TextStyle::tuple, text);
      }
      text += ']';
      break;
    default: {
      const SqlSettings settings;
      append_cast_text(column, row, settings, text);
    }
  }
  append_json_string(text, out);
}

void append_real(double value, std::string_view text, std::string& out) {
  if (std::isfinite(value)) {
    out += text;
  } else {
    out += '"';
    out += text;
    out += '"';
  }
}

void append_struct(const Column& column, std::size_t row, const RecordOptions& options,
                   const JsonWriteOptions& style, std::string& out, int depth) {
  out += '{';
  bool is_first = true;
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    const Column& child = column.children[i];
    const bool is_null = child.is_null(row) || child.type.kind == TypeKind::null;
    if (is_null && style.leaves_out_nulls) continue;
    if (!is_first) out += ',';
    is_first = false;
    append_break(style, depth + 1, out);
    append_json_string(column.type.children[i].name, out);
    out += style.is_pretty ? " : " : ":";
    append_json(child, row, options, style, out, depth + 1);
  }
  if (!is_first) append_break(style, depth, out);
  if (is_first && style.is_pretty) out += ' ';
  out += '}';
}

void append_list(const Column& column, std::size_t row, const RecordOptions& options,
                 const JsonWriteOptions& style, std::string& out, int depth) {
  const std::int64_t* offsets = column.data<std::int64_t>() + row;
  const bool is_map = column.type.kind == TypeKind::map;
  out += is_map ? '{' : '[';
  for (auto i = static_cast<std::size_t>(offsets[0]); i < static_cast<std::size_t>(offsets[1]);
       ++i) {
    if (i > static_cast<std::size_t>(offsets[0])) out += style.is_pretty && !is_map ? ", " : ",";
    if (is_map) {
      append_break(style, depth + 1, out);
      append_key(column.children[0], i, out);
      out += style.is_pretty ? " : " : ":";
    } else if (style.is_pretty && i == static_cast<std::size_t>(offsets[0])) {
      out += ' ';
    }
    append_json(column.children[is_map ? 1 : 0], i, options, style, out, depth + 1);
  }
  if (is_map && offsets[0] < offsets[1]) append_break(style, depth, out);
  if (style.is_pretty && !(is_map && offsets[0] < offsets[1])) out += ' ';
  out += is_map ? '}' : ']';
}

}  // namespace

void append_big_decimal(Int128 unscaled, int scale, std::string& out) {
  std::string digits;
  append_decimal(unscaled < 0 ? -unscaled : unscaled, 0, digits);
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (scale == 0 || exponent >= -6) return append_decimal(unscaled, scale, out);
  if (unscaled < 0) out += '-';
  out += digits[0];
  if (digits.size() > 1) {
    out += '.';
    out += std::string_view(digits).substr(1);
  }
  out += 'E';
  out += std::to_string(exponent);
}

void append_json(const Column& column, std::size_t row, const RecordOptions& options,
                 const JsonWriteOptions& style, std::string& out, int depth) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type.kind) {
    case TypeKind::null:
      out += "null";
      return;
    case TypeKind::boolean:
      out += column.data<std::uint8_t>()[row] != 0 ? "true" : "false";
      return;
    case TypeKind::int8:
      out += std::to_string(column.data<std::int8_t>()[row]);
      return;
    case TypeKind::int16:
      out += std::to_string(column.data<std::int16_t>()[row]);
      return;
    case TypeKind::int32:
      out += std::to_string(column.data<std::int32_t>()[row]);
      return;
    case TypeKind::int64:
      out += std::to_string(column.data<std::int64_t>()[row]);
      return;
    case TypeKind::float32: {
      std::string text;
      append_float(column.data<float>()[row], text);
      return append_real(static_cast<double>(column.data<float>()[row]), text, out);
    }
    case TypeKind::float64: {
      std::string text;
      append_double(column.data<double>()[row], text);
      return append_real(column.data<double>()[row], text, out);
    }
    case TypeKind::decimal:
      return append_big_decimal(column.data<Int128>()[row], column.type.scale, out);
    case TypeKind::string:
      return append_json_string(column.string_at(row), out);
    case TypeKind::binary:
      return append_json_string(encode_base64(column.string_at(row)), out);
    case TypeKind::variant:
      out += column.string_at(row);
      return;
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
    case TypeKind::year_month_interval:
    case TypeKind::calendar_interval: {
      std::string text;
      options.append_time(column, row, text);
      return append_json_string(text, out);
    }
    case TypeKind::structure:
      return append_struct(column, row, options, style, out, depth);
    case TypeKind::array:
    case TypeKind::map:
      return append_list(column, row, options, style, out, depth);
  }
  STREAM_UNREACHABLE("type kind");
}

}  // namespace stream
