// The rules on a card's payments: pure functions of what is remembered of the card and the next
// payment in the order of event time. Each says what is wrong, or nothing. Any thread.
#pragma once

#include <apps/fraud_detection/payment.hpp>

#include <optional>
#include <vector>

namespace stream::apps {

/// What is remembered of a card; begins anew after RuleLimits::kIdleMillis without payments.
struct CardHistory {
  std::int64_t last_millis = 0;      ///< of the newest payment
  std::vector<std::int64_t> recent;  ///< times of the newest payments, oldest first
  std::int64_t count = 0;            ///< of amounts that were not unusual, with their
  std::int64_t sum = 0;              ///< sum and
  std::int64_t squares = 0;          ///< sum of squares
  std::string city;                  ///< where the card was seen last; empty: nowhere yet
  std::int64_t city_millis = 0;
};
STREAM_RECORD(CardHistory, last_millis, recent, count, sum, squares, city, city_millis);

using Finding = std::optional<std::string>;

/// Many payments in a short time.
Finding find_velocity(const CardHistory& history, const CardPayment& payment);
/// The card cannot have got here since it was last seen.
Finding find_travel(const CardHistory& history, const CardPayment& payment);
/// Far above what the card usually pays.
Finding find_amount(const CardHistory& history, const CardPayment& payment);
/// Above the card's limit.
Finding find_limit(const CardPayment& payment);

/// All rules, then the payment is remembered. Appends the alerts.
void check_payment(CardHistory& history, const CardPayment& payment, std::vector<Alert>& alerts);

}  // namespace stream::apps
