#include <apps/fraud_detection/payment_generator.hpp>
#include <apps/fraud_detection/replay.hpp>

#include <algorithm>
#include <cstdio>

namespace stream::apps {
namespace {

/// Without the engine: a generated record is what its number says.
void generate(FraudInput& input, const FraudOptions& options) {
  const PaymentGenerator generator(options.seed);
  const auto payments = static_cast<std::uint64_t>(options.payments.value_or(0));
  for (std::uint64_t i = 0; i < payments; ++i) {
    input.payments.push_back({{}, PaymentGenerator::payment_arrival(i)});
    generator.append_payment(i, input.payments.back().value);
  }
  for (std::uint64_t i = 0; i < payments / PaymentGenerator::kPaymentsPerLogin; ++i) {
    input.logins.push_back({{}, PaymentGenerator::login_arrival(i)});
    generator.append_login(i, input.logins.back().value);
  }
}

std::vector<RawRecord> records_of(const DataFrame& frame) {
  std::vector<RawRecord> records;
  using Row = std::pair<std::optional<std::string>, Timestamp>;
  for (const auto& [value, arrival] : frame.as<Row>().collect())
    records.push_back({value.value_or(""), arrival.millis()});
  return records;
}

}  // namespace

FraudInput read_input(const Session& session, const FraudOptions& options) {
  FraudInput input;
  if (options.kafka.empty()) {
    generate(input, options);
  } else {
    input.payments = records_of(read_records(session, options, RecordKind::payments, false));
    input.logins = records_of(read_records(session, options, RecordKind::logins, false));
  }
  using Row = std::tuple<std::int64_t, std::string, std::int64_t>;
  for (const auto& [card, home, limit] : read_cards(session, options).as<Row>().collect())
    input.cards[card] = {home, limit};
  return input;
}

std::vector<Alert> read_alert_files(const Session& session, const std::string& directory) {
  return session.read()
      .schema(
          "rule STRING, subject STRING, payment BIGINT, time TIMESTAMP, cents BIGINT, detail "
          "STRING")
      .json(directory)
      .as<Alert>()
      .collect();
}

int report_differences(const Expected& expected, std::vector<Alert> found) {
  std::sort(found.begin(), found.end());
  const Differences differences = compare_alerts(expected.alerts, found);
  for (const std::string& example : differences.examples)
    std::fprintf(stderr, "%s\n", example.c_str());
  std::printf("alerts: %zu, missing: %lld, extra: %lld\n", expected.alerts.size(),
              static_cast<long long>(differences.missing),
              static_cast<long long>(differences.extra));
  return differences.missing == 0 && differences.extra == 0 ? 0 : 1;
}

}  // namespace stream::apps
