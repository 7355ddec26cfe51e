#include <apps/fraud_detection/cities.hpp>
#include <apps/fraud_detection/fraud_query.hpp>
#include <apps/fraud_detection/generated_source.hpp>
#include <apps/fraud_detection/payment_generator.hpp>
#include <apps/fraud_detection/rules.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::apps {
namespace {

using Limits = RuleLimits;

/// What is kept of a card: its history up to the watermark, and what came since.
struct CardState {
  CardHistory history;
  std::vector<CardPayment> waiting;
};
STREAM_RECORD(CardState, history, waiting);

/// Rules see a card's payments in the order of their times, each once the watermark has passed it.
void watch_card(std::int64_t, const std::vector<CardPayment>& payments,
                TypedGroupState<CardState>& state, Collector<Alert>& output) {
  CardState& card = state.modify();
  auto& waiting = card.waiting;
  waiting.insert(waiting.end(), payments.begin(), payments.end());
  const auto is_earlier = [](const CardPayment& a, const CardPayment& b) {
    return std::pair(a.time, a.id) < std::pair(b.time, b.id);
  };
  if (!std::is_sorted(waiting.begin(), waiting.end(), is_earlier))
    std::sort(waiting.begin(), waiting.end(), is_earlier);

  const EpochMillis watermark = state.current_watermark();
  std::vector<Alert> alerts;
  auto next = waiting.begin();
  for (; next != waiting.end() && next->time.millis() < watermark; ++next)
    check_payment(card.history, *next, alerts);
  waiting.erase(waiting.begin(), next);
  for (const Alert& alert : alerts) output.push(alert);

  const EpochMillis idle_at = card.history.last_millis + Limits::kIdleMillis;
  if (!waiting.empty())
    state.set_timeout_timestamp(waiting.front().time.millis());
  else if (idle_at >= watermark)
    state.set_timeout_timestamp(idle_at);
  else
    state.remove();
}

std::string validation_sql() {
  return fmt::format(
      R"(
      WITH parsed AS (
        SELECT value, unix_millis(arrival) AS arrived,
               from_json(value, 'id BIGINT, card BIGINT, merchant STRING, city STRING,
                                 cents BIGINT, online BOOLEAN, declined BOOLEAN, time BIGINT') AS p
        FROM payment_records)
      SELECT value, p.id, p.card, p.merchant, p.city, p.cents, p.online, p.declined,
             timestamp_millis(p.time) AS time, home, limit_cents,
             CASE WHEN p.id IS NULL OR p.card IS NULL OR p.merchant IS NULL OR p.city IS NULL OR
                       p.cents IS NULL OR p.online IS NULL OR p.declined IS NULL OR p.time IS NULL
                    THEN 'malformed'
                  WHEN p.cents <= 0 THEN 'amount'
                  WHEN NOT known_city(p.city) THEN 'unknown city'
                  WHEN home IS NULL THEN 'unknown card'
                  WHEN p.time > arrived OR p.time < arrived - {} THEN 'time' END AS problem
      FROM parsed LEFT JOIN cards ON p.card = cards.card)",
      Limits::kDisorderSeconds * 1000);
}

constexpr const char* kPaymentSql = R"(
      SELECT id, card, merchant, city, cents, online, declined, time, home, limit_cents
      FROM validated WHERE problem IS NULL)";

std::string login_sql() {
  return fmt::format(
      R"(
      WITH parsed AS (
        SELECT unix_millis(arrival) AS arrived,
               from_json(value, 'card BIGINT, country STRING, time BIGINT') AS l
        FROM login_records)
      SELECT l.card, l.country, timestamp_millis(l.time) AS time
      FROM parsed
      WHERE l.card IS NOT NULL AND l.country IS NOT NULL AND
            l.time BETWEEN arrived - {} AND arrived)",
      Limits::kDisorderSeconds * 1000);
}

/// A large payment online soon after a login from abroad.
std::string takeover_sql() {
  return fmt::format(
      R"(
      SELECT 'takeover' AS rule, concat('card ', p.card) AS subject, p.id AS payment, p.time AS time,
             p.cents AS cents,
             concat('login from ', l.country, ', ', (unix_millis(p.time) - unix_millis(l.time)) DIV 1000,
                    ' s before') AS detail
      FROM (SELECT id, card, time, cents, home FROM payments WHERE online AND cents >= {}) p
      JOIN logins l
        ON p.card = l.card AND l.country <> p.home AND
           p.time BETWEEN l.time AND l.time + INTERVAL {} MINUTES)",
      Limits::kTakeoverCents, Limits::kTakeoverMinutes);
}

std::string merchant_sql() {
  return fmt::format(
      R"(
      SELECT merchant, window.end AS end, payments, declined, cents FROM (
        SELECT merchant, window(time, '{} minutes') AS window, count(*) AS payments,
               sum(CASE WHEN declined THEN 1 ELSE 0 END) AS declined, sum(cents) AS cents
        FROM payments GROUP BY merchant, window(time, '{} minutes')))",
      Limits::kMerchantMinutes, Limits::kMerchantMinutes);
}

