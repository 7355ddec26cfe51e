#include <apps/fraud_detection/cities.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace stream::apps {
namespace {

constexpr std::array<City, 16> kCities = {{
    {"Amsterdam", "NL", 52.37, 4.90},
    {"Berlin", "DE", 52.52, 13.40},
    {"Cairo", "EG", 30.04, 31.24},
    {"Chicago", "US", 41.88, -87.63},
    {"Hamburg", "DE", 53.55, 9.99},
    {"Istanbul", "TR", 41.01, 28.98},
    {"London", "GB", 51.51, -0.13},
    {"Madrid", "ES", 40.42, -3.70},
    {"Munich", "DE", 48.14, 11.58},
    {"Nairobi", "KE", -1.29, 36.82},
    {"Paris", "FR", 48.86, 2.35},
    {"Rome", "IT", 41.90, 12.50},
    {"Sao Paulo", "BR", -23.55, -46.63},
    {"Sydney", "AU", -33.87, 151.21},
    {"Tokyo", "JP", 35.68, 139.69},
    {"Vienna", "AT", 48.21, 16.37},
}};

}  // namespace

std::span<const City> cities() { return kCities; }

const City* find_city(std::string_view name) {
  const auto found = std::lower_bound(
      kCities.begin(), kCities.end(), name,
      [](const City& city, std::string_view wanted) { return city.name < wanted; });
  return found != kCities.end() && found->name == name ? &*found : nullptr;
}

std::int64_t distance_km(const City& from, const City& to) {
  constexpr double kRadian = 3.14159265358979323846 / 180;
  constexpr double kEarthRadiusKm = 6371;
  const double north = std::sin((to.latitude - from.latitude) * kRadian / 2);
  const double east = std::sin((to.longitude - from.longitude) * kRadian / 2);
  const double chord = north * north + std::cos(from.latitude * kRadian) *
                                           std::cos(to.latitude * kRadian) * east * east;
  return std::lround(2 * kEarthRadiusKm * std::asin(std::sqrt(std::min(1.0, chord))));
}

}  // namespace stream::apps
