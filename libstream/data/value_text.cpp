#include <libstream/base/check.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace stream {
namespace {

/// Java 17 shows large whole numbers with the digits of the number itself, cut where they say
/// nothing any more: 9.9999998E10 and not the shorter 1.0E11.
template <class Float>
std::string whole_digits(Float magnitude, int& exponent_of_ten) {
  constexpr int kMantissaBits = std::numeric_limits<Float>::digits;
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  // Decimal digits of 2^bits, less than one.
  const int spare_bits = exponent - 1 - kMantissaBits - 1;
  const int num_cut = spare_bits > 1 ? static_cast<int>(spare_bits * 0.30103) : 0;
  auto whole = static_cast<std::uint64_t>(magnitude);
  std::uint64_t unit = 1;
  for (int i = 0; i < num_cut; ++i) unit *= 10;
  const bool is_rounded_up = num_cut > 0 && whole % unit >= unit / 2;
  whole = whole / unit + (is_rounded_up ? 1 : 0);
  std::string digits = std::to_string(whole);
  exponent_of_ten = static_cast<int>(digits.size()) - 1 + num_cut;
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return digits;
}

/// Java's form of a finite value's shortest digits: plain from 1e-3 to 1e7, else d.dddE±n.
template <class Float>
void append_java_float(Float value, std::string& out) {
  if (std::isnan(value)) return void(out += "NaN");
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) return void(out += "Infinity");
  if (value == 0) return void(out += "0.0");
  char text[64];
  const auto write = [&](auto... precision) {
    return std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific,
                         precision...)
        .ptr;
  };
  const char* end = write();
  // Of the least numbers Java shows two digits, the nearest ones.
  if (text[1] == 'e' && std::fpclassify(value) == FP_SUBNORMAL) end = write(1);
  const std::string_view shortest(text, static_cast<std::size_t>(end - text));
  const std::size_t mark = shortest.find('e');
  int exponent = 0;
  const char* exponent_text = shortest.data() + mark + 1;
  std::from_chars(exponent_text + (*exponent_text == '+'), end, exponent);
  std::string digits(1, shortest[0]);
  if (mark > 2) digits += shortest.substr(2, mark - 2);
  const Float magnitude = std::fabs(value);
  const Float exact = std::ldexp(Float{1}, std::numeric_limits<Float>::digits);
  if (magnitude > exact && magnitude < std::ldexp(Float{1}, 63))
    digits = whole_digits(magnitude, exponent);

  if (exponent < -3 || exponent >= 7) {
    out += digits[0];
    out += '.';
    out += digits.size() > 1 ? std::string_view(digits).substr(1) : "0";
    out += fmt::format("E{}", exponent);
  } else if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else {
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole + 1 - digits.size(), '0');
    out += std::string_view(digits).substr(0, whole);
    out += '.';
    out += std::string_view(digits).substr(whole);
  }
}

template <class Integer>
void append_integer(Integer value, std::string& out) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append(const Column& column, std::size_t row, TextStyle style, bool is_nested,
            std::string& out);

void append_array(const Column& column, std::size_t row, TextStyle style, std::string& out) {
  const std::int64_t* offsets = column.data<std::int64_t>();
  out += '[';
  for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i != offsets[row]) out += style == TextStyle::json ? "," : ", ";
    append(column.children[0], static_cast<std::size_t>(i), style, true, out);
  }
  out += ']';
}

void append_structure(const Column& column, std::size_t row, TextStyle style, std::string& out) {
  const bool is_json = style == TextStyle::json;
  out += is_json ? '{' : '(';
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    if (i != 0) out += ',';
    if (is_json) {
      append_quoted(column.type.children[i].name, out);
      out += ':';
    }
    append(column.children[i], row, style, true, out);
  }
  out += is_json ? '}' : ')';
}