std::string merchant_alert_sql() {
  return fmt::format(
      R"(
      SELECT 'merchant' AS rule, concat('merchant ', merchant) AS subject, 0L AS payment, end AS time,
             cents, concat(declined, ' of ', payments, ' declined') AS detail
      FROM merchants WHERE payments >= {} AND declined * 100 >= payments * {})",
      Limits::kMerchantPayments, Limits::kMerchantPercent);
}

GeneratedRecords generated(const FraudOptions& options, RecordKind kind) {
  const PaymentGenerator generator(options.seed);
  GeneratedRecords records;
  const bool are_logins = kind == RecordKind::logins;
  const std::int64_t divisor =
      are_logins ? static_cast<std::int64_t>(PaymentGenerator::kPaymentsPerLogin) : 1;
  records.name = are_logins ? "logins" : "payments";
  records.append = [generator, are_logins](std::uint64_t index, std::string& out) {
    are_logins ? generator.append_login(index, out) : generator.append_payment(index, out);
  };
  records.arrival =
      are_logins ? &PaymentGenerator::login_arrival : &PaymentGenerator::payment_arrival;
  if (options.payments) records.total = *options.payments / divisor;
  records.per_second =
      options.per_second == 0 ? 0 : std::max<std::int64_t>(1, options.per_second / divisor);
  records.per_epoch = std::max<std::int64_t>(1, options.per_epoch / divisor);
  return records;
}

}  // namespace

DataFrame read_records(const Session& session, const FraudOptions& options, RecordKind kind,
                       bool is_streaming) {
  if (options.kafka.empty()) {
    return session.from_source(generated_source(generated(options, kind)), is_streaming)
        .select_expr({"value", "timestamp AS arrival"});
  }
  DataFrameReader reader = is_streaming ? session.read_stream() : session.read();
  return reader.format("kafka")
      .option("kafka.bootstrap.servers", options.kafka)
      .option("subscribe", kind == RecordKind::logins ? "logins" : "payments")
      .option("startingOffsets", "earliest")
      .load()
      .select_expr({"CAST(value AS STRING) AS value", "timestamp AS arrival"});
}

DataFrame read_cards(const Session& session, const FraudOptions& options) {
  if (!options.postgres.empty())
    return session.read()
        .format("postgresql")
        .option("url", options.postgres)
        .option("dbtable", "cards")
        .load();
  if (!options.cards.empty())
    return session.read()
        .schema("card BIGINT, home STRING, limit_cents BIGINT")
        .option("header", true)
        .option("enforceSchema", false)  // a header with other names is refused
        .csv(options.cards);
  const PaymentGenerator generator(options.seed);
  std::vector<std::vector<Value>> rows;
  for (std::int64_t card = 0; card < PaymentGenerator::kNumCards; ++card)
    rows.push_back({{card}, {generator.home_country(card)}, {generator.limit_cents(card)}});
  return session.create_data_frame(Schema{{{"card", primitive(TypeKind::int64), false},
                                           {"home", primitive(TypeKind::string), false},
                                           {"limit_cents", primitive(TypeKind::int64), false}}},
                                   std::move(rows));
}

FraudFrames detect_fraud(Session& session, const FraudOptions& options) {
  session.udf("known_city", [](std::string_view name) { return find_city(name) != nullptr; });
  const std::string delay = fmt::format("{} seconds", Limits::kWatermarkSeconds);
  const auto name = [](const DataFrame& frame, const char* view) {
    frame.create_or_replace_temp_view(view);
    return frame;
  };
  name(read_cards(session, options), "cards");
  name(read_records(session, options, RecordKind::payments, true), "payment_records");
  name(read_records(session, options, RecordKind::logins, true), "login_records");
  const auto validated = name(session.sql(validation_sql()).cache(), "validated");
  const auto payments =
      name(session.sql(kPaymentSql).with_watermark("time", delay).cache(), "payments");
  name(session.sql(login_sql()).with_watermark("time", delay), "logins");
  const auto merchants = name(session.sql(merchant_sql()).cache(), "merchants");

  const auto card_alerts = payments.as<CardPayment>()
                               .group_by_key<std::int64_t>({"card"})
                               .flat_map_groups_with_state<CardState, Alert>(
                                   OutputMode::append, GroupTimeout::event_time, watch_card);
  const auto alerts = card_alerts.to_df()
                          .union_all(session.sql(takeover_sql()))
                          .union_all(session.sql(merchant_alert_sql()));
  return {alerts.cache(),
          session.sql("SELECT value, problem FROM validated WHERE problem IS NOT NULL"),
          card_alerts.to_df().late_rows().select_expr(
              {"to_json(struct(*)) AS value", "'late' AS problem"}),
          merchants};
}

}  // namespace stream::apps
