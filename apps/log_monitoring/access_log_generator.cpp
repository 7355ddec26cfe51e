#include <apps/log_monitoring/access_log_generator.hpp>
#include <apps/log_monitoring/log_line.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string_view>

namespace stream::apps {
namespace {

constexpr std::array<std::string_view, 20> kPaths = {
    "/",           "/index.html", "/search",      "/api/items",    "/login",      "/cart",
    "/api/prices", "/about",      "/images/logo", "/app.js",       "/style.css",  "/checkout",
    "/help",       "/api/users",  "/images/top",  "/news/archive", "/robots.txt", "/feed.xml",
    "/account",    "/api/orders"};
constexpr std::array<std::string_view, 4> kAgents = {
    "Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (Windows NT 10.0; Win64)", "curl/8.5.0",
    "Mozilla/5.0 (compatible; ExampleBot/2.1)"};
constexpr std::uint64_t kBurstPeriod = 5000;
constexpr std::uint64_t kBurstLines = 200;
constexpr unsigned kNumClients = 400;

/// Splitmix64 of the index: numbers that look random and can be asked for in any order.
class Numbers {
 public:
  explicit Numbers(std::uint64_t index) : state_(index * 0x9e37'79b9'7f4a'7c15U + 1) {}
  std::uint64_t next() {
    state_ += 0x9e37'79b9'7f4a'7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11ebU;
    return mixed ^ (mixed >> 31);
  }
  /// In [0, 1).
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Rank 0…n-1, rank r about as often as 1 / (r + 1): the inverse of the harmonic sum's integral.
  std::size_t zipf(std::size_t n) {
    const double rank = std::exp(share() * std::log(static_cast<double>(n) + 1.0)) - 1.0;
    return std::min(static_cast<std::size_t>(rank), n - 1);
  }

 private:
  std::uint64_t state_;
};

int status_of(std::uint64_t index, Numbers& numbers) {
  const bool is_burst = index % kBurstPeriod < kBurstLines;
  const double share = numbers.share();
  if (share < (is_burst ? 0.5 : 0.01)) return share < 0.006 ? 500 : 503;
  const double other = numbers.share();
  if (other < 0.86) return 200;
  if (other < 0.91) return 304;
  if (other < 0.94) return 302;
  return other < 0.99 ? 404 : 403;
}

std::string access_time(EpochMillis time) {
  using namespace std::chrono;
  const sys_seconds second = floor<seconds>(sys_time<milliseconds>(milliseconds(time)));
  const year_month_day date(floor<days>(second));
  const hh_mm_ss clock(second - floor<days>(second));
  return fmt::format("{:02}/{}/{}:{:02}:{:02}:{:02} +0000", unsigned(date.day()),
                     kMonths[unsigned(date.month()) - 1], int(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::string generated_access_line(std::uint64_t index, EpochMillis time) {
  Numbers numbers(index);
  const auto client = static_cast<unsigned>(numbers.zipf(kNumClients));
  const auto path = kPaths[numbers.zipf(kPaths.size())];
  const int status = status_of(index, numbers);
  const auto method = numbers.share() < 0.9 ? "GET" : "POST";
  const auto bytes = status == 304 ? 0 : 200 + numbers.next() % 40'000;
  const auto agent = kAgents[numbers.zipf(kAgents.size())];
  // Every 16th client has an IPv6 address.
  const auto host = client % 16 == 15
                        ? fmt::format("2001:db8::{:x}", client)
                        : fmt::format("10.{}.{}.{}", client % 7, client / 100, client % 100 + 1);
  auto line = fmt::format("{} - - [{}] \"{} {} HTTP/1.1\" {} {} \"-\" \"{}\"", host,
                          access_time(time), method, path, status, bytes, agent);
  // Cut in the middle of the request, as by a full disk.
  if (numbers.share() < 0.005) line.resize(line.find('"') + 4);
  return line;
}

}  // namespace stream::apps
