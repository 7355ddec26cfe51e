#include <tests/cluster/node_processes.hpp>
#include <tests/cluster/word_totals.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/test_runs.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Processes whose parent is `parent`: the workers of a node.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "stat");
    std::string text(std::istreambuf_iterator<char>(file), {});
    const auto close = text.rfind(')');  // behind it: state, parent
    if (close == std::string::npos || text.size() < close + 4) continue;
    if (text[close + 2] != 'Z' && std::stol(text.substr(close + 4)) == parent)
      children.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return children;
}

bool is_there(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto close = text.rfind(')');
  return close != std::string::npos && text[close + 2] != 'Z';
}

}  // namespace

TEST_CASE("word_count on two nodes gives the lines that one process gives") {
  TemporaryDirectory directory;
  std::mt19937_64 random(test_seed("cluster"));
  Counts expected;
  for (int file = 0; file < 6; ++file)
    drop_file(directory / ("in/" + std::to_string(file)), random_text(random, expected));
  const Nodes nodes(2);
  for (const std::string api : {"dstream", "dataframe"}) {
    const std::string output = directory / api;
    const ChildResult result =
        run_program("word_count", {"--input", directory / "in", "--output", output, "--checkpoint",
                                   output + "-checkpoint", "--trigger", "available-now",
                                   "--parallelism", "4", "--api", api, "--progress",
                                   output + "-progress", "--cluster", nodes.addresses[1]});
    INFO(result.output);
    REQUIRE(result.exit_code == 0);
    CHECK_THAT(result.output, ContainsSubstring("running word_count"));
    CHECK(final_totals(output) == expected);
    std::ifstream progress(output + "-progress");
    std::string record;
    REQUIRE(std::getline(progress, record));
    CHECK_THAT(record, ContainsSubstring("\"numInputRows\":1200"));
  }
  for (const auto& node : nodes.processes)
    CHECK(wait_until([&] { return children_of(node->id()).empty(); }));
}

TEST_CASE("word_count on two nodes loses and doubles nothing when one of them is killed") {
  const std::uint64_t seed = test_seed("cluster");
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TemporaryDirectory directory;
  Counts expected;
  int files = 0;
  const auto drop_files = [&](int count) {
    for (int i = 0; i < count; ++i) {
      drop_file(directory / ("in/" + std::to_string(files++)), random_text(random, expected));
      sleep_millis(static_cast<int>(random() % 60));
    }
  };
  const std::string output = directory / "out";
  Nodes nodes(2);
  std::filesystem::create_directories(directory / "in");
  ChildProcess program("word_count", {"--input", directory / "in", "--output", output,
                                      "--checkpoint", directory / "checkpoint", "--trigger", "50ms",
                                      "--parallelism", "4", "--cluster", nodes.addresses[1]});
  // Node 0 coordinates when it is killed first, and has tasks alone when its successors are.
  for (int round = 0; round < rounds(2, 20); ++round) {
    REQUIRE(wait_until([&] {
      return children_of(nodes.processes[0]->id()).size() == 1 &&
             children_of(nodes.processes[1]->id()).size() == 1;
    }));
    const auto workers = children_of(nodes.processes[0]->id());
    const auto lines_before = sorted_lines(output).size();
    drop_files(3);
    CHECK(wait_until([&] { return sorted_lines(output).size() > lines_before; }));
    drop_files(static_cast<int>(random() % 3));
    nodes.kill(0);
    CHECK(wait_until([&] { return !is_there(workers.front()); }, 5));
    drop_files(2);
    nodes.start_anew(0);
    REQUIRE(wait_until([&] { return nodes.members_seen_by(1) == 2; }));
  }
  const bool is_done = wait_until([&] { return final_totals(output) == expected; });
  program.signal(SIGTERM);
  const ChildResult result = program.wait(20);
  INFO(result.output);
  INFO(status_of(nodes.addresses[1]));
  CHECK(is_done);
  CHECK(result.exit_code == 0);
  CHECK(final_totals(output) == expected);
  for (const auto& node : nodes.processes)
    CHECK(wait_until([&] { return children_of(node->id()).empty(); }));
}

