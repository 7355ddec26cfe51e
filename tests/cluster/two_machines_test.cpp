#include <libstream/base/file_system.hpp>
#include <tests/cluster/node_processes.hpp>
#include <tests/cluster/word_totals.hpp>
#include <tests/kit/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <sstream>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// The commands of the README's section about machines, block by block, for this build, in a
/// directory and with names of this test's own.
class ReadmeBlocks {
 public:
  ReadmeBlocks(const std::string& directory, const std::string& prefix) {
    std::string text = *stream::read_file(stream::local_file_system(), STREAM_README);
    const std::size_t begin = text.find("\n## Several machines\n");
    REQUIRE(begin != std::string::npos);
    text = text.substr(begin + 1);
    text = text.substr(0, text.find("\n## "));
    replace_all(text, "build/bin/", STREAM_BIN "/");
    replace_all(text, "/tmp/two-machines", directory);
    replace_all(text, "node-a", prefix + "-a");
    replace_all(text, "node-b", prefix + "-b");
    replace_all(text, "cp README.md", "cp " STREAM_README);
    replace_all(text, "apps/streamctl/examples/",
                stream::parent_path(STREAM_README) + "/apps/streamctl/examples/");
    for (std::size_t at = text.find("```sh\n"); at != std::string::npos;
         at = text.find("```sh\n", at)) {
      at += 6;
      const std::size_t end = text.find("```", at);
      blocks_.push_back(text.substr(at, end - at));
      at = end + 3;
    }
  }

  /// The only one that has `part` in it.
  std::string with(const std::string& part) const {
    std::string found;
    for (const std::string& block : blocks_) {
      if (block.find(part) == std::string::npos) continue;
      INFO(part);
      REQUIRE(found.empty());
      found = block;
    }
    REQUIRE_FALSE(found.empty());
    return found;
  }

 private:
  std::vector<std::string> blocks_;
};

ChildResult run_shell(const std::string& commands) {
  return run_program("/bin/bash", {"-ec", commands});
}

/// One file of a minute each.
std::string minute(int number) {
  std::string text = "time,text\n";
  for (int second = 0; second < 60; ++second) {
    text += "2024-01-01 00:" + std::string(number < 10 ? "0" : "") + std::to_string(number) + ":" +
            (second < 10 ? "0" : "") + std::to_string(second) + ",w" +
            std::to_string(second * number % 13) + " w" + std::to_string(second % 7) + " all\n";
  }
  return text;
}

std::vector<std::string> rows_of(const std::string& directory) {
  const ChildResult read = run_program(
      "streamctl", {"sql", "-c",
                    "CREATE TABLE t (minute TIMESTAMP, word STRING, n BIGINT) USING json OPTIONS "
                    "(path '" +
                        directory + "'); SELECT * FROM t",
                    "--csv"});
  std::vector<std::string> rows;
  std::istringstream lines(read.output);
  for (std::string line; std::getline(lines, line);) rows.push_back(line);
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// Ends what the README has begun, however the test ends.
struct CleanUp {
  std::string commands;
  ~CleanUp() { run_program("/bin/bash", {"-c", commands}); }
};

/// Both machines with their nodes.
class Machines {
 public:
  Machines() : blocks(directory / "run", prefix), clean_up_{blocks.with("netns del")} {
    for (const char* part : {"netns add", "init-ca", "streamctl node"}) {
      const ChildResult done = run_shell(blocks.with(part));
      INFO(done.output);
      REQUIRE(done.exit_code == 0);
    }
    REQUIRE(wait_until([&] { return num_ready() == 2; }));
  }

  /// As node a sees it.
  int num_ready() const {
    const std::string status = "ip netns exec " + prefix +
                               "-a " STREAM_BIN
                               "/streamctl cluster status --cluster "
                               "10.77.0.1:4001 --certificate " +
                               (directory / "run/tls/me.pem");
    return std::atoi(run_shell(status + " | grep -c ready || true").output.c_str());
  }
  void cut() const { REQUIRE(run_shell(blocks.with("wire down")).exit_code == 0); }
  void mend() const {
    REQUIRE(run_shell("ip -n " + prefix + "-b link set wire up").exit_code == 0);
    REQUIRE(wait_until([&] { return num_ready() == 2; }));
  }

  const TemporaryDirectory directory;
  const std::string prefix = name();
  const ReadmeBlocks blocks;

  static std::string name() { return "libstream" + std::to_string(::getpid()); }

 private:
  const CleanUp clean_up_;
};

bool are_namespaces_allowed() {
  const std::string name = Machines::name();
  if (run_shell("ip netns add " + name + " && ip netns del " + name).exit_code == 0) return true;
  WARN("skipped: network namespaces are not allowed here, or iproute2 is missing");
  return false;
}

}  // namespace

