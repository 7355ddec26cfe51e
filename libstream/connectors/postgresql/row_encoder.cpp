#include <libstream/base/int128.hpp>
#include <libstream/connectors/postgresql/binary_bytes.hpp>
#include <libstream/connectors/postgresql/row_encoder.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/expressions/json_writing.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace stream::postgresql {
namespace {

constexpr std::int32_t kNull = -1;
constexpr char kJsonbVersion = 1;
constexpr std::uint16_t kNegative = 0x4000;

Error out_of_range(std::string_view what) {
  return bad_data(fmt::format("a {} is outside of what PostgreSQL holds", what));
}

/// Moves a date or time to PostgreSQL's epoch; the type's ends mean infinity there.
template <class T>
Result<void> append_time(T value, T epoch, std::string_view what, std::string& out) {
  constexpr T kLeast = std::numeric_limits<T>::min();
  if (value <= kLeast + epoch || value == std::numeric_limits<T>::max()) return out_of_range(what);
  append_number(static_cast<T>(value - epoch), out);
  return {};
}

void append_interval(std::int64_t micros, std::int32_t days, std::int32_t months,
                     std::string& out) {
  append_number(micros, out);
  append_number(days, out);
  append_number(months, out);
}

Result<void> append_day_time(std::int64_t micros, std::string& out) {
  // Toward zero, so that both parts have the same sign.
  const std::int64_t days = micros / kMicrosPerDay;
  append_interval(micros % kMicrosPerDay, static_cast<std::int32_t>(days), 0, out);
  return {};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<void> append_uuid(std::string_view text, std::string& out) {
  constexpr std::size_t kDigits = 32;
  std::size_t num_digits = 0;
  int high = 0;
  std::string bytes;
  for (const char c : text) {
    if (c == '-') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return bad_data("a text is no uuid");
    if (++num_digits % 2 == 1) {
      high = digit;
    } else {
      bytes += static_cast<char>(high * 16 + digit);
    }
  }
  if (num_digits != kDigits) return bad_data("a text is no uuid");
  out += bytes;
  return {};
}

/// Decimal digits of a number, without leading zeros; none for zero.
struct Digits {
  std::array<char, 40> text;
  std::size_t first = 40;

  explicit Digits(UInt128 value) {
    constexpr std::uint64_t kPart = 1'000'000'000'000'000'000ull;
    while (value != 0) {
      auto part = static_cast<std::uint64_t>(value % kPart);
      value /= kPart;
      for (int i = 0; i < 18 && (part != 0 || value != 0); ++i) {
        text[--first] = static_cast<char>(part % 10);
        part /= 10;
      }
    }
  }
  std::size_t size() const { return text.size() - first; }
  /// The digit for 10^exponent.
  int at(std::ptrdiff_t exponent) const {
    if (exponent < 0 || exponent >= static_cast<std::ptrdiff_t>(size())) return 0;
    return text[text.size() - 1 - static_cast<std::size_t>(exponent)];
  }
};

/// The value of an integer column of any width.
std::int64_t integer_at(const Column& column, std::size_t row) {
  switch (column.type.kind) {
    case TypeKind::int8:
      return column.data<std::int8_t>()[row];
    case TypeKind::int16:
      return column.data<std::int16_t>()[row];
    case TypeKind::int32:
      return column.data<std::int32_t>()[row];
    default:
      return column.data<std::int64_t>()[row];
  }
}

void append_integer(std::int64_t value, std::uint32_t to, std::string& out) {
  if (to == oid::kInt2) {
    append_number(static_cast<std::int16_t>(value), out);
  } else if (to == oid::kInt4) {
    append_number(static_cast<std::int32_t>(value), out);
  } else if (to == oid::kInt8) {
    append_number(value, out);
  } else {
    append_numeric(value, 0, out);
  }
}

}  // namespace

void append_numeric(Int128 unscaled, int scale, std::string& out) {
  constexpr std::ptrdiff_t kGroup = 4;
  const bool is_negative = unscaled < 0;
  const auto magnitude = static_cast<UInt128>(unscaled);
  const Digits digits(is_negative ? ~magnitude + 1 : magnitude);
  const auto num_whole =
      std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(digits.size()) - scale, 0);
  const std::ptrdiff_t whole_groups = (num_whole + kGroup - 1) / kGroup;
  const std::ptrdiff_t groups = whole_groups + (scale + kGroup - 1) / kGroup;
  append_number(static_cast<std::int16_t>(groups), out);
  append_number(static_cast<std::int16_t>(whole_groups - 1), out);
  append_number(is_negative ? kNegative : std::uint16_t{0}, out);
  append_number(static_cast<std::int16_t>(scale), out);
  for (std::ptrdiff_t group = 0; group < groups; ++group) {
    // The exponent of the group's last digit, in units of the unscaled value.
    const std::ptrdiff_t last = scale + (whole_groups - 1 - group) * kGroup;
    const int value = digits.at(last + 3) * 1000 + digits.at(last + 2) * 100 +
                      digits.at(last + 1) * 10 + digits.at(last);
    append_number(static_cast<std::int16_t>(value), out);
  }
}

Result<RowEncoder> RowEncoder::make(const Schema& rows, std::vector<ColumnType> targets,
                                    bool with_ordinal) {
  STREAM_TRY(RecordOptions json, RecordOptions::make("to_json", {}, 0, SqlSettings{}));
  return RowEncoder(rows, std::move(targets), std::move(json), with_ordinal);
}

void RowEncoder::append_header(std::string& out) {
  out += kCopySignature;
  append_number(std::int32_t{0}, out);  // flags
  append_number(std::int32_t{0}, out);  // length of the header's extension
}

void RowEncoder::append_trailer(std::string& out) { append_number(std::int16_t{-1}, out); }