TEST_CASE("fraud_detection on two nodes leaves the alerts of one process when a node is killed") {
  const std::uint64_t seed = test_seed("cluster");
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const int num_kills = rounds(2, 12);
  TemporaryDirectory directory;
  const auto arguments = [&](const std::string& name) {
    return std::vector<std::string>{"--payments",       std::to_string(40'000 + 40'000 * num_kills),
                                    "--seed",           std::to_string(seed % 1000),
                                    "--output",         directory / name,
                                    "--checkpoint",     directory / (name + "-checkpoint"),
                                    "--epoch-payments", "1000",
                                    "--parallelism",    "2",
                                    "--json",           "--verify"};
  };
  const auto alerts_in = [&](const std::string& name) {
    return sorted_lines(directory / name, "part-");
  };
  const ChildResult undisturbed = run_program("fraud_detection", arguments("undisturbed"));
  INFO(undisturbed.output);
  REQUIRE(undisturbed.exit_code == 0);

  Nodes nodes(2);
  std::vector<std::string> on_nodes = arguments("killed");
  on_nodes.insert(on_nodes.end(), {"--cluster", nodes.addresses[1]});
  ChildProcess program("fraud_detection", on_nodes);
  const std::string commits = directory / "killed-checkpoint/commits";
  int kills = 0;
  while (kills < num_kills) {
    const long before = newest_number(commits);
    REQUIRE(wait_until([&] {
      return !program.is_running() || (newest_number(commits) > before + 1 &&
                                       !children_of(nodes.processes[0]->id()).empty());
    }));
    sleep_millis(static_cast<int>(random() % 60));
    if (!program.is_running()) break;
    nodes.kill(0);
    ++kills;
    nodes.start_anew(0);
    REQUIRE(wait_until([&] { return nodes.members_seen_by(1) == 2; }));
  }
  const ChildResult result = program.wait(120);
  INFO(result.output);
  INFO(status_of(nodes.addresses[1]));
  CHECK(kills == num_kills);
  CHECK(result.exit_code == 0);
  CHECK(result.output.find("missing: 0, extra: 0") != std::string::npos);
  const std::vector<std::string> expected = alerts_in("undisturbed");
  CHECK(!expected.empty());
  CHECK(alerts_in("killed") == expected);
}

TEST_CASE("a node without the program, or with another build of it, says so") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a", "x y x\n");
  const auto refusal = [&](const std::string& programs) {
    const Nodes nodes(1, Nodes::kHeartbeatMillis, false, {"--programs", programs});
    const ChildResult result =
        run_program("word_count", {"--input", directory / "in", "--output", directory / "out",
                                   "--trigger", "available-now", "--cluster", nodes.addresses[0]});
    CHECK(result.exit_code == 1);
    CHECK(sorted_lines(directory / "out").empty());
    return result.output;
  };
  std::filesystem::create_directories(directory / "programs");
  CHECK_THAT(refusal(directory / "programs"), ContainsSubstring("there is no program word_count"));
  const std::string copy = directory / "programs/word_count";
  std::filesystem::copy_file(std::filesystem::path(STREAM_BIN) / "word_count", copy);
  std::ofstream(copy, std::ios::app) << "another build";
  CHECK_THAT(refusal(directory / "programs"), ContainsSubstring("is of another build"));
}

TEST_CASE("what is wrong in a worker comes back to the submitter") {
  TemporaryDirectory directory;
  const Nodes nodes(1);
  const ChildResult result =
      run_program("word_count", {"--input", directory / "missing", "--output", directory / "out",
                                 "--trigger", "available-now", "--cluster", nodes.addresses[0]});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.output, ContainsSubstring("missing"));
  const ChildResult nobody = run_program(
      "word_count",
      {"--input", directory / "", "--trigger", "available-now", "--cluster", free_address()});
  CHECK(nobody.exit_code == 1);
  CHECK_THAT(nobody.output, ContainsSubstring("no node answers"));
}