TEST_CASE("two machines of the README run SQL as one does, also when one is cut off in mid-run") {
  if (!are_namespaces_allowed()) return;
  const Machines machines;
  const TemporaryDirectory& directory = machines.directory;
  constexpr int kMinutes = 12;
  ChildProcess submitted("/bin/bash", {"-c", "exec " + machines.blocks.with("streamctl submit")});
  for (int i = 0; i < kMinutes; ++i) {
    drop_file(directory / ("run/in/" + std::to_string(i) + ".csv"), minute(i));
    sleep_millis(400);
    if (i == kMinutes / 2) {
      // It was in the middle of things.
      REQUIRE(wait_until([&] { return rows_of(directory / "run/out").size() > 2; }));
      machines.cut();
    }
  }
  drop_file(directory / "alone.sql",
            *stream::read_file(stream::local_file_system(),
                               stream::parent_path(STREAM_README) +
                                   "/apps/streamctl/examples/words_by_minute.sql"));
  const ChildResult alone = run_program(
      "streamctl",
      {"run", directory / "alone.sql", "--trigger", "available-now", "--param",
       "input=" + (directory / "run/in"), "--param", "output=" + (directory / "alone"), "--param",
       "trigger=available-now", "--checkpoint", directory / "alone-checkpoint"});
  INFO(alone.output);
  REQUIRE(alone.exit_code == 0);
  const auto expected = rows_of(directory / "alone");
  CHECK(expected.size() > 100);
  const bool is_done =
      wait_until([&] { return rows_of(directory / "run/out").size() >= expected.size(); });
  submitted.signal(SIGINT);
  INFO(submitted.wait(20).output);
  CHECK(is_done);
  CHECK(rows_of(directory / "run/out") == expected);
  CHECK(machines.num_ready() == 1);
}

TEST_CASE("two machines of the README run compiled programs as one does, cut off in mid-run") {
  if (!are_namespaces_allowed()) return;
  const Machines machines;
  const TemporaryDirectory& directory = machines.directory;

  std::string command = machines.blocks.with("fraud_detection");
  replace_all(command, "--payments 1000000", "--payments 300000 --epoch-payments 5000");
  ChildProcess fraud("/bin/bash", {"-c", "exec " + command});
  REQUIRE(wait_until([&] {
    return newest_number(directory / "run/alerts-checkpoint/commits") > 3 || !fraud.is_running();
  }));
  REQUIRE(fraud.is_running());
  machines.cut();
  const ChildResult found = fraud.wait(100);
  INFO(found.output);
  CHECK(found.exit_code == 0);
  CHECK_THAT(found.output, ContainsSubstring("missing: 0, extra: 0"));
  CHECK(machines.num_ready() == 1);
  machines.mend();

  command = machines.blocks.with("word_count");
  ChildProcess words("/bin/bash", {"-c", "exec " + command});
  command = machines.blocks.with("seq 60");
  replace_all(command, "seq 60", "seq 15");
  ChildProcess feeder("/bin/bash", {"-c", command});
  REQUIRE(
      wait_until([&] { return newest_number(directory / "run/totals-checkpoint/commits") > 1; }));
  machines.cut();
  REQUIRE(feeder.wait(60).exit_code == 0);
  Counts expected;
  std::istringstream readme(*stream::read_file(stream::local_file_system(), STREAM_README));
  for (std::string word; readme >> word;) expected[word] += 15;
  CHECK(wait_until([&] { return final_totals(directory / "run/totals") == expected; }));
  words.signal(SIGINT);
  const ChildResult counted = words.wait(30);
  INFO(counted.output);
  CHECK(counted.exit_code == 0);
  CHECK(final_totals(directory / "run/totals") == expected);
}
