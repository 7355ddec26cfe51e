#include <apps/fraud_detection/cities.hpp>
#include <apps/fraud_detection/rules.hpp>
#include <tests/kit/catch.hpp>

namespace stream::apps {
namespace {

using Limits = RuleLimits;

CardPayment payment_at(std::int64_t second, std::int64_t cents = 1000,
                       const std::string& city = "Berlin") {
  CardPayment payment;
  payment.id = second;
  payment.card = 7;
  payment.time = {second * 1'000'000};
  payment.cents = cents;
  payment.limit_cents = 1'000'000;
  payment.city = city;
  return payment;
}

/// The rules that the last of the payments breaks.
std::vector<std::string> rules_of(const std::vector<CardPayment>& payments) {
  CardHistory history;
  std::vector<Alert> alerts;
  for (const CardPayment& payment : payments) {
    alerts.clear();
    check_payment(history, payment, alerts);
  }
  std::vector<std::string> rules;
  for (const Alert& alert : alerts) rules.push_back(alert.rule);
  return rules;
}

std::vector<CardPayment> usual_payments(std::int64_t number) {
  std::vector<CardPayment> payments;
  for (std::int64_t i = 0; i < number; ++i)
    payments.push_back(payment_at(1000 + 100 * i, 900 + 20 * (i % 10)));
  return payments;
}

using Rules = std::vector<std::string>;

}  // namespace

TEST_CASE("the sixth payment within a minute is too fast, the one a moment later is not") {
  const auto six = [](std::int64_t last) {
    std::vector<CardPayment> payments;
    for (std::int64_t i = 0; i < 5; ++i) payments.push_back(payment_at(100 + i));
    payments.push_back(payment_at(last));
    return payments;
  };
  CHECK(rules_of(six(160)) == Rules{"velocity"});
  CHECK(rules_of(six(161)).empty());
  auto seven = six(150);
  seven.push_back(payment_at(161));
  CHECK(rules_of(seven) == Rules{"velocity"});
}

TEST_CASE("a card that is here cannot be far away soon after") {
  CHECK(rules_of({payment_at(0 + 1), payment_at(3600, 1000, "Tokyo")}) == Rules{"travel"});
  CHECK(rules_of({payment_at(1), payment_at(3600, 1000, "Hamburg")}).empty());
  CHECK(rules_of({payment_at(1), payment_at(60, 1000, "Hamburg")}) == Rules{"travel"});
  auto online = payment_at(60, 1000, "Tokyo");
  online.online = true;
  CHECK(rules_of({payment_at(1), online}).empty());
  // The payment online does not say where the card is.
  CHECK(rules_of({payment_at(1), online, payment_at(120)}).empty());
}

TEST_CASE("an amount far above the card's own is unusual, once there is a history") {
  auto payments = usual_payments(Limits::kAmountPayments);
  payments.push_back(payment_at(5000, 50'000));
  CHECK(rules_of(payments) == Rules{"amount"});
  // It does not become usual by being paid.
  payments.push_back(payment_at(6000, 50'000));
  CHECK(rules_of(payments) == Rules{"amount"});

  auto few = usual_payments(Limits::kAmountPayments - 1);
  few.push_back(payment_at(5000, 50'000));
  CHECK(rules_of(few).empty());
  auto little_more = usual_payments(Limits::kAmountPayments);
  little_more.push_back(payment_at(5000, 5'000));
  CHECK(rules_of(little_more).empty());
}

TEST_CASE("a payment above the card's limit is an alert by itself") {
  CHECK(rules_of({payment_at(1, 1'000'000)}).empty());
  CHECK(rules_of({payment_at(1, 1'000'001)}) == Rules{"limit"});
}

TEST_CASE("a history begins anew after the idle time") {
  const std::int64_t idle = Limits::kIdleMillis / 1000;
  auto payments = usual_payments(Limits::kAmountPayments);
  const std::int64_t last = payments.back().time.millis() / 1000;
  payments.push_back(payment_at(last + idle, 50'000));
  CHECK(rules_of(payments) == Rules{"amount"});
  payments.back() = payment_at(last + idle + 1, 50'000);
  CHECK(rules_of(payments).empty());
}

TEST_CASE("cities are found by name and lie where they are") {
  for (const City& city : cities()) CHECK(find_city(city.name) == &city);
  CHECK(find_city("Atlantis") == nullptr);
  CHECK(find_city("") == nullptr);
  const std::int64_t km = distance_km(*find_city("Berlin"), *find_city("Paris"));
  CHECK(km > 870);
  CHECK(km < 885);
}

}  // namespace stream::apps
