#include <libstream/expressions/functions/jvm_order.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>

namespace stream {
namespace {

std::uint32_t mix_key(std::uint32_t key) { return std::rotl(key * 0xcc9e2d51u, 15) * 0x1b873593u; }
std::uint32_t mix_hash(std::uint32_t hash, std::uint32_t key) {
  return std::rotl(hash ^ key, 13) * 5 + 0xe6546b64u;
}
std::uint32_t finish(std::uint32_t hash, std::uint32_t length) {
  hash ^= length;
  hash ^= hash >> 16;
  hash *= 0x85ebca6bu;
  hash ^= hash >> 13;
  hash *= 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

/// UTF8String.hashCode: Murmur3 of the bytes with seed 42, the last ones each as a word.
std::uint32_t hash_text(std::string_view text) {
  std::uint32_t hash = 42;
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, text.data() + i, 4);
    hash = mix_hash(hash, mix_key(word));
  }
  for (; i < text.size(); ++i) {
    const auto byte =
        static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<signed char>(text[i])));
    hash = mix_hash(hash, mix_key(byte));
  }
  return finish(hash, static_cast<std::uint32_t>(text.size()));
}

std::uint32_t hash_long(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return static_cast<std::uint32_t>(bits ^ (bits >> 32));
}

std::uint32_t hash_double(double value) {
  if (std::isnan(value)) return 0x7ff80000u;
  return hash_long(std::bit_cast<std::int64_t>(value));
}

/// Java's hashCode of the boxed value; with `is_scala` Scala's ##, by which equal numbers of
/// different types are equal. nullopt: not followed.
std::optional<std::uint32_t> hash_of(const Value& value, TypeKind kind, bool is_scala) {
  switch (kind) {
    case TypeKind::boolean:
      return value.as<bool>() ? 1231u : 1237u;
    case TypeKind::int8:
      return static_cast<std::uint32_t>(value.as<std::int8_t>());
    case TypeKind::int16:
      return static_cast<std::uint32_t>(value.as<std::int16_t>());
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return static_cast<std::uint32_t>(value.as<std::int32_t>());
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval: {
      const auto number = value.as<std::int64_t>();
      const auto narrow = static_cast<std::int32_t>(number);
      if (is_scala && narrow == number) return static_cast<std::uint32_t>(narrow);
      return hash_long(number);
    }
    case TypeKind::float32:
    case TypeKind::float64: {
      const bool is_float = kind == TypeKind::float32;
      const double number = is_float ? static_cast<double>(value.as<float>()) : value.as<double>();
      if (is_scala && std::abs(number) < 2147483648.0 && number == std::trunc(number))
        return static_cast<std::uint32_t>(static_cast<std::int32_t>(number));
      if (is_float && !is_scala) return std::bit_cast<std::uint32_t>(value.as<float>());
      return hash_double(number);
    }
    case TypeKind::string:
      return hash_text(value.as<std::string>());
    default:
      return std::nullopt;
  }
}

std::vector<std::size_t> places(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

std::optional<std::vector<std::uint32_t>> hashes_of(std::span<const Value> values, TypeKind kind,
                                                    bool is_scala) {
  std::vector<std::uint32_t> hashes;
  for (const Value& value : values) {
    const std::optional<std::uint32_t> hash = hash_of(value, kind, is_scala);
    if (!hash) return std::nullopt;
    hashes.push_back(*hash);
  }
  return hashes;
}

}  // namespace

std::vector<std::size_t> scala_set_order(std::span<const Value> values, const DataType& type) {
  std::vector<std::size_t> order = places(values.size());
  auto hashes = hashes_of(values, type.kind, true);
  if (!hashes) return order;
  for (std::uint32_t& hash : *hashes) hash ^= hash >> 16;
  // The table doubles when three quarters full; in a bucket entries stand in the order of hashes.
  std::size_t num_buckets = 16;
  while (values.size() >= num_buckets * 3 / 4) num_buckets *= 2;
  const auto mask = static_cast<std::uint32_t>(num_buckets - 1);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::uint32_t left = (*hashes)[a];
    const std::uint32_t right = (*hashes)[b];
    if ((left & mask) != (right & mask)) return (left & mask) < (right & mask);
    return static_cast<std::int32_t>(left) < static_cast<std::int32_t>(right);
  });
  return order;
}

std::vector<std::size_t> open_hash_map_order(std::span<const Value> values, const DataType& type) {
  const auto hashes = hashes_of(values, type.kind, false);
  if (!hashes) return places(values.size());
  // Open addressing with steps 1, 2, 3, …; doubles when seven tenths full.
  constexpr std::size_t kFree = static_cast<std::size_t>(-1);
  std::vector<std::size_t> table(64, kFree);
  const auto insert = [&hashes](std::vector<std::size_t>& into, std::size_t value) {
    const std::size_t mask = into.size() - 1;
    std::size_t place = finish(mix_hash(0, mix_key((*hashes)[value])), 4) & mask;
    for (std::size_t step = 1; into[place] != kFree; ++step) place = (place + step) & mask;
    into[place] = value;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    insert(table, i);
    if ((i + 1) * 10 <= table.size() * 7) continue;
    std::vector<std::size_t> larger(table.size() * 2, kFree);
    for (const std::size_t value : table) {
      if (value != kFree) insert(larger, value);
    }
    table = std::move(larger);
  }
  std::erase(table, kFree);
  return table;
}

}  // namespace stream
