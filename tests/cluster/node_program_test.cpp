#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <utility>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A port that was free a moment ago.
std::string free_address() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(listener);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::string status_of(const std::string& node) {
  return run_program("streamctl", {"cluster", "status", "--cluster", node}).output;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

template <class Condition>
bool wait_until(Condition is_met, int seconds = 40) {
  for (int i = 0; i < seconds * 10; ++i) {
    if (is_met()) return true;
    sleep_millis(100);
  }
  return false;
}

/// Nodes on this machine that have found one another.
class Nodes {
 public:
  explicit Nodes(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      addresses.push_back(free_address());
      std::vector<std::string> arguments{"node", "--listen",  addresses[i], "--heartbeat",
                                         "300",  "--threads", "2"};
      if (i > 0) arguments.insert(arguments.end(), {"--join", addresses[0]});
      processes.push_back(std::make_unique<ChildProcess>("streamctl", arguments));
      REQUIRE(wait_until([&] { return count_of(status_of(addresses[0]), "ready") == i + 1; }));
    }
  }
  void kill(std::size_t node) {
    processes[node]->signal(SIGKILL);
    processes[node]->wait();
  }

  std::vector<std::string> addresses;
  std::vector<std::unique_ptr<ChildProcess>> processes;
};

std::string readings(int from, int to) {
  std::string text = "time,sensor,value\n";
  for (int i = from; i < to; ++i) {
    const std::string minute = std::to_string(i / 60 % 60);
    const std::string second = std::to_string(i % 60);
    text += "2024-01-01 0" + std::to_string(i / 3600) + ":" + (minute.size() < 2 ? "0" : "") +
            minute + ":" + (second.size() < 2 ? "0" : "") + second + ",s" + std::to_string(i % 17) +
            "," + std::to_string(i) + "\n";
  }
  return text;
}

/// Every reading once, and counts by window and sensor: one query with state, one without.
std::string script(const std::string& input, const std::string& output) {
  return "CREATE STREAM readings (time TIMESTAMP, sensor STRING, value INT) "
         "USING csv OPTIONS (path '" +
         input +
         "', header true, maxFilesPerTrigger 1) "
         "WATERMARK FOR time AS time - INTERVAL '10' SECONDS;\n"
         "CREATE SINK copies USING json OPTIONS (path '" +
         output +
         "/copies');\n"
         "CREATE SINK counts USING json OPTIONS (path '" +
         output +
         "/counts');\n"
         "INSERT INTO copies SELECT sensor, value FROM readings;\n"
         "INSERT INTO counts SELECT window.start AS start, sensor, count(*) AS n, sum(value) AS s "
         "FROM readings GROUP BY window(time, '30 seconds'), sensor;\n";
}

