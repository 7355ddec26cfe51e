#include <libstream/base/unique_id.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <random>

namespace stream {

std::string make_unique_id() {
  std::random_device device;
  const auto word = [&] { return (std::uint64_t{device()} << 32) | device(); };
  const std::uint64_t high = (word() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (word() & ~(3ULL << 62)) | (2ULL << 62);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffffULL);
}

}  // namespace stream
