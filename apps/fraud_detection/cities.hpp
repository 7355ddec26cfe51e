// The cities that payments come from: country and place on the globe. Pure, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace stream::apps {

struct City {
  std::string_view name;
  std::string_view country;
  double latitude;  ///< degrees
  double longitude;
};

/// Sorted by name.
std::span<const City> cities();
/// nullptr: not known.
const City* find_city(std::string_view name);
/// Along the great circle.
std::int64_t distance_km(const City& from, const City& to);

}  // namespace stream::apps
