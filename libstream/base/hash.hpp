// The one hash of the project, stable for ever: key groups and checksums on disk depend on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace stream {

/// XXH3, 64 bits. Checksums of files and frames; hashes of strings.
std::uint64_t hash_bytes(const void* data, std::size_t size);
inline std::uint64_t hash_bytes(std::string_view text) {
  return hash_bytes(text.data(), text.size());
}

/// Mixes a 64-bit value (splitmix64's finaliser); used for fixed-width keys.
constexpr std::uint64_t hash_integer(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

/// Combines the hash of a further field into `seed`; order counts.
constexpr std::uint64_t hash_combine(std::uint64_t seed, std::uint64_t hash) {
  return hash_integer(seed * 0x9ddfea08eb382d69ULL + hash);
}

}  // namespace stream
