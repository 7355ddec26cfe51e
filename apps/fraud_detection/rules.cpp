#include <apps/fraud_detection/cities.hpp>
#include <apps/fraud_detection/rules.hpp>

#include <fmt/format.h>

#include <cmath>

namespace stream::apps {
namespace {

void remember(CardHistory& history, const CardPayment& payment, bool is_unusual) {
  const std::int64_t millis = payment.time.millis();
  history.last_millis = millis;
  if (history.recent.size() + 1 >= RuleLimits::kVelocityPayments)
    history.recent.erase(history.recent.begin());
  history.recent.push_back(millis);
  if (!is_unusual) {
    ++history.count;
    history.sum += payment.cents;
    history.squares += payment.cents * payment.cents;
  }
  if (!payment.online) {
    history.city = payment.city;
    history.city_millis = millis;
  }
}

}  // namespace

Finding find_velocity(const CardHistory& history, const CardPayment& payment) {
  if (history.recent.size() + 1 < RuleLimits::kVelocityPayments) return std::nullopt;
  const std::int64_t millis = payment.time.millis() - history.recent.front();
  if (millis > RuleLimits::kVelocityMillis) return std::nullopt;
  return fmt::format("{} payments in {} s", history.recent.size() + 1, millis / 1000);
}

Finding find_travel(const CardHistory& history, const CardPayment& payment) {
  if (payment.online || history.city.empty() || history.city == payment.city) return std::nullopt;
  const City* from = find_city(history.city);
  const City* to = find_city(payment.city);
  if (!from || !to) return std::nullopt;
  const std::int64_t km = distance_km(*from, *to);
  const std::int64_t millis = payment.time.millis() - history.city_millis;
  constexpr std::int64_t kMillisPerHour = 3'600'000;
  if (km < RuleLimits::kTravelKm || km * kMillisPerHour <= millis * RuleLimits::kTravelKmPerHour)
    return std::nullopt;
  return fmt::format("{} to {}, {} km in {} s", from->name, to->name, km, millis / 1000);
}

Finding find_amount(const CardHistory& history, const CardPayment& payment) {
  if (history.count < RuleLimits::kAmountPayments) return std::nullopt;
  // All of them times the count: whole numbers, so nothing is lost by adding.
  const std::int64_t above = history.count * payment.cents - history.sum;
  if (above <= history.count * RuleLimits::kAmountCents) return std::nullopt;
  const auto spread =
      static_cast<double>(history.count * history.squares - history.sum * history.sum);
  if (static_cast<double>(above) <= RuleLimits::kAmountDeviations * std::sqrt(spread))
    return std::nullopt;
  return fmt::format("{} cents, usually {}", payment.cents, history.sum / history.count);
}

Finding find_limit(const CardPayment& payment) {
  if (payment.cents <= payment.limit_cents) return std::nullopt;
  return fmt::format("{} cents, limit {}", payment.cents, payment.limit_cents);
}

void check_payment(CardHistory& history, const CardPayment& payment, std::vector<Alert>& alerts) {
  if (history.last_millis != 0 &&
      payment.time.millis() - history.last_millis > RuleLimits::kIdleMillis)
    history = CardHistory();
  const auto report = [&](const char* rule, Finding finding) {
    if (finding)
      alerts.push_back({rule, fmt::format("card {}", payment.card), payment.id, payment.time,
                        payment.cents, std::move(*finding)});
    return finding.has_value();
  };
  report("velocity", find_velocity(history, payment));
  report("travel", find_travel(history, payment));
  report("limit", find_limit(payment));
  const bool is_unusual = report("amount", find_amount(history, payment));
  remember(history, payment, is_unusual);
}

}  // namespace stream::apps
