// What fraud_detection reads and tells: payments of known cards, alerts, and the limits of the
// rules. Plain data, any thread.
#pragma once

#include <libstream/api/record.hpp>
#include <libstream/api/timestamp.hpp>

#include <compare>
#include <cstdint>
#include <string>

namespace stream::apps {

/// A valid payment with what the card table says of its card.
struct CardPayment {
  std::int64_t id = 0;
  std::int64_t card = 0;
  Timestamp time;
  std::int64_t cents = 0;
  std::int64_t limit_cents = 0;
  std::string city;
  bool online = false;  ///< else the card was there

  auto operator<=>(const CardPayment&) const = default;
};
STREAM_RECORD(CardPayment, id, card, time, cents, limit_cents, city, online);

struct Alert {
  std::string rule;     ///< amount, limit, merchant, takeover, travel, velocity
  std::string subject;  ///< "card 4711", "merchant m042"
  std::int64_t payment = 0;
  Timestamp time;
  std::int64_t cents = 0;
  std::string detail;

  auto operator<=>(const Alert&) const = default;
};
STREAM_RECORD(Alert, rule, subject, payment, time, cents, detail);

/// What the rules compare with; SQL text and C++ take it from here.
struct RuleLimits {
  static constexpr std::int64_t kVelocityPayments = 6;  ///< so many within the span
  static constexpr std::int64_t kVelocityMillis = 60'000;
  static constexpr std::int64_t kTravelKm = 100;  ///< nearer is no travel
  static constexpr std::int64_t kTravelKmPerHour = 1000;
  static constexpr std::int64_t kAmountPayments = 10;  ///< history that it takes
  static constexpr double kAmountDeviations = 6;
  static constexpr std::int64_t kAmountCents = 10'000;    ///< and more than the mean by this
  static constexpr std::int64_t kIdleMillis = 3'600'000;  ///< then a card's history begins anew
  static constexpr std::int64_t kTakeoverCents = 5'000;
  static constexpr std::int64_t kTakeoverMinutes = 10;
  static constexpr std::int64_t kMerchantMinutes = 10;
  static constexpr std::int64_t kMerchantPayments = 20;
  static constexpr std::int64_t kMerchantPercent = 30;  ///< declined
  /// A payment's time may lie so far before its arrival; the watermark waits longer.
  static constexpr std::int64_t kDisorderSeconds = 60;
  static constexpr std::int64_t kWatermarkSeconds = 90;
};

}  // namespace stream::apps
