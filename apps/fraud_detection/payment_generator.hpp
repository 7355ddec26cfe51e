// Payments, logins and cards out of nothing: record i is a function of the seed and i alone, so a
// source that reads a range again gets the same records. Normal behaviour with planted fraud,
// malformed records and times out of order. Any thread.
#pragma once

#include <libstream/base/clock.hpp>

#include <cstdint>
#include <string>

namespace stream::apps {

class PaymentGenerator {
 public:
  static constexpr std::int64_t kNumCards = 20'000;
  static constexpr std::uint64_t kPaymentsPerLogin = 10;

  explicit PaymentGenerator(std::uint64_t seed) : seed_(seed) {}

  /// Appends the JSON text of payment or login `index`.
  void append_payment(std::uint64_t index, std::string& out) const;
  void append_login(std::uint64_t index, std::string& out) const;
  /// When a broker would have got it; never goes back as the index grows.
  static EpochMillis payment_arrival(std::uint64_t index);
  static EpochMillis login_arrival(std::uint64_t index);

  /// Of a card from 0 to kNumCards - 1.
  std::string home_country(std::int64_t card) const;
  std::int64_t limit_cents(std::int64_t card) const;

 private:
  std::size_t home_city(std::int64_t card) const;
  std::int64_t usual_card(class Dice& dice) const;

  std::uint64_t seed_;
};

}  // namespace stream::apps
