#include <apps/fraud_detection/dashboard.hpp>
#include <tests/kit/catch.hpp>

namespace stream::apps {

TEST_CASE("the dashboard counts alerts by rule and shows the newest and the riskiest") {
  Dashboard dashboard;
  dashboard.add_alerts({{"limit", "card 1", 9, {1'000'000}, 12'345, "12345 cents, limit 100"},
                        {"limit", "card 2", 10, {3'723'000'000}, 5, "a\tb"}});
  dashboard.add_rejects({{"{", "malformed"}});
  dashboard.add_merchants({{"m1", {600'000'000}, 100, 3, 0}, {"m2", {600'000'000}, 50, 20, 0}});
  QueryProgress progress;
  progress.sources.resize(2);
  progress.sources[0].num_input_rows = 1000;
  progress.sources[0].processed_rows_per_second = 5000;
  progress.state_operators.resize(1);
  progress.state_operators[0].dropped_by_watermark = 4;
  progress.event_time = EventTimeProgress{60'000};
  dashboard.on_query_progress(progress);
  CHECK(dashboard.text() ==
        "---- event time 00:01:00: 1000 payments, 5000 a second, rejected 1, late 4 ----\n"
        "  alerts 2:  limit 2\n"
        "  rejected:  malformed 1\n"
        "  risky merchants until 00:10:00:  m2 40 % of 50  m1 3 % of 100\n"
        "    00:00:01  limit     card 1              123.45  12345 cents, limit 100\n"
        "    01:02:03  limit     card 2                0.05  a?b\n");
  CHECK(dashboard.summary() == "payments 1000, rejected 1, late 4, alerts 2\n");
  // Only the newest window counts.
  dashboard.add_merchants({{"m3", {1'200'000'000}, 10, 1, 0}, {"m1", {600'000'000}, 10, 10, 0}});
  CHECK(dashboard.text().find("until 00:20:00:  m3 10 % of 10\n") != std::string::npos);
}

TEST_CASE("an alert as JSON survives quotes and broken text") {
  const Alert alert{"limit", "card \"1\"", 9, {1'500'000}, 5, "\xff"};
  CHECK(alert_json(alert) ==
        R"({"rule":"limit","subject":"card \"1\"","payment":9,"time":1500,"cents":5,"detail":")"
        "\xef\xbf\xbd\"}");
}

}  // namespace stream::apps
