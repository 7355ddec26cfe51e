#include <apps/fraud_detection/payment_generator.hpp>
#include <apps/fraud_detection/replay.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/kit/catch.hpp>

#include <map>

namespace stream::apps {
namespace {

std::string payment_text(std::uint64_t seed, std::uint64_t index) {
  std::string text;
  PaymentGenerator(seed).append_payment(index, text);
  return text;
}

}  // namespace

TEST_CASE("a payment is what its number and the seed say") {
  for (const std::uint64_t index : {0u, 1u, 700u, 123'456u}) {
    CHECK(payment_text(1, index) == payment_text(1, index));
    CHECK(payment_text(1, index) != payment_text(2, index));
    CHECK(payment_text(1, index) != payment_text(1, index + 1));
  }
  std::string behind = "before ";
  PaymentGenerator(1).append_payment(700, behind);
  CHECK(behind == "before " + payment_text(1, 700));
}

TEST_CASE("generated payments hold every kind of fraud and damage, and little of either") {
  constexpr std::int64_t kPayments = 200'000;
  FraudOptions options;
  options.seed = 3;
  options.payments = kPayments;
  const Session session(local_runner());
  const Expected expected = expected_alerts(read_input(session, options));
  std::map<std::string, std::int64_t> by_rule;
  for (const Alert& alert : expected.alerts) ++by_rule[alert.rule];
  CHECK(by_rule.size() == 6);
  for (const auto& [rule, count] : by_rule) {
    INFO(rule);
    CHECK(count >= 3);
    CHECK(count < kPayments / 50);
  }
  CHECK(expected.rejects > 100);
  CHECK(expected.rejects < 2000);
}

TEST_CASE("comparing counts rows that are missing or there too often") {
  const Alert a{"limit", "card 1", 1, {5}, 2, "x"};
  Alert b = a;
  b.cents = 3;
  CHECK(compare_alerts({a, a, b}, {a, a, b}).missing == 0);
  CHECK(compare_alerts({a, a, b}, {a, b}).missing == 1);
  const Differences differences = compare_alerts({a, b}, {a, a});
  CHECK(differences.missing == 1);
  CHECK(differences.extra == 1);
  CHECK(differences.examples.size() == 2);
}

}  // namespace stream::apps
