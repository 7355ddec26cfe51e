#include <libstream/base/file_system.hpp>
#include <tests/cluster/child_process.hpp>
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
std::vector<std::string> readme_blocks(const std::string& directory, const std::string& prefix) {
  std::string text = *stream::read_file(stream::local_file_system(), STREAM_README);
  const std::size_t begin = text.find("\n## Several machines\n");
  REQUIRE(begin != std::string::npos);
  text = text.substr(begin + 1);
  text = text.substr(0, text.find("\n## "));
  replace_all(text, "build/bin/", STREAM_BIN "/");
  replace_all(text, "/tmp/two-machines", directory);
  replace_all(text, "node-a", prefix + "-a");
  replace_all(text, "node-b", prefix + "-b");
  replace_all(text, "apps/streamctl/examples/",
              stream::parent_path(STREAM_README) + "/apps/streamctl/examples/");
  std::vector<std::string> blocks;
  for (std::size_t at = text.find("```sh\n"); at != std::string::npos;
       at = text.find("```sh\n", at)) {
    at += 6;
    const std::size_t end = text.find("```", at);
    blocks.push_back(text.substr(at, end - at));
    at = end + 3;
  }
  REQUIRE(blocks.size() == 6);
  return blocks;
}

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

template <class Condition>
bool wait_until(Condition is_met) {
  for (int i = 0; i < 300; ++i) {
    if (is_met()) return true;
    sleep_millis(200);
  }
  return false;
}

/// Ends what the README has begun, however the test ends.
struct CleanUp {
  std::string commands;
  ~CleanUp() { run_program("/bin/bash", {"-c", commands}); }
};

}  // namespace

TEST_CASE("two machines of the README count as one does, also when one is cut off in mid-run") {
  const std::string prefix = "libstream" + std::to_string(::getpid());
  if (run_shell("ip netns add " + prefix + " && ip netns del " + prefix).exit_code != 0) {
    WARN("skipped: network namespaces are not allowed here, or iproute2 is missing");
    return;
  }
  const TemporaryDirectory directory;
  const auto blocks = readme_blocks(directory / "run", prefix);
  const CleanUp clean_up{blocks[5]};
  for (int block = 0; block < 3; ++block) {
    const ChildResult done = run_shell(blocks[static_cast<std::size_t>(block)]);
    INFO(done.output);
    REQUIRE(done.exit_code == 0);
  }
  const std::string in_a = "ip netns exec " + prefix + "-a ";
  const std::string status = in_a +
                             STREAM_BIN
                             "/streamctl cluster status --cluster 10.77.0.1:4001 "
                             "--certificate " +
                             (directory / "run/tls/me.pem");
  const auto num_ready = [&] {
    const std::string text = run_shell(status + " | grep -c ready || true").output;
    return std::atoi(text.c_str());
  };
  REQUIRE(wait_until([&] { return num_ready() == 2; }));

  constexpr int kMinutes = 12;
  ChildProcess submitted("/bin/bash", {"-c", "exec " + blocks[3]});
  for (int i = 0; i < kMinutes; ++i) {
    drop_file(directory / ("run/in/" + std::to_string(i) + ".csv"), minute(i));
    sleep_millis(400);
    if (i == kMinutes / 2) {
      // It was in the middle of things.
      REQUIRE(wait_until([&] { return rows_of(directory / "run/out").size() > 2; }));
      REQUIRE(run_shell(blocks[4]).exit_code == 0);
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
  CHECK(num_ready() == 1);
}
