#include <apps/fraud_detection/replay.hpp>
#include <libstream/api/session.hpp>
#include <libstream/base/hash.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

namespace stream::perf {
namespace {

using namespace stream::apps;

constexpr Duration kTimeLimit{180'000};

FraudOptions fraud_options(const BenchOptions& options) {
  FraudOptions fraud;
  fraud.seed = 7;
  fraud.payments = options.is_quick ? 500'000 : 2'000'000;
  return fraud;
}

/// The same for the same alerts in any order.
class AlertPrint {
 public:
  void add(const std::vector<Alert>& alerts) {
    for (const Alert& alert : alerts) {
      sum_ += hash_bytes(fmt::format("{}|{}|{}|{}|{}|{}", alert.rule, alert.subject, alert.payment,
                                     alert.time.micros, alert.cents, alert.detail));
      ++num_alerts_;
    }
  }
  std::string text() const { return fmt::format("{} alerts, {:x}", num_alerts_, sum_); }

 private:
  std::uint64_t sum_ = 0;
  std::int64_t num_alerts_ = 0;
};

Result<Work> by_query(const FraudOptions& options, RunnerKind runner) {
  const Stopwatch watch;
  Session session(make_runner(runner, 1));
  AlertPrint print;
  const FraudFrames frames = detect_fraud(session, options);
  QueryOptions query;
  query.trigger = Trigger::available_now();
  session
      .start_all({frames.alerts.write_stream().sink(record_sink<Alert>(
                     [&](const std::vector<Alert>& alerts) { print.add(alerts); }))},
                 query)
      ->await_termination();
  return Work{watch.seconds(), *options.payments, print.text()};
}

/// Loops over sorted vectors and maps, from the same generator.
Result<Work> by_loops(const FraudOptions& options) {
  const Stopwatch watch;
  const Session session(make_runner(RunnerKind::local, 1));
  AlertPrint print;
  print.add(expected_alerts(read_input(session, options)).alerts);
  return Work{watch.seconds(), *options.payments, print.text()};
}

}  // namespace

void run_fraud(const BenchOptions& options, const Print& print) {
  const FraudOptions fraud = fraud_options(options);
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    print_pairs(fmt::format("fraud {}", to_string(kind)),
                compare_notes(compare([&](int) { return by_query(fraud, kind); },
                                      [&](int) { return by_loops(fraud); }, num_pairs(options),
                                      kTimeLimit)),
                print);
  }
}

}  // namespace stream::perf