void append_map(const Column& column, std::size_t row, TextStyle style, std::string& out) {
  const bool is_json = style == TextStyle::json;
  const std::int64_t* offsets = column.data<std::int64_t>();
  out += '{';
  for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i != offsets[row]) out += is_json ? "," : ", ";
    append(column.children[0], static_cast<std::size_t>(i), style, true, out);
    out += is_json ? ":" : " -> ";
    append(column.children[1], static_cast<std::size_t>(i), style, true, out);
  }
  out += '}';
}

/// Dates, timestamps (in UTC) and intervals.
void append_time(const Column& column, std::size_t row, bool is_quoted, std::string& out) {
  if (is_quoted) out += '"';
  switch (column.type.kind) {
    case TypeKind::date:
      append_date(column.data<std::int32_t>()[row], out);
      break;
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
      append_date_time(column.data<std::int64_t>()[row], out);
      break;
    case TypeKind::day_time_interval:
      append_day_time_interval(column.data<std::int64_t>()[row], column.type, out);
      break;
    case TypeKind::year_month_interval:
      append_year_month_interval(column.data<std::int32_t>()[row], column.type, out);
      break;
    case TypeKind::calendar_interval:
      append_calendar_interval(column.data<CalendarInterval>()[row], out);
      break;
    default:
      STREAM_UNREACHABLE("not a time");
  }
  if (is_quoted) out += '"';
}

void append(const Column& column, std::size_t row, TextStyle style, bool is_nested,
            std::string& out) {
  if (column.is_null(row)) return void(out += "null");
  switch (column.type.kind) {
    case TypeKind::null:
      out += "null";
      break;
    case TypeKind::boolean:
      out += column.data<std::uint8_t>()[row] ? "true" : "false";
      break;
    case TypeKind::int8:
      append_integer(int{column.data<std::int8_t>()[row]}, out);
      break;
    case TypeKind::int16:
      append_integer(column.data<std::int16_t>()[row], out);
      break;
    case TypeKind::int32:
      append_integer(column.data<std::int32_t>()[row], out);
      break;
    case TypeKind::int64:
      append_integer(column.data<std::int64_t>()[row], out);
      break;
    case TypeKind::float32:
      append_float(column.data<float>()[row], out);
      break;
    case TypeKind::float64:
      append_double(column.data<double>()[row], out);
      break;
    case TypeKind::string:
    case TypeKind::binary:
      if (is_nested && style == TextStyle::json) {
        append_quoted(column.string_at(row), out);
      } else {
        out += column.string_at(row);
      }
      break;
    case TypeKind::array:
      append_array(column, row, style, out);
      break;
    case TypeKind::structure:
      append_structure(column, row, style, out);
      break;
    case TypeKind::map:
      append_map(column, row, style, out);
      break;
    case TypeKind::variant:
      out += column.string_at(row);
      break;
    case TypeKind::decimal:
      append_decimal(column.data<Int128>()[row], column.type.scale, out);
      break;
    default:
      append_time(column, row, is_nested && style == TextStyle::json, out);
  }
}

}  // namespace

void append_double(double value, std::string& out) { append_java_float(value, out); }
void append_float(float value, std::string& out) { append_java_float(value, out); }

void append_value(const Column& column, std::size_t row, TextStyle style, std::string& out) {
  append(column, row, style, false, out);
}

void append_row(const Batch& batch, std::size_t row, std::string_view separator, std::string& out) {
  for (std::size_t i = 0; i < batch.num_columns(); ++i) {
    if (i != 0) out += separator;
    append(batch.column(i), row, TextStyle::json, false, out);
  }
}

void append_element(const Batch& batch, std::size_t row, std::string& out) {
  if (batch.num_columns() == 1) return append_value(batch.column(0), row, TextStyle::tuple, out);
  out += '(';
  for (std::size_t i = 0; i < batch.num_columns(); ++i) {
    if (i != 0) out += ',';
    append(batch.column(i), row, TextStyle::tuple, true, out);
  }
  out += ')';
}

}  // namespace stream
