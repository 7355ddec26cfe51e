#include <libstream/base/clock.hpp>
#include <tests/cluster/node_processes.hpp>
#include <tests/cluster/sensor_program.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/test_runs.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <mutex>
#include <random>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int kRows = 100;
constexpr int kHeartbeat = 500;

enum class Fault { killed, stopped, cut_off };
constexpr const char* kFaultNames[] = {"killed", "stopped", "cut off"};

/// Three nodes that run a script over files, which keep coming, while nodes are harmed.
class Rounds {
 public:
  explicit Rounds(std::uint64_t seed) : random_(seed), nodes_(3, kHeartbeat, true) {
    drop_file(directory_ / "nodes.sql", sensor_script(directory_ / "in", directory_ / "out"));
    drop_next_file();
    nodes_.submit(directory_ / "nodes.sql", "100ms", 4, directory_ / "checkpoint");
  }

  /// A node is harmed, the others notice and go on, it comes back. Of the coordinator: another node
  /// must take over.
  void run(bool harms_coordinator) {
    const auto coordinator = wait_for_coordinator(0);
    REQUIRE(coordinator);
    const std::size_t victim =
        harms_coordinator ? *coordinator : (*coordinator + 1 + random_() % 2) % 3;
    const std::size_t witness = (victim + 1) % 3;
    const auto fault = static_cast<Fault>(random_() % 3);
    INFO(fmt::format("node {} is {}, node {} coordinates", victim,
                     kFaultNames[static_cast<int>(fault)], *coordinator));
    const std::size_t held = nodes_.proxy->num_held();
    harm(victim, fault);
    drop_next_file();
    if (!wait_until([&] { return !nodes_.sees(witness, victim); }))
      FAIL("the victim is not missed\n" << story());
    if (fault == Fault::cut_off) CHECK(nodes_.proxy->num_held() > held);
    if (harms_coordinator) {
      const auto next = wait_for_coordinator(witness, victim);
      CHECK(next);
    }
    const long committed = commits();
    drop_next_file();
    if (!wait_until([&] { return commits() > committed; }))
      FAIL("no commit after epoch " << committed << '\n' << story());
    recover(victim, fault);
    if (!wait_until([&] { return nodes_.members_seen_by(witness) == 3; }))
      FAIL("the victim does not come back\n" << story());
    ++num_faults_;
    drop_next_file();
    sleep_millis(static_cast<int>(random_() % 500));
  }

  void finish(int wanted) {
    CHECK(num_faults_ == wanted);
    bool is_done = has_everything();
    CHECK(copies_in(directory_ / "out").size() >= num_rows() + 1);
    // A query that was started again behind the last file closes no window before it has seen rows
    // again.
    if (!is_done) {
      drop_next_file();
      is_done = has_everything();
    }
    INFO(status_of(nodes_.addresses[0]));
    CHECK(is_done);
    const ChildResult stopped =
        run_program("streamctl", {"cluster", "stop", "1", "--cluster", nodes_.addresses[0]});
    CHECK(stopped.exit_code == 0);
    check_like_alone(directory_, num_rows());
  }

 private:
  std::size_t num_rows() const { return static_cast<std::size_t>(num_files_ * kRows); }
  /// Waits for all that one process makes of the files.
  bool has_everything() const {
    run_alone(directory_);
    const std::size_t counts = counts_in(directory_ / "alone").size();
    return wait_until([&] {
      return copies_in(directory_ / "out").size() >= num_rows() + 1 &&
             counts_in(directory_ / "out").size() >= counts;
    });
  }
  void drop_next_file() {
    drop_file(directory_ / fmt::format("in/{:05}.csv", num_files_),
              readings(num_files_ * kRows, (num_files_ + 1) * kRows));
    ++num_files_;
  }
  /// What the nodes know and have to say.
  std::string story() const {
    std::string text;
    for (std::size_t node = 0; node < nodes_.size(); ++node)
      text += fmt::format("--- node {}\n{}{}", node, status_of(nodes_.addresses[node]),
                          nodes_.processes[node]->output());
    return text;
  }
  long commits() const { return newest_number(directory_ / "checkpoint/copies/commits"); }

  std::optional<std::size_t> wait_for_coordinator(std::size_t witness,
                                                  std::optional<std::size_t> other_than = {}) {
    std::optional<std::size_t> found;
    wait_until([&] {
      found = nodes_.coordinator_of(1, witness);
      return found && found != other_than;
    });
    return found == other_than ? std::nullopt : found;
  }

