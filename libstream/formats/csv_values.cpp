#include <libstream/base/ascii.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/formats/csv_values.hpp>
#include <libstream/formats/line_scanner.hpp>

#include <limits>
#include <optional>

#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

namespace stream {
namespace {

constexpr int kMostRuns = 8;  ///< of a group of rows

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

#if defined(__SSE4_1__)

const bool kHasAvx2 = __builtin_cpu_supports("avx2") > 0;

/// Reads fields from `row` on, two at a time, as long as they are 1 to 16 digits and in range; the
/// row where it ends. The steps are those of parse_integer_before without a sign, which costs as
/// much as all digits.
template <class T>
[[gnu::target("avx2")]] std::size_t parse_unsigned_pairs(const GridColumn& fields, std::size_t row,
                                                         T* values) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  for (; row + 1 < fields.size(); row += 2) {
    const std::size_t count[2] = {fields.size_of(row), fields.size_of(row + 1)};
    if (count[0] - 1 >= 16 || count[1] - 1 >= 16) return row;
    const auto* last = reinterpret_cast<const __m128i*>(fields.end_of(row) - 16);
    const auto* next_last = reinterpret_cast<const __m128i*>(fields.end_of(row + 1) - 16);
    const auto* mask = reinterpret_cast<const __m128i*>(detail::kLastBytes + count[0]);
    const auto* next_mask = reinterpret_cast<const __m128i*>(detail::kLastBytes + count[1]);
    const __m256i digits = _mm256_and_si256(
        _mm256_sub_epi8(_mm256_loadu2_m128i(next_last, last), _mm256_set1_epi8('0')),
        _mm256_loadu2_m128i(next_mask, mask));
    const __m256i over = _mm256_subs_epu8(digits, _mm256_set1_epi8(9));
    if (!_mm256_testz_si256(over, over)) return row;
    const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a));
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00010064));
    const __m256i packed = _mm256_packus_epi32(fours, fours);
    const __m256i eights = _mm256_madd_epi16(packed, _mm256_set1_epi32(0x00012710));
    const __m256i numbers = _mm256_add_epi64(
        _mm256_mul_epu32(eights, _mm256_set1_epi64x(100'000'000)), _mm256_srli_epi64(eights, 32));
    const auto first = static_cast<std::uint64_t>(_mm256_extract_epi64(numbers, 0));
    const auto second = static_cast<std::uint64_t>(_mm256_extract_epi64(numbers, 2));
    if (first > kMax || second > kMax) return row;
    values[row] = static_cast<T>(first);
    values[row + 1] = static_cast<T>(second);
  }
  return row;
}

#else

constexpr bool kHasAvx2 = false;
template <class T>
std::size_t parse_unsigned_pairs(const GridColumn&, std::size_t row, T*) {
  return row;
}

#endif

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
  // Where signs or blanks are many, looking for runs of numbers without them only costs.
  int runs_left = kHasAvx2 ? kMostRuns : 0;
  for (std::size_t row = 0; row < fields.size(); ++row) {
    if (runs_left > 0) {
      --runs_left;
      row = parse_unsigned_pairs(fields, row, values);
      if (row == fields.size()) return;
    }
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