Result<void> RowEncoder::append(const Batch& batch, std::size_t first, std::size_t count,
                                std::string& out) {
  const auto num_fields = static_cast<std::int16_t>(targets_.size() + (with_ordinal_ ? 1 : 0));
  for (std::size_t row = first; row < first + count; ++row) {
    append_number(num_fields, out);
    if (with_ordinal_) {
      append_number(static_cast<std::int32_t>(sizeof ordinal_), out);
      append_number(ordinal_++, out);
    }
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const Column& column = batch.column(i);
      if (column.is_null(row) || column.type.kind == TypeKind::null) {
        append_number(kNull, out);
        continue;
      }
      const std::size_t start = out.size();
      append_number(std::int32_t{0}, out);
      if (auto appended = append_value(column, row, i, out); !appended)
        return std::move(appended).error().with_context("column " + rows_.fields[i].name);
      const std::size_t size = out.size() - start - sizeof(std::int32_t);
      if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        return bad_data("column " + rows_.fields[i].name + ": a value is larger than 2 GiB");
      const std::int32_t length = swap_bytes(static_cast<std::int32_t>(size));
      std::memcpy(out.data() + start, &length, sizeof length);
    }
  }
  return {};
}

Result<void> RowEncoder::append_value(const Column& column, std::size_t row, std::size_t index,
                                      std::string& out) const {
  const std::uint32_t to = targets_[index].oid;
  switch (column.type.kind) {
    case TypeKind::structure:
    case TypeKind::map:
    case TypeKind::variant:
      append_document(column, row, to, out);
      return {};
    case TypeKind::array:
      if (to == oid::kJsonb || to == oid::kJson) {
        append_document(column, row, to, out);
        return {};
      }
      return append_array(column, row, element_of_oid(to), out);
    default:
      return append_scalar(column, row, to, out);
  }
}

Result<void> RowEncoder::append_scalar(const Column& column, std::size_t row, std::uint32_t to,
                                       std::string& out) const {
  switch (column.type.kind) {
    case TypeKind::boolean:
      out += column.data<char>()[row] != 0 ? '\1' : '\0';
      return {};
    case TypeKind::int8:
    case TypeKind::int16:
    case TypeKind::int32:
    case TypeKind::int64:
      append_integer(integer_at(column, row), to, out);
      return {};
    case TypeKind::float32: {
      const float value = column.data<float>()[row];
      if (to == oid::kFloat8)
        append_number(std::bit_cast<std::int64_t>(static_cast<double>(value)), out);
      else
        append_number(std::bit_cast<std::int32_t>(value), out);
      return {};
    }
    case TypeKind::float64:
      append_number(column.data<std::int64_t>()[row], out);
      return {};
    case TypeKind::string:
      return append_text(column.string_at(row), to, out);
    case TypeKind::binary:
      out += column.string_at(row);
      return {};
    case TypeKind::decimal:
      append_numeric(column.data<Int128>()[row], column.type.scale, out);
      return {};
    case TypeKind::date:
      return append_time(column.data<std::int32_t>()[row], static_cast<std::int32_t>(kEpochDays),
                         "date", out);
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
      return append_time(column.data<std::int64_t>()[row], kEpochMicros, "timestamp", out);
    case TypeKind::day_time_interval:
      return append_day_time(column.data<std::int64_t>()[row], out);
    case TypeKind::year_month_interval:
      append_interval(0, 0, column.data<std::int32_t>()[row], out);
      return {};
    case TypeKind::calendar_interval: {
      const CalendarInterval& interval = column.data<CalendarInterval>()[row];
      append_interval(interval.micros, interval.days, interval.months, out);
      return {};
    }
    default:
      return fatal("a nested value where a plain one was expected");
  }
}

Result<void> RowEncoder::append_text(std::string_view text, std::uint32_t to,
                                     std::string& out) const {
  if (to == oid::kUuid) return append_uuid(text, out);
  if (text.find('\0') != std::string_view::npos)
    return bad_data("a text holds a zero byte, which PostgreSQL's texts cannot");
  if (to == oid::kJsonb) out += kJsonbVersion;
  out += text;
  return {};
}

Result<void> RowEncoder::append_array(const Column& column, std::size_t row, std::uint32_t element,
                                      std::string& out) const {
  const std::int64_t* offsets = column.data<std::int64_t>() + row;
  const auto first = static_cast<std::size_t>(offsets[0]);
  const auto end = static_cast<std::size_t>(offsets[1]);
  const Column& child = column.children[0];
  append_number(std::int32_t{end > first ? 1 : 0}, out);  // dimensions
  append_number(std::int32_t{child.validity ? 1 : 0}, out);
  append_number(element, out);
  if (end == first) return {};
  append_number(static_cast<std::int32_t>(end - first), out);
  append_number(std::int32_t{1}, out);  // lower bound
  for (std::size_t i = first; i < end; ++i) {
    if (child.is_null(i) || child.type.kind == TypeKind::null) {
      append_number(kNull, out);
      continue;
    }
    const std::size_t start = out.size();
    append_number(std::int32_t{0}, out);
    STREAM_TRY(append_scalar(child, i, element, out));
    const auto length =
        swap_bytes(static_cast<std::int32_t>(out.size() - start - sizeof(std::int32_t)));
    std::memcpy(out.data() + start, &length, sizeof length);
  }
  return {};
}

void RowEncoder::append_document(const Column& column, std::size_t row, std::uint32_t to,
                                 std::string& out) const {
  if (to == oid::kJsonb) out += kJsonbVersion;
  if (column.type.kind == TypeKind::variant) {
    out += column.string_at(row);
    return;
  }
  append_json(column, row, json_, {.leaves_out_nulls = false, .is_pretty = false}, out);
}

}  // namespace stream::postgresql