/// Rows of what the sink's log names, sorted.
std::vector<std::string> rows_of(const std::string& directory, const std::string& columns) {
  const ChildResult read =
      run_program("streamctl", {"sql", "-c",
                                "CREATE TABLE t (" + columns + ") USING json OPTIONS (path '" +
                                    directory + "'); SELECT * FROM t",
                                "--csv"});
  std::vector<std::string> rows;
  std::string row;
  for (const char c : read.output) {
    if (c != '\n') {
      row += c;
      continue;
    }
    rows.push_back(std::exchange(row, {}));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> copies_in(const std::string& output) {
  return rows_of(output + "/copies", "sensor STRING, value INT");
}
std::vector<std::string> counts_in(const std::string& output) {
  return rows_of(output + "/counts", "start TIMESTAMP, sensor STRING, n BIGINT, s BIGINT");
}

constexpr int kFiles = 10;
constexpr int kRows = 300;

/// What one process makes of the same files.
void run_alone(const TemporaryDirectory& directory) {
  drop_file(directory / "alone.sql", script(directory / "in", directory / "alone"));
  const ChildResult result =
      run_program("streamctl", {"run", directory / "alone.sql", "--trigger", "available-now",
                                "--checkpoint", directory / "alone-checkpoint"});
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
}

void check_like_alone(const TemporaryDirectory& directory) {
  const auto copies = copies_in(directory / "out");
  CHECK(copies == copies_in(directory / "alone"));
  CHECK(copies.size() == kFiles * kRows + 1);  // and the header
  const auto counts = counts_in(directory / "out");
  CHECK(counts == counts_in(directory / "alone"));
  CHECK(counts.size() > 100);
}

/// Drops the files one after the other while `harm` happens, then waits for all rows.
template <class Harm>
void run_with_harm(const TemporaryDirectory& directory, const std::string& home, Harm harm) {
  drop_file(directory / "nodes.sql", script(directory / "in", directory / "out"));
  ChildProcess submit("streamctl",
                      {"submit", directory / "nodes.sql", "--cluster", home, "--trigger", "100ms",
                       "--parallelism", "4", "--checkpoint", directory / "checkpoint"});
  for (int file = 0; file < kFiles; ++file) {
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"),
              readings(file * kRows, (file + 1) * kRows));
    sleep_millis(300);
    if (file == kFiles / 2) harm();
  }
  run_alone(directory);
  const auto expected = counts_in(directory / "alone").size();
  const bool is_done = wait_until([&] {
    return copies_in(directory / "out").size() >= kFiles * kRows + 1 &&
           counts_in(directory / "out").size() >= expected;
  });
  submit.signal(SIGINT);
  const ChildResult result = submit.wait(20);
  INFO(result.output);
  INFO(status_of(home));
  CHECK(is_done);
  CHECK(result.exit_code == 0);
  check_like_alone(directory);
}

}  // namespace

TEST_CASE("a script on two nodes gives the rows that one process gives") {
  TemporaryDirectory directory;
  for (int file = 0; file < kFiles; ++file)
    drop_file(directory / ("in/" + std::to_string(file) + ".csv"),
              readings(file * kRows, (file + 1) * kRows));
  run_alone(directory);
  const Nodes nodes(2);
  drop_file(directory / "nodes.sql", script(directory / "in", directory / "out"));
  const ChildResult result =
      run_program("streamctl", {"submit", directory / "nodes.sql", "--cluster", nodes.addresses[1],
                                "--trigger", "available-now", "--parallelism", "4", "--checkpoint",
                                directory / "checkpoint", "--progress", directory / "progress"});
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  CHECK_THAT(result.output, ContainsSubstring("running copies, counts"));
  check_like_alone(directory);
  CHECK_THAT(status_of(nodes.addresses[0]), ContainsSubstring("ended"));
  for (const auto& [name, lines] : read_lines(directory / "")) {
    if (name == "progress") CHECK(lines.size() >= 2 * kFiles);
  }
}

TEST_CASE("a node that is killed takes no row with it") {
  TemporaryDirectory directory;
  Nodes nodes(3);
  run_with_harm(directory, nodes.addresses[0], [&] { nodes.kill(2); });
  CHECK(count_of(status_of(nodes.addresses[0]), "ready") == 2);
}

TEST_CASE("another node takes a query over when its coordinator's is killed") {
  TemporaryDirectory directory;
  Nodes nodes(3);
  run_with_harm(directory, nodes.addresses[1], [&] { nodes.kill(0); });
  CHECK(count_of(status_of(nodes.addresses[1]), "ready") == 2);
}

TEST_CASE("errors of a submitted script come back, and addresses off loopback are refused") {
  TemporaryDirectory directory;
  const Nodes nodes(1);
  drop_file(directory / "bad.sql", "CREATE SINK o USING noop;\nINSERT INTO o SELECT wrd FROM x;\n");
  const ChildResult bad =
      run_program("streamctl", {"submit", directory / "bad.sql", "--cluster", nodes.addresses[0]});
  CHECK(bad.exit_code == 1);
  CHECK_THAT(bad.output, ContainsSubstring("bad.sql:2:"));
  const ChildResult open = run_program("streamctl", {"node", "--listen", "0.0.0.0:4000"});
  CHECK(open.exit_code == 1);
  CHECK_THAT(open.output, ContainsSubstring("loopback only"));
}
