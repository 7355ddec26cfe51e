#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/test_runs.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>

using namespace stream::testing;

namespace {

std::vector<std::string> alerts_in(const std::string& output) {
  return sorted_lines(output, "part-");
}

}  // namespace

TEST_CASE("fraud_detection killed at any moment leaves the alerts of an undisturbed run") {
  const std::uint64_t seed = test_seed("cluster");
  const int wanted_kills = rounds(5, 50);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TemporaryDirectory directory;
  const std::string payments = std::to_string(4'000 * wanted_kills + 60'000);
  const auto arguments = [&](const std::string& name) {
    return std::vector<std::string>{"--payments",    payments,
                                    "--seed",        std::to_string(seed % 1000),
                                    "--output",      directory / name,
                                    "--checkpoint",  directory / (name + "-checkpoint"),
                                    "--verify",      "--epoch-payments",
                                    "1000",          "--json",
                                    "--parallelism", std::to_string(1 + random() % 2)};
  };
  const ChildResult undisturbed = run_program("fraud_detection", arguments("undisturbed"));
  INFO(undisturbed.output);
  REQUIRE(undisturbed.exit_code == 0);

  const std::vector<std::string> killed = arguments("killed");
  const std::string commits = directory / "killed-checkpoint/commits";
  const std::string offsets = directory / "killed-checkpoint/offsets";
  int kills = 0;
  int kills_within_epochs = 0;
  for (int tries = 0; kills < wanted_kills && tries < 4 * wanted_kills; ++tries) {
    const long commits_before = newest_number(commits);
    ChildProcess child("fraud_detection", killed);
    // It gets so far that something was committed, then a moment further.
    while (child.is_running() && newest_number(commits) <= commits_before) sleep_millis(2);
    sleep_millis(static_cast<int>(random() % 60));
    if (!child.is_running()) break;
    child.signal(SIGKILL);
    REQUIRE(child.wait().exit_code == 128 + SIGKILL);
    ++kills;
    kills_within_epochs += newest_number(offsets) != newest_number(commits);
  }
  std::cout << "  killed " << kills << " times, " << kills_within_epochs
            << " of them in an epoch\n";
  CHECK(kills == wanted_kills);

  const ChildResult last = run_program("fraud_detection", killed);
  INFO(last.output);
  CHECK(last.exit_code == 0);
  CHECK(last.output.find("missing: 0, extra: 0") != std::string::npos);
  const std::vector<std::string> expected = alerts_in(directory / "undisturbed");
  CHECK(!expected.empty());
  CHECK(alerts_in(directory / "killed") == expected);
}

TEST_CASE("fraud_detection refuses options that do not go together") {
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& option) {
    const ChildResult result = run_program("fraud_detection", arguments);
    INFO(result.output);
    CHECK(result.exit_code != 0);
    CHECK(result.output.find(option) != std::string::npos);
  };
  refused({"--verify"}, "--payments");
  refused({"--payments", "-1"}, "--payments");
  refused({"--payments", "10", "--kafka", "localhost:1"}, "--kafka");
  refused({"--payments", "10", "--rate", "0"}, "--rate");
  refused({"--payments", "10", "--cards", "/nowhere.csv"}, "/nowhere.csv");
  refused({"--payment", "10"}, "--payment");
  const TemporaryDirectory directory;
  drop_file(directory / "cards.csv", "number,country\n1,US\n");
  refused({"--payments", "10", "--cards", directory / "cards.csv"}, "limit_cents");
}