TEST_CASE("a file describes a program or SQL, and what is wrong in it is said with its place") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a", "x y x\n");
  const Nodes nodes(2);
  const auto submit = [&](const std::string& file, const std::string& text) {
    drop_file(directory / file, text);
    return run_program("streamctl", {"submit", directory / file, "--cluster", nodes.addresses[0]});
  };
  const ChildResult typed = submit("typed.toml",
                                   "name = \"words\"\nprogram = \"word_count\"\n"
                                   "arguments = [\"--trigger\", \"available-now\"]\n"
                                   "parallelism = 2\ncheckpoint = \"typed-checkpoint\"\n"
                                   "directory = \".\"\n"
                                   "[options]\ninput = \"in\"\noutput = \"typed-out\"\n");
  INFO(typed.output);
  CHECK(typed.exit_code == 0);
  CHECK(sorted_lines(directory / "typed-out") == std::vector<std::string>{"x\t2", "y\t1"});

  const ChildResult sql =
      submit("sql.toml",
             "trigger = \"available-now\"\nsql = \"\"\"\n"
             "CREATE STREAM lines USING text OPTIONS (path '${in}');\n"
             "CREATE SINK out USING text OPTIONS (path '${out}');\n"
             "INSERT INTO out SELECT upper(value) FROM lines;\"\"\"\n"
             "checkpoint = \"sql-checkpoint\"\n[options]\nin = \"" +
                 (directory / "in") + "\"\nout = \"" + (directory / "sql-out") + "\"\n");
  INFO(sql.output);
  CHECK(sql.exit_code == 0);
  CHECK(sorted_lines(directory / "sql-out") == std::vector<std::string>{"X Y X"});

  const ChildResult wrong = submit("wrong.toml",
                                   "program = \"word_count\"\nparalelism = 2\n"
                                   "arguments = \"--input\"\nquery = -1\ntrigger = \"1s\"\n"
                                   "sql = \"SELECT 1\"\n");
  CHECK(wrong.exit_code == 1);
  CHECK_THAT(wrong.output,
             ContainsSubstring("wrong.toml:2:1: unknown key 'paralelism'; did you mean "
                               "'parallelism'?") &&
                 ContainsSubstring("wrong.toml:3:13: arguments must be a list") &&
                 ContainsSubstring("wrong.toml:4:9: query must be a number of 0") &&
                 ContainsSubstring("wrong.toml:5:11: trigger belongs to SQL") &&
                 ContainsSubstring("give one of sql, sql_file and program"));
  CHECK_THAT(submit("cut.toml", "program = \"word_count\n").output,
             ContainsSubstring("cut.toml:1:"));
}

TEST_CASE("the reference file of a program is one that can be read") {
  TemporaryDirectory directory;
  const ChildResult result =
      run_program("streamctl", {"submit", STREAM_CONFIGS "/program.toml", "--cluster",
                                free_address(), "--checkpoint", directory / "checkpoint"});
  CHECK_THAT(result.output, ContainsSubstring("no node answers"));
}

TEST_CASE("an actor system of a caller's own joins a cluster and spawns a pipeline on it") {
  TemporaryDirectory directory;
  std::mt19937_64 random(test_seed("cluster"));
  Counts expected;
  for (int file = 0; file < 4; ++file)
    drop_file(directory / ("in/" + std::to_string(file)), random_text(random, expected));
  const std::string example = STREAM_CLUSTER_EXAMPLE;
  const Nodes nodes(2, Nodes::kHeartbeatMillis, false,
                    {"--programs", std::filesystem::path(example).parent_path().string()});
  const ChildResult result =
      run_program(example, {nodes.addresses[0], directory / "in", directory / "out"});
  INFO(result.output);
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.output, ContainsSubstring("clerk: 800 lines are counted"));
  CHECK(final_totals(directory / "out") == expected);
}
