#include <libstream/data/narrow_integers.hpp>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace stream {
namespace {

/// Calls `use` with a zero of the signed integer type of `width` bytes.
template <class Use>
auto with_integer(std::size_t width, Use use) {
  switch (width) {
    case 1:
      return use(std::int8_t{});
    case 2:
      return use(std::int16_t{});
    case 4:
      return use(std::int32_t{});
    default:
      return use(std::int64_t{});
  }
}

/// Calls `use` with zeros of the unsigned types of values and of distances, which are narrower.
template <class Use>
void with_types(std::size_t value_width, std::size_t width, Use use) {
  with_integer(value_width, [&]<class Value>(Value) {
    with_integer(width, [&]<class Distance>(Distance) {
      if constexpr (sizeof(Distance) < sizeof(Value))
        use(std::make_unsigned_t<Value>{}, std::make_unsigned_t<Distance>{});
    });
  });
}

// Column buffers and places in a frame: the former are aligned, the latter are not.
template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
struct Range {
  T least;
  T greatest;
};

template <class T>
[[gnu::always_inline]] inline Range<T> range_of(const char* values, std::size_t count) {
  T least = load<T>(values);
  T greatest = least;
  for (std::size_t i = 0; i < count; ++i) {
    const T value = load<T>(values + i * sizeof(T));
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  return {least, greatest};
}

#if defined(__x86_64__)

const bool kHasAvx2 = __builtin_cpu_supports("avx2") > 0;

/// Half the time of the other: SSE has neither a minimum of 64 bits nor the room for it.
template <class T>
[[gnu::target("avx2")]] Range<T> range_avx2(const char* values, std::size_t count) {
  return range_of<T>(values, count);
}

#endif

template <class T>
Range<T> fast_range_of(const char* values, std::size_t count) {
#if defined(__x86_64__)
  if (kHasAvx2) return range_avx2<T>(values, count);
#endif
  return range_of<T>(values, count);
}

}  // namespace

std::size_t narrowest_width(std::uint64_t range) {
  if (range <= 0xff) return 1;
  if (range <= 0xffff) return 2;
  return range <= 0xffffffff ? 4 : 8;
}

NarrowIntegers NarrowIntegers::of(const char* values, std::size_t width, std::size_t count) {
  if (count == 0 || width == 1) return {0, width};
  return with_integer(width, [&](auto zero) {
    using T = decltype(zero);
    const auto [least, greatest] = fast_range_of<T>(values, count);
    const auto from = static_cast<std::uint64_t>(static_cast<std::int64_t>(least));
    const auto to = static_cast<std::uint64_t>(static_cast<std::int64_t>(greatest));
    return NarrowIntegers{from, std::min(width, narrowest_width(to - from))};
  });
}

void NarrowIntegers::write(const char* values, std::size_t value_width, std::size_t count,
                           std::string& out) const {
  if (width == value_width) {
    out.append(values, count * width);
    return;
  }
  const std::size_t begin = out.size();
  out.resize(begin + count * width);
  char* into = out.data() + begin;
  with_types(value_width, width, [&]<class Value, class Distance>(Value, Distance) {
    const auto base = static_cast<Value>(least);
    for (std::size_t i = 0; i < count; ++i) {
      const auto distance = static_cast<Distance>(load<Value>(values + i * sizeof(Value)) - base);
      std::memcpy(into + i * sizeof distance, &distance, sizeof distance);
    }
  });
}

void NarrowIntegers::read(const char* distances, std::size_t value_width, std::size_t count,
                          char* values) const {
  if (width == value_width) {
    if (count > 0) std::memcpy(values, distances, count * width);
    return;
  }
  with_types(value_width, width, [&]<class Value, class Distance>(Value, Distance) {
    const auto base = static_cast<Value>(least);
    for (std::size_t i = 0; i < count; ++i) {
      const auto value =
          static_cast<Value>(base + load<Distance>(distances + i * sizeof(Distance)));
      std::memcpy(values + i * sizeof value, &value, sizeof value);
    }
  });
}

}  // namespace stream
