#define XXH_INLINE_ALL
#include <libstream/base/check.hpp>
#include <libstream/expressions/functions/spark_hash.hpp>

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace stream {
namespace {

template <class T>
std::uint64_t hash_bits(T value, std::uint64_t seed) {
  return XXH64(&value, sizeof value, seed);
}

template <class T>
T normal_float(T value) {
  return std::isnan(value) ? std::numeric_limits<T>::quiet_NaN() : value + T{0};
}

/// Small decimals hash as a long, others as the shortest two's complement, highest byte first.
std::uint64_t hash_decimal(Int128 value, int precision, std::uint64_t seed) {
  constexpr int kMaxLongDigits = 18;
  if (precision <= kMaxLongDigits) return hash_bits(static_cast<std::int64_t>(value), seed);
  unsigned char bytes[sizeof(Int128)];
  for (std::size_t i = 0; i < sizeof bytes; ++i)
    bytes[sizeof bytes - 1 - i] = static_cast<unsigned char>(value >> (8 * i));
  std::size_t first = 0;
  const unsigned char sign = value < 0 ? 0xff : 0;
  while (first + 1 < sizeof bytes && bytes[first] == sign &&
         ((bytes[first + 1] ^ sign) & 0x80) == 0)
    ++first;
  return XXH64(bytes + first, sizeof bytes - first, seed);
}

}  // namespace

std::uint64_t spark_xxhash64(const Column& column, std::size_t row, std::uint64_t seed) {
  if (column.is_null(row)) return seed;
  switch (column.type.kind) {
    case TypeKind::null:
      return seed;
    case TypeKind::boolean:
      return hash_bits(static_cast<std::int32_t>(column.data<std::uint8_t>()[row]), seed);
    case TypeKind::int8:
      return hash_bits(static_cast<std::int32_t>(column.data<std::int8_t>()[row]), seed);
    case TypeKind::int16:
      return hash_bits(static_cast<std::int32_t>(column.data<std::int16_t>()[row]), seed);
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return hash_bits(column.data<std::int32_t>()[row], seed);
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return hash_bits(column.data<std::int64_t>()[row], seed);
    case TypeKind::float32:
      return hash_bits(normal_float(column.data<float>()[row]), seed);
    case TypeKind::float64:
      return hash_bits(normal_float(column.data<double>()[row]), seed);
    case TypeKind::decimal:
      return hash_decimal(column.data<Int128>()[row], column.type.precision, seed);
    case TypeKind::calendar_interval: {
      const CalendarInterval& interval = column.data<CalendarInterval>()[row];
      return hash_bits(interval.months, hash_bits(interval.days, hash_bits(interval.micros, seed)));
    }
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant: {
      const std::string_view text = column.string_at(row);
      return XXH64(text.data(), text.size(), seed);
    }
    case TypeKind::array:
    case TypeKind::map: {
      const std::int64_t* offsets = column.data<std::int64_t>();
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
        for (const Column& child : column.children)
          seed = spark_xxhash64(child, static_cast<std::size_t>(i), seed);
      }
      return seed;
    }
    case TypeKind::structure:
      for (const Column& child : column.children) seed = spark_xxhash64(child, row, seed);
      return seed;
  }
  STREAM_UNREACHABLE("type kind");
}

}  // namespace stream
