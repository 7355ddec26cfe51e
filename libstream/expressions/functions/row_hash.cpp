#include <libstream/base/check.hpp>
#include <libstream/expressions/functions/row_hash.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string>

namespace stream {

namespace {

std::uint32_t mix_k(std::uint32_t k) { return std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; }
std::uint32_t mix_h(std::uint32_t h, std::uint32_t k) {
  return std::rotl(h ^ k, 13) * 5 + 0xe6546b64u;
}
std::int32_t finish(std::uint32_t h, std::uint32_t length) {
  h ^= length;
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  h ^= h >> 16;
  return static_cast<std::int32_t>(h);
}

/// Java's BigInteger.toByteArray: two's complement, big-endian, as short as can be.
std::string big_integer_bytes(Int128 value) {
  std::string bytes(16, '\0');
  for (std::size_t i = 16; i-- > 0; value >>= 8)
    bytes[i] = static_cast<char>(static_cast<unsigned char>(value & 0xff));
  std::size_t begin = 0;
  const char fill = (bytes[0] & 0x80) != 0 ? '\xff' : '\0';
  while (begin < 15 && bytes[begin] == fill && ((bytes[begin + 1] ^ fill) & 0x80) == 0) ++begin;
  return bytes.substr(begin);
}

std::int32_t float_bits(float value) {
  if (std::isnan(value)) return 0x7fc00000;
  return value == 0 ? 0 : std::bit_cast<std::int32_t>(value);
}
std::int64_t double_bits(double value) {
  if (std::isnan(value)) return 0x7ff8000000000000;
  return value == 0 ? 0 : std::bit_cast<std::int64_t>(value);
}

struct Murmur3 {
  using Seed = std::int32_t;
  static Seed of_int(std::int32_t value, Seed seed) { return murmur3_int(value, seed); }
  static Seed of_long(std::int64_t value, Seed seed) { return murmur3_long(value, seed); }
  static Seed of_bytes(std::string_view bytes, Seed seed) { return murmur3_bytes(bytes, seed); }
};

struct XxHash64 {
  using Seed = std::int64_t;
  static Seed of_bytes(std::string_view bytes, Seed seed) {
    return static_cast<Seed>(XXH64(bytes.data(), bytes.size(), static_cast<std::uint64_t>(seed)));
  }
  static Seed of_int(std::int32_t value, Seed seed) {
    return of_bytes({reinterpret_cast<const char*>(&value), sizeof value}, seed);
  }
  static Seed of_long(std::int64_t value, Seed seed) {
    return of_bytes({reinterpret_cast<const char*>(&value), sizeof value}, seed);
  }
};

template <class Hash>
typename Hash::Seed hash_value(const Column& column, std::size_t row, typename Hash::Seed seed) {
  if (column.is_null(row)) return seed;
  switch (column.type.kind) {
    case TypeKind::null:
      return seed;
    case TypeKind::boolean:
    case TypeKind::int8:
      return Hash::of_int(column.data<std::int8_t>()[row], seed);
    case TypeKind::int16:
      return Hash::of_int(column.data<std::int16_t>()[row], seed);
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return Hash::of_int(column.data<std::int32_t>()[row], seed);
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return Hash::of_long(column.data<std::int64_t>()[row], seed);
    case TypeKind::float32:
      return Hash::of_int(float_bits(column.data<float>()[row]), seed);
    case TypeKind::float64:
      return Hash::of_long(double_bits(column.data<double>()[row]), seed);
    case TypeKind::decimal: {
      const Int128 value = column.data<Int128>()[row];
      if (column.type.precision <= 18) return Hash::of_long(static_cast<std::int64_t>(value), seed);
      return Hash::of_bytes(big_integer_bytes(value), seed);
    }
    case TypeKind::calendar_interval: {
      const CalendarInterval& value = column.data<CalendarInterval>()[row];
      return Hash::of_int(value.months,
                          Hash::of_int(value.days, Hash::of_long(value.micros, seed)));
    }
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      return Hash::of_bytes(column.string_at(row), seed);
    case TypeKind::array:
    case TypeKind::map: {
      const std::int64_t* offsets = column.data<std::int64_t>();
      for (auto i = static_cast<std::size_t>(offsets[row]);
           i < static_cast<std::size_t>(offsets[row + 1]); ++i)
        for (const Column& child : column.children) seed = hash_value<Hash>(child, i, seed);
      return seed;
    }
    case TypeKind::structure:
      for (const Column& child : column.children) seed = hash_value<Hash>(child, row, seed);
      return seed;
  }
  STREAM_UNREACHABLE("type kind");
}

}  // namespace

std::int32_t murmur3_int(std::int32_t value, std::int32_t seed) {
  return finish(mix_h(static_cast<std::uint32_t>(seed), mix_k(static_cast<std::uint32_t>(value))),
                4);
}

std::int32_t murmur3_long(std::int64_t value, std::int32_t seed) {
  const auto bits = static_cast<std::uint64_t>(value);
  std::uint32_t h =
      mix_h(static_cast<std::uint32_t>(seed), mix_k(static_cast<std::uint32_t>(bits)));
  h = mix_h(h, mix_k(static_cast<std::uint32_t>(bits >> 32)));
  return finish(h, 8);
}

/// Spark's own form: each byte behind the last whole word is mixed in like a word.
std::int32_t murmur3_bytes(std::string_view bytes, std::int32_t seed) {
  auto h = static_cast<std::uint32_t>(seed);
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + at, 4);
    h = mix_h(h, mix_k(word));
  }
  for (; at < bytes.size(); ++at) {
    const int byte = static_cast<signed char>(bytes[at]);
    h = mix_h(h, mix_k(static_cast<std::uint32_t>(byte)));
  }
  return finish(h, static_cast<std::uint32_t>(bytes.size()));
}

std::int32_t murmur3_value(const Column& column, std::size_t row, std::int32_t seed) {
  return hash_value<Murmur3>(column, row, seed);
}
std::int64_t xxhash64_value(const Column& column, std::size_t row, std::int64_t seed) {
  return hash_value<XxHash64>(column, row, seed);
}

void murmur3_rows(const Operand& operand, std::span<std::int32_t> hashes) {
  for (std::size_t row = 0; row < hashes.size(); ++row)
    hashes[row] = murmur3_value(operand.column, operand.index(row), hashes[row]);
}
void xxhash64_rows(const Operand& operand, std::span<std::int64_t> hashes) {
  for (std::size_t row = 0; row < hashes.size(); ++row)
    hashes[row] = xxhash64_value(operand.column, operand.index(row), hashes[row]);
}

}  // namespace stream