  void harm(std::size_t victim, Fault fault) {
    if (fault == Fault::killed) nodes_.kill(victim);
    if (fault == Fault::stopped) nodes_.signal(victim, SIGSTOP);
    if (fault == Fault::cut_off) nodes_.cut_off(victim);
  }
  void recover(std::size_t victim, Fault fault) {
    if (fault == Fault::killed) nodes_.start_anew(victim);
    if (fault == Fault::stopped) nodes_.signal(victim, SIGCONT);
    if (fault == Fault::cut_off) nodes_.heal();
  }

  TemporaryDirectory directory_;
  std::mt19937 random_;
  Nodes nodes_;
  int num_files_ = 0;
  int num_faults_ = 0;
};

}  // namespace

TEST_CASE("nodes that are killed, stopped or cut off take no row with them and double none") {
  const std::uint64_t seed = test_seed("cluster");
  INFO("STREAM_TEST_SEED=" << seed);
  Rounds harm(seed);
  const int wanted = rounds(3, 60);
  for (int round = 0; round < wanted; ++round) harm.run(false);
  harm.finish(wanted);
}

TEST_CASE("a coordinator that is killed, stopped or cut off is replaced, and writes nothing more") {
  const std::uint64_t seed = test_seed("cluster");
  INFO("STREAM_TEST_SEED=" << seed);
  Rounds harm(seed);
  const int wanted = rounds(2, 20);
  for (int round = 0; round < wanted; ++round) harm.run(true);
  harm.finish(wanted);
}

TEST_CASE("nodes far from one another give the rows that one process gives") {
  const std::uint64_t seed = test_seed("cluster");
  INFO("STREAM_TEST_SEED=" << seed);
  TemporaryDirectory directory;
  const int num_files = rounds(2, 20);
  for (int file = 0; file < num_files; ++file)
    drop_file(directory / fmt::format("in/{:05}.csv", file),
              readings(file * kRows * 10, (file + 1) * kRows * 10));
  run_alone(directory);
  const Nodes nodes(2, 2000, true);
  std::mt19937 random(seed);
  nodes.proxy->delay_by([&random] { return static_cast<int>(random() % 401); });
  drop_file(directory / "nodes.sql", sensor_script(directory / "in", directory / "out"));
  ChildProcess submit(
      "streamctl",
      {"submit", directory / "nodes.sql", "--cluster", nodes.addresses[0], "--trigger",
       "available-now", "--parallelism", "4", "--checkpoint", directory / "checkpoint"});
  const ChildResult result = submit.wait(rounds(120, 900));
  INFO(result.output);
  CHECK(result.exit_code == 0);
  CHECK(nodes.proxy->num_delayed() > 20);
  check_like_alone(directory, static_cast<std::size_t>(num_files * kRows * 10));
}

TEST_CASE("a node that joins from far away soon works for a query that runs") {
  constexpr int kDelayMillis = 100;
  TemporaryDirectory directory;
  Nodes nodes(2, 2000, true);
  int num_files = 0;
  const auto drop_next = [&] {
    drop_file(directory / fmt::format("in/{:05}.csv", num_files),
              readings(num_files * kRows, (num_files + 1) * kRows));
    ++num_files;
  };
  const auto commits = [&] { return newest_number(directory / "checkpoint/copies/commits"); };
  drop_next();
  drop_file(directory / "nodes.sql", sensor_script(directory / "in", directory / "out"));
  nodes.submit(directory / "nodes.sql", "100ms", 4, directory / "checkpoint");
  REQUIRE(wait_until([&] { return nodes.coordinator_of(1, 0).has_value(); }));
  const std::size_t coordinator = *nodes.coordinator_of(1, 0);
  const std::size_t other = 1 - coordinator;
  nodes.kill(other);
  REQUIRE(wait_until([&] { return !nodes.sees(coordinator, other); }));
  nodes.proxy->delay_by([] { return kDelayMillis; });
  nodes.start_anew(other);
  REQUIRE(wait_until([&] { return nodes.members_seen_by(coordinator) == 2; }));
  sleep_millis(5000);  // its tasks are open by now
  const long committed = commits();
  drop_next();
  CHECK(wait_until([&] { return commits() > committed; }, 10));
  CHECK(nodes.proxy->num_delayed() > 20);
}
