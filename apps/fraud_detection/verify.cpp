#include <apps/fraud_detection/cities.hpp>
#include <apps/fraud_detection/verify.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace stream::apps {
namespace {

using Limits = RuleLimits;
using Json = nlohmann::json;

struct Payment {
  EpochMillis time;
  std::int64_t id, card, cents;
  std::string merchant, city;
  bool online, declined;
};
struct Login {
  EpochMillis time;
  std::string country;
};

bool has_number(const Json& json, const char* name) {
  return json.contains(name) && json[name].is_number_integer();
}
bool has_text(const Json& json, const char* name) {
  return json.contains(name) && json[name].is_string();
}
bool has_flag(const Json& json, const char* name) {
  return json.contains(name) && json[name].is_boolean();
}
bool is_in_time(EpochMillis time, EpochMillis arrival) {
  return time <= arrival && time >= arrival - Limits::kDisorderSeconds * 1000;
}

std::optional<Payment> read_payment(const RawRecord& record, const FraudInput& input) {
  const Json json = Json::parse(record.value, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  for (const char* name : {"id", "card", "cents", "time"}) {
    if (!has_number(json, name)) return std::nullopt;
  }
  for (const char* name : {"merchant", "city"}) {
    if (!has_text(json, name)) return std::nullopt;
  }
  for (const char* name : {"online", "declined"}) {
    if (!has_flag(json, name)) return std::nullopt;
  }
  Payment payment{json["time"],     json["id"],   json["card"],   json["cents"],
                  json["merchant"], json["city"], json["online"], json["declined"]};
  if (payment.cents <= 0 || !find_city(payment.city) || !input.cards.contains(payment.card) ||
      !is_in_time(payment.time, record.arrival))
    return std::nullopt;
  return payment;
}

std::map<std::int64_t, std::vector<Login>> read_logins(const FraudInput& input) {
  std::map<std::int64_t, std::vector<Login>> by_card;
  for (const RawRecord& record : input.logins) {
    const Json json = Json::parse(record.value, nullptr, false);
    if (!json.is_object() || !has_number(json, "card") || !has_text(json, "country") ||
        !has_number(json, "time") || !is_in_time(json["time"], record.arrival))
      continue;
    by_card[json["card"]].push_back({json["time"], json["country"]});
  }
  return by_card;
}

Alert alert_of(const char* rule, const Payment& payment, std::string detail) {
  return {rule,          fmt::format("card {}", payment.card),
          payment.id,    {payment.time * 1000},
          payment.cents, std::move(detail)};
}

/// The rules on one card, whose payments are sorted. Looks back at each payment anew.
void check_card(const std::vector<Payment>& payments, std::int64_t limit,
                std::vector<Alert>& alerts) {
  std::set<std::size_t> unusual;
  std::size_t first = 0;  // of the history
  for (std::size_t i = 0; i < payments.size(); ++i) {
    const Payment& now = payments[i];
    if (i > 0 && now.time - payments[i - 1].time > Limits::kIdleMillis) first = i;

    constexpr auto kBack = static_cast<std::size_t>(Limits::kVelocityPayments - 1);
    if (i - first >= kBack) {
      const EpochMillis span = now.time - payments[i - kBack].time;
      if (span <= Limits::kVelocityMillis)
        alerts.push_back(
            alert_of("velocity", now, fmt::format("{} payments in {} s", kBack + 1, span / 1000)));
    }
    for (std::size_t j = i; !now.online && j > first; --j) {
      const Payment& before = payments[j - 1];
      if (before.online) continue;
      const std::int64_t km = distance_km(*find_city(before.city), *find_city(now.city));
      const EpochMillis millis = now.time - before.time;
      if (km >= Limits::kTravelKm && km * 3'600'000 > millis * Limits::kTravelKmPerHour)
        alerts.push_back(alert_of(
            "travel", now,
            fmt::format("{} to {}, {} km in {} s", before.city, now.city, km, millis / 1000)));
      break;
    }
    if (now.cents > limit)
      alerts.push_back(alert_of("limit", now, fmt::format("{} cents, limit {}", now.cents, limit)));
    std::int64_t count = 0, sum = 0, squares = 0;
    for (std::size_t j = first; j < i; ++j) {
      if (unusual.contains(j)) continue;
      ++count;
      sum += payments[j].cents;
      squares += payments[j].cents * payments[j].cents;
    }
    if (count >= Limits::kAmountPayments &&
        (now.cents * count - sum) > Limits::kAmountCents * count &&
        static_cast<double>(now.cents * count - sum) >
            Limits::kAmountDeviations *
                std::sqrt(static_cast<double>(count * squares - sum * sum))) {
      unusual.insert(i);
      alerts.push_back(
          alert_of("amount", now, fmt::format("{} cents, usually {}", now.cents, sum / count)));
    }
  }
}

void check_takeover(const Payment& payment, const std::vector<Login>& logins,
                    const std::string& home, std::vector<Alert>& alerts) {
  if (!payment.online || payment.cents < Limits::kTakeoverCents) return;
  for (const Login& login : logins) {
    const EpochMillis since = payment.time - login.time;
    if (login.country == home || since < 0 || since > Limits::kTakeoverMinutes * 60'000) continue;
    alerts.push_back(
        alert_of("takeover", payment,
                 fmt::format("login from {}, {} s before", login.country, since / 1000)));
  }
}

struct WindowTotals {
  std::int64_t payments = 0, declined = 0, cents = 0;
};

}  // namespace

Expected expected_alerts(const FraudInput& input) {
  Expected expected;
  const auto logins = read_logins(input);
  EpochMillis newest_login = 0;
  for (const auto& [card, of_card] : logins) {
    for (const Login& login : of_card) newest_login = std::max(newest_login, login.time);
  }
  std::vector<Payment> payments;
  EpochMillis newest_payment = 0;
  for (const RawRecord& record : input.payments) {
    std::optional<Payment> payment = read_payment(record, input);
    if (!payment) {
      ++expected.rejects;
      continue;
    }
    newest_payment = std::max(newest_payment, payment->time);
    payments.push_back(std::move(*payment));
  }
  expected.watermark = std::max<EpochMillis>(
      0, std::min(newest_payment, newest_login) - Limits::kWatermarkSeconds * 1000);

  std::map<std::int64_t, std::vector<Payment>> by_card;
  std::map<std::pair<std::string, EpochMillis>, WindowTotals> windows;
  constexpr EpochMillis kWindow = Limits::kMerchantMinutes * 60'000;
  for (const Payment& payment : payments) {
    if (const auto found = logins.find(payment.card); found != logins.end())
      check_takeover(payment, found->second, input.cards.at(payment.card).home, expected.alerts);
    WindowTotals& totals = windows[{payment.merchant, payment.time / kWindow * kWindow + kWindow}];
    ++totals.payments;
    totals.declined += payment.declined;
    totals.cents += payment.cents;
    if (payment.time < expected.watermark) by_card[payment.card].push_back(payment);
  }
  for (auto& [card, of_card] : by_card) {
    std::sort(of_card.begin(), of_card.end(), [](const Payment& a, const Payment& b) {
      return a.time != b.time ? a.time < b.time : a.id < b.id;
    });
    check_card(of_card, input.cards.at(card).limit_cents, expected.alerts);
  }
  for (const auto& [window, totals] : windows) {
    const auto& [merchant, end] = window;
    if (end > expected.watermark || totals.payments < Limits::kMerchantPayments ||
        totals.declined * 100 < totals.payments * Limits::kMerchantPercent)
      continue;
    expected.alerts.push_back({"merchant",
                               "merchant " + merchant,
                               0,
                               {end * 1000},
                               totals.cents,
                               fmt::format("{} of {} declined", totals.declined, totals.payments)});
  }
  std::sort(expected.alerts.begin(), expected.alerts.end());
  return expected;
}

Differences compare_alerts(const std::vector<Alert>& expected, const std::vector<Alert>& found) {
  constexpr std::size_t kMaxExamples = 10;
  Differences differences;
  std::vector<Alert> missing, extra;
  std::set_difference(expected.begin(), expected.end(), found.begin(), found.end(),
                      std::back_inserter(missing));
  std::set_difference(found.begin(), found.end(), expected.begin(), expected.end(),
                      std::back_inserter(extra));
  differences.missing = static_cast<std::int64_t>(missing.size());
  differences.extra = static_cast<std::int64_t>(extra.size());
  const auto give_examples = [&](const char* kind, const std::vector<Alert>& alerts) {
    for (std::size_t i = 0; i < std::min(alerts.size(), kMaxExamples); ++i)
      differences.examples.push_back(
          fmt::format("{}: {} {} payment {} at {}: {}", kind, alerts[i].rule, alerts[i].subject,
                      alerts[i].payment, alerts[i].time.millis(), alerts[i].detail));
  };
  give_examples("missing", missing);
  give_examples("extra", extra);
  return differences;
}

}  // namespace stream::apps
