// fraud_detection: payments and logins to alerts, exactly once, with a check by separate code.
#include <apps/fraud_detection/dashboard.hpp>
#include <apps/fraud_detection/replay.hpp>
#include <apps/terminal/cluster_options.hpp>
#include <apps/terminal/query_terminal.hpp>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>

namespace {

using namespace stream;
using namespace stream::apps;

struct Options {
  FraudOptions fraud;
  TerminalOptions terminal;
  ClusterRunnerOptions cluster;
  std::string output;
  std::string rejects;
  std::string checkpoint;
  std::string idle = "1min";
  std::uint32_t parallelism = 1;
  bool verify = false;
  bool json = false;
};

void check(const Options& options) {
  const bool is_bounded = options.fraud.payments || !options.fraud.kafka.empty();
  if (options.verify && !is_bounded)
    throw bad_option(
        "--verify: needs an end; say how many with --payments, or name a broker with --kafka");
  if (!options.fraud.kafka.empty() && options.fraud.payments)
    throw bad_option("--payments: counts generated payments; leave it out with --kafka");
  if (!options.fraud.cards.empty() && !options.fraud.postgres.empty())
    throw bad_option("--cards and --postgres: both name the table of cards; give one");
  const bool is_elsewhere = !options.cluster.cluster.empty();
  if (options.verify && (is_elsewhere || !options.checkpoint.empty()) && options.output.empty())
    throw bad_option(
        is_elsewhere
            ? "--verify with --cluster: alerts are found on nodes; give --output"
            : "--verify with --checkpoint: alerts of earlier runs must be found again; give "
              "--output");
}

/// The query's outputs; what is shown comes first.
std::vector<DataStreamWriter> outputs_of(const FraudFrames& frames, const Options& options,
                                         Dashboard& dashboard, std::vector<Alert>& found) {
  const auto to = [](const DataFrame& frame, std::shared_ptr<const Sink> sink) {
    return frame.write_stream().sink(std::move(sink));
  };
  std::vector<DataStreamWriter> outputs = {
      to(frames.alerts, record_sink<Alert>([&](const std::vector<Alert>& alerts) {
           dashboard.add_alerts(alerts);
           if (options.verify) found.insert(found.end(), alerts.begin(), alerts.end());
           for (const Alert& alert : alerts) {
             if (options.json) std::puts(alert_json(alert).c_str());
           }
         })),
      to(frames.merchants,
         record_sink<MerchantWindow>(
             [&](const std::vector<MerchantWindow>& rows) { dashboard.add_merchants(rows); })),
      to(frames.rejects,
         record_sink<RejectedPayment>(
             [&](const std::vector<RejectedPayment>& rows) { dashboard.add_rejects(rows); }))};
  if (!options.output.empty())
    outputs.push_back(frames.alerts.write_stream().format("json").option("path", options.output));
  if (!options.rejects.empty())
    outputs.push_back(frames.rejects.write_stream().format("json").option("path", options.rejects));
  if (!options.fraud.kafka.empty()) {
    const auto to_topic = [&](const DataFrame& frame, const char* key, const char* value,
                              const char* topic) {
      outputs.push_back(
          frame.select_expr({std::string(key) + " AS key", std::string(value) + " AS value"})
              .write_stream()
              .format("kafka")
              .option("kafka.bootstrap.servers", options.fraud.kafka)
              .option("topic", topic));
    };
    to_topic(frames.alerts, "subject", "to_json(struct(*))", "alerts");
    to_topic(frames.rejects, "problem", "value", "rejects");
    to_topic(frames.late, "problem", "value", "rejects");
  }
  if (!options.fraud.postgres.empty())
    outputs.push_back(frames.alerts.write_stream()
                          .format("postgresql")
                          .option("url", options.fraud.postgres)
                          .option("dbtable", "alerts")
                          .option("createTable", "true"));
  return outputs;
}

/// Prints the dashboard after each epoch; made after it, so that it hears of the epoch later.
class Screen final : public QueryListener {
 public:
  explicit Screen(const Dashboard& dashboard) : dashboard_(dashboard) {}
  void on_query_progress(const QueryProgress&) override {
    std::string text = dashboard_.text();
    if (isatty(STDOUT_FILENO) != 0) text = "\x1b[H\x1b[2J" + text;
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }

