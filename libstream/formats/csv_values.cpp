#include <libstream/base/ascii.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/formats/csv_values.hpp>
#include <libstream/formats/line_scanner.hpp>

#include <limits>
#include <optional>

namespace stream {
namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (ascii_lower(c) != lower[i]) return false;
  }
  return true;
}

std::optional<std::uint8_t> read_boolean(std::string_view text) {
  if (equals_ignoring_case(text, "true")) return std::uint8_t{1};
  if (equals_ignoring_case(text, "false")) return std::uint8_t{0};
  return std::nullopt;
}

template <class T, class Parse>
std::optional<T> read_floating(std::string_view text, const CsvValues& values, Parse parse) {
  if (text == values.nan) return std::numeric_limits<T>::quiet_NaN();
  if (text == values.negative_infinity) return -std::numeric_limits<T>::infinity();
  if (text == values.positive_infinity) return std::numeric_limits<T>::infinity();
  return parse(text);
}

template <class T>
std::optional<T> optional_of(Result<T> result) {
  if (!result) return std::nullopt;
  return std::move(result).value();
}

}  // namespace

bool is_csv_type(const DataType& type) {
  switch (type.kind) {
    case TypeKind::null:
    case TypeKind::array:
    case TypeKind::map:
    case TypeKind::structure:
      return false;
    default:
      return true;
  }
}

void CsvColumn::adopt(const BlockRef& block) { builder_.adopt({block}); }

template <class T, class Fields>
void CsvColumn::convert_integers(const Fields& fields, std::span<std::uint16_t> bad,
                                 std::uint16_t mark) {
  const bool has_null_text = !conversion_.values.null_value.empty();
  for (std::size_t row = 0; row < fields.size(); ++row) {
    const FieldText field = fields[row];
    T value = 0;
    if (parse_padded_integer(field.data, field.size, value)) [[likely]] {
      // A number may be the text of null, too.
      if (has_null_text && is_null(field)) {
        builder_.append_null();
      } else {
        builder_.append(value);
      }
      continue;
    }
    if (!is_null(field) && bad[row] == 0) bad[row] = mark;
    builder_.append_null();
  }
}

template <class T>
void CsvColumn::convert_plain_integers(const GridColumn& fields, std::span<std::uint16_t> bad,
                                       std::uint16_t mark) {
  const std::size_t first = builder_.num_rows();
  T* const values = builder_.extend<T>(fields.size());
  for (std::size_t row = 0; row < fields.size(); ++row) {
    const std::size_t size = fields.size_of(row);
    if (parse_integer_before(fields.end_of(row), size, values[row])) [[likely]]
      continue;
    values[row] = 0;
    builder_.set_null(first + row);
    if (size > 0 && bad[row] == 0) bad[row] = mark;
  }
}

template <class Fields, class Read>
void CsvColumn::convert_with(const Fields& fields, std::span<std::uint16_t> bad, std::uint16_t mark,
                             Read read) {
  for (std::size_t row = 0; row < fields.size(); ++row) {
    const FieldText field = fields[row];
    if (is_null(field)) {
      builder_.append_null();
    } else if (const auto value = read(field.view())) {
      builder_.append(*value);
    } else {
      if (bad[row] == 0) bad[row] = mark;
      builder_.append_null();
    }
  }
}

template <class Fields>
void CsvColumn::convert_texts(const Fields& fields) {
  for (std::size_t row = 0; row < fields.size(); ++row) {
    const FieldText field = fields[row];
    if (is_null(field)) {
      builder_.append_null();
    } else if (field.size <= 12) {
      // Field texts have readable bytes behind them: parts of a block or of a padded copy.
      builder_.append(make_line_view(field.data, 0, field.size));
    } else {
      builder_.append_string(field.view());
    }
  }
}

