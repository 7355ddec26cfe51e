#include <apps/fraud_detection/replay.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <set>

namespace stream::apps {
namespace {

struct Cut {
  std::int64_t per_epoch = 0;
  std::uint32_t parallelism = 1;
  bool loses_tasks = false;
};

struct Found {
  std::vector<Alert> alerts;
  std::int64_t rejects = 0;
  EpochMillis watermark = 0;
};

Found run(FraudOptions options, const Cut& cut) {
  Session session(local_runner());
  session.parallelism(cut.parallelism);
  options.per_epoch = cut.per_epoch;
  const FraudFrames frames = detect_fraud(session, options);
  Found found;
  const std::vector<DataStreamWriter> outputs = {
      frames.alerts.write_stream().sink(record_sink<Alert>([&](const std::vector<Alert>& alerts) {
        found.alerts.insert(found.alerts.end(), alerts.begin(), alerts.end());
      })),
      frames.rejects.write_stream().sink(
          record_sink<RejectedPayment>([&](const std::vector<RejectedPayment>& rejects) {
            found.rejects += static_cast<std::int64_t>(rejects.size());
          }))};
  MemoryFileSystem files;
  QueryOptions query;
  query.trigger = Trigger::available_now();
  query.parallelism = cut.parallelism;
  query.lose_tasks_after_every_epoch = cut.loses_tasks;
  if (cut.loses_tasks) {
    query.files = &files;
    query.checkpoint_directory = "/checkpoint";
  }
  const auto started = session.start_all(outputs, query);
  started->await_termination();
  found.watermark = started->last_progress()->event_time->watermark;
  std::sort(found.alerts.begin(), found.alerts.end());
  return found;
}

}  // namespace

TEST_CASE("the query finds what naive code finds, however its input is cut") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    FraudOptions options;
    options.seed = seed;
    options.payments = 24'000;
    const Session session(local_runner());
    const Expected expected = expected_alerts(read_input(session, options));
    for (const Cut& cut :
         {Cut{1'000'000, 1}, Cut{5'000, 1}, Cut{5'000, 3}, Cut{777, 1}, Cut{4'000, 2, true}}) {
      CAPTURE(seed, cut.per_epoch, cut.parallelism, cut.loses_tasks);
      const Found found = run(options, cut);
      const Differences differences = compare_alerts(expected.alerts, found.alerts);
      CAPTURE(differences.examples);
      CHECK(differences.missing == 0);
      CHECK(differences.extra == 0);
      CHECK(found.rejects == expected.rejects);
      CHECK(found.watermark == expected.watermark);
      std::set<std::string> rules;
      for (const Alert& alert : found.alerts) rules.insert(alert.rule);
      CHECK(rules.size() >= 3);
    }
  }
}

TEST_CASE("alerts do not depend on where epochs end") {
  FraudOptions options;
  options.seed = 9;
  options.payments = 70'000;
  const Found whole = run(options, {1'000'000, 1});
  const Found cut = run(options, {9'999, 3});
  CHECK(whole.alerts == cut.alerts);
  CHECK(whole.watermark == cut.watermark);
  const bool has_merchant = std::any_of(whole.alerts.begin(), whole.alerts.end(),
                                        [](const Alert& a) { return a.rule == "merchant"; });
  CHECK(has_merchant);
}

}  // namespace stream::apps