 private:
  const Dashboard& dashboard_;
};

int run(Options& options) {
  check(options);
  const bool is_at_once = options.fraud.payments && options.fraud.per_second == 0;
  if (!options.fraud.payments && options.fraud.kafka.empty() && options.fraud.per_second == 0)
    options.fraud.per_second = 2000;
  options.terminal.show_status = false;
  Session session(runner_of(options.cluster, options.parallelism));
  session.parallelism(options.parallelism);
  // Without an end a topic that brings nothing must not hold the other one's alerts back.
  if (!options.fraud.kafka.empty() && !options.verify)
    session.conf("spark.sql.streaming.idleSourceTimeout", options.idle);
  const FraudFrames frames = detect_fraud(session, options.fraud);
  const auto dashboard = std::make_shared<Dashboard>();
  // On nodes the dashboard gathers, and is drawn, where the query is coordinated.
  const bool is_shown = options.cluster.cluster.empty() || runs_as_worker();
  std::vector<Alert> found;
  const auto outputs = outputs_of(frames, options, *dashboard, found);
  if (options.fraud.payments && !is_at_once)
    options.terminal.is_done = [&] {
      return dashboard->payments_offset() == std::to_string(*options.fraud.payments);
    };
  run_query(
      [&](QueryOptions query) {
        query.name = "fraud_detection";
        query.parallelism = options.parallelism;
        query.checkpoint_directory = options.checkpoint;
        query.trigger = is_at_once || options.verify ? Trigger::available_now()
                                                     : Trigger::processing_time(Duration{1000});
        query.listeners.push_back(dashboard);
        if (!options.json && is_shown)
          query.listeners.push_back(std::make_shared<Screen>(*dashboard));
        return session.start_all(outputs, std::move(query));
      },
      options.terminal);
  if (is_shown) std::fputs(dashboard->summary().c_str(), options.json ? stderr : stdout);
  if (!options.verify) return 0;
  if (!options.output.empty()) found = read_alert_files(session, options.output);
  return report_differences(expected_alerts(read_input(session, options.fraud)), std::move(found));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  FraudOptions& fraud = options.fraud;
  CLI::App app("Payments and logins to alerts about fraud");
  app.add_option("--payments", fraud.payments, "how many are generated (default: without end)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--seed", fraud.seed, "of the generator")->capture_default_str();
  app.add_option(
         "--rate", fraud.per_second,
         "generated payments a second (default: 2000, with --payments as fast as they are read)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}));
  app.add_option("--epoch-payments", fraud.per_epoch, "most generated payments an epoch")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}))
      ->capture_default_str();
  app.add_option("--kafka", fraud.kafka,
                 "HOST:PORT of a broker: topics payments and logins are read, alerts and rejects "
                 "written");
  app.add_option(
         "--idle", options.idle,
         "with --kafka: a topic that brings nothing for so long holds the other one back no "
         "longer")
      ->capture_default_str();
  app.add_option("--cards", fraud.cards, "CSV file with a header: card,home,limit_cents")
      ->check(CLI::ExistingPath);
  app.add_option("--postgres", fraud.postgres,
                 "postgresql://…: table cards is read, table alerts written");
  app.add_option("--output", options.output, "directory of the alerts, JSON lines");
  app.add_option("--rejects", options.rejects, "directory of the records that were not used");
  app.add_option("--checkpoint", options.checkpoint, "directory that makes it survive a crash");
  app.add_option("--parallelism", options.parallelism, "tasks of each stage")
      ->check(CLI::Range(1u, 1024u))
      ->capture_default_str();
  app.add_flag("--verify", options.verify, "then find the alerts again by separate code; compare");
  app.add_flag("--json", options.json, "alerts as JSON lines, nothing else");
  app.add_option("--progress", options.terminal.progress_file,
                 "file that gets each epoch's progress as a JSON line");
  add_cluster_options(app, options.cluster);
  CLI11_PARSE(app, argc, argv);
  return report_errors([&] { return run(options); });
}
