#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/formats/scalar_text.hpp>

#include <fmt/format.h>

#include <iterator>

namespace stream {

void append_java_decimal(Int128 unscaled, int scale, std::string& out) {
  std::string digits;
  append_decimal(unscaled < 0 ? -unscaled : unscaled, 0, digits);
  const int adjusted = static_cast<int>(digits.size()) - 1 - scale;
  if (adjusted >= -6) return append_decimal(unscaled, scale, out);
  if (unscaled < 0) out += '-';
  out += digits[0];
  if (digits.size() > 1) out.append(".").append(digits, 1);
  fmt::format_to(std::back_inserter(out), "E{}", adjusted);
}

void append_scalar(const Column& column, std::size_t row, const TimeWriter& times,
                   std::string& out) {
  const auto integer = [&](auto value) { out += fmt::format_int(value).c_str(); };
  const DataType& type = column.type;
  switch (type.kind) {
    case TypeKind::boolean:
      out += column.data<std::uint8_t>()[row] != 0 ? "true" : "false";
      return;
    case TypeKind::int8:
      return integer(int{column.data<std::int8_t>()[row]});
    case TypeKind::int16:
      return integer(int{column.data<std::int16_t>()[row]});
    case TypeKind::int32:
      return integer(column.data<std::int32_t>()[row]);
    case TypeKind::int64:
      return integer(column.data<std::int64_t>()[row]);
    case TypeKind::float32:
      return append_float(column.data<float>()[row], out);
    case TypeKind::float64:
      return append_double(column.data<double>()[row], out);
    case TypeKind::decimal:
      return append_java_decimal(column.data<Int128>()[row], type.scale, out);
    case TypeKind::date:
      return times.append_date(column.data<std::int32_t>()[row], out);
    case TypeKind::timestamp:
      return times.append_timestamp(column.data<std::int64_t>()[row], out);
    case TypeKind::timestamp_ntz:
      return times.append_timestamp_ntz(column.data<std::int64_t>()[row], out);
    case TypeKind::day_time_interval:
      return append_day_time_interval(column.data<std::int64_t>()[row], type, out);
    case TypeKind::year_month_interval:
      return append_year_month_interval(column.data<std::int32_t>()[row], type, out);
    case TypeKind::calendar_interval:
      return append_calendar_interval(column.data<CalendarInterval>()[row], out);
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      out += column.string_at(row);
      return;
    case TypeKind::null:
    case TypeKind::array:
    case TypeKind::map:
    case TypeKind::structure:
      return;
  }
}

}  // namespace stream