void CsvColumn::convert_plain_texts(const GridColumn& fields, const BlockRef& block) {
  const std::string_view null_value = conversion_.values.null_value;
  const std::size_t first = builder_.num_rows();
  StringView* const views = builder_.extend<StringView>(fields.size());
  std::optional<std::uint32_t> number;
  for (std::size_t row = 0; row < fields.size(); ++row) {
    const FieldText field = fields[row];
    if (field.size == 0 || field.view() == null_value) {
      views[row] = {};
      builder_.set_null(first + row);
      continue;
    }
    const auto offset = static_cast<std::uint32_t>(field.data - block.data());
    views[row] = make_line_view(block.data(), offset, field.size);
    if (field.size > 12) {
      if (!number) number = builder_.point_into(block);
      views[row].outside.block = *number;
    }
  }
}

void CsvColumn::convert(std::span<const FieldText> fields, std::span<std::uint16_t> bad,
                        std::uint16_t mark) {
  convert_fields(fields, bad, mark);
}

void CsvColumn::convert(const GridColumn& fields, const BlockRef& block,
                        std::span<std::uint16_t> bad, std::uint16_t mark) {
  const bool has_null_text = !conversion_.values.null_value.empty();
  switch (builder_.type().kind) {
    case TypeKind::int8:
      if (!has_null_text) return convert_plain_integers<std::int8_t>(fields, bad, mark);
      break;
    case TypeKind::int16:
      if (!has_null_text) return convert_plain_integers<std::int16_t>(fields, bad, mark);
      break;
    case TypeKind::int32:
      if (!has_null_text) return convert_plain_integers<std::int32_t>(fields, bad, mark);
      break;
    case TypeKind::int64:
      if (!has_null_text) return convert_plain_integers<std::int64_t>(fields, bad, mark);
      break;
    case TypeKind::string:
      return convert_plain_texts(fields, block);
    default:
      break;
  }
  convert_fields(fields, bad, mark);
}

template <class Fields>
void CsvColumn::convert_fields(const Fields& fields, std::span<std::uint16_t> bad,
                               std::uint16_t mark) {
  const DataType& type = builder_.type();
  const CsvConversion& by = conversion_;
  switch (type.kind) {
    case TypeKind::boolean:
      return convert_with(fields, bad, mark, read_boolean);
    case TypeKind::int8:
      return convert_integers<std::int8_t>(fields, bad, mark);
    case TypeKind::int16:
      return convert_integers<std::int16_t>(fields, bad, mark);
    case TypeKind::int32:
      return convert_integers<std::int32_t>(fields, bad, mark);
    case TypeKind::int64:
      return convert_integers<std::int64_t>(fields, bad, mark);
    case TypeKind::float32:
      return convert_with(fields, bad, mark, [&](std::string_view text) {
        return read_floating<float>(text, by.values, parse_java_float);
      });
    case TypeKind::float64:
      return convert_with(fields, bad, mark, [&](std::string_view text) {
        return read_floating<double>(text, by.values, parse_java_double);
      });
    case TypeKind::decimal:
      return convert_with(fields, bad, mark, [&](std::string_view text) {
        return by.decimals.read(text, type.precision, type.scale);
      });
    case TypeKind::date:
      return convert_with(fields, bad, mark,
                          [&](std::string_view text) { return by.times.date(text); });
    case TypeKind::timestamp:
      return convert_with(fields, bad, mark,
                          [&](std::string_view text) { return by.times.timestamp(text); });
    case TypeKind::timestamp_ntz:
      return convert_with(fields, bad, mark,
                          [&](std::string_view text) { return by.times.timestamp_ntz(text); });
    case TypeKind::day_time_interval:
      return convert_with(fields, bad, mark, [&](std::string_view text) {
        return optional_of(parse_day_time_interval(text, type));
      });
    case TypeKind::year_month_interval:
      return convert_with(fields, bad, mark, [&](std::string_view text) {
        return optional_of(parse_year_month_interval(text, type));
      });
    case TypeKind::calendar_interval:
      return convert_with(fields, bad, mark, [&](std::string_view text) {
        return optional_of(parse_calendar_interval(text));
      });
    default:
      return convert_texts(fields);
  }
}

}  // namespace stream
