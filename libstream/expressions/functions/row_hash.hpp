// Spark's hashes of values: hash() is Murmur3 of 32 bits, xxhash64() is XXH64, both started
// with 42. Equal to Spark bit for bit over every type, so that partitions and sketches agree. Any
// thread.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/expressions/evaluate.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace stream {

inline constexpr std::int32_t kHashSeed = 42;

std::int32_t murmur3_bytes(std::string_view bytes, std::int32_t seed);
std::int32_t murmur3_int(std::int32_t value, std::int32_t seed);
std::int32_t murmur3_long(std::int64_t value, std::int32_t seed);

/// The hash of row `row`, started with `seed`; a null gives back the seed.
std::int32_t murmur3_value(const Column& column, std::size_t row, std::int32_t seed);
std::int64_t xxhash64_value(const Column& column, std::size_t row, std::int64_t seed);

/// hashes[i] goes in as the seed and comes out as the hash of row i.
void murmur3_rows(const Operand& operand, std::span<std::int32_t> hashes);
void xxhash64_rows(const Operand& operand, std::span<std::int64_t> hashes);

}  // namespace stream
