#include <tests/cluster/child_process.hpp>
#include <tests/cluster/word_totals.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/test_runs.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>

using namespace stream::testing;

namespace {

/// In which phase of an epoch a killed process left its checkpoint and output.
std::string phase_left(const std::string& checkpoint, const std::string& output) {
  const long offsets = newest_number(checkpoint + "/offsets");
  const long commits = newest_number(checkpoint + "/commits");
  if (offsets == commits) return "between epochs";
  long visible = -1;
  for (const auto& [name, lines] : read_lines(output)) visible = std::max(visible, epoch_of(name));
  return visible == offsets ? "sink committed, commit missing" : "offsets written, running";
}

/// Until an epoch has begun; at most for a while, as there may be nothing left to read.
void wait_within_epoch(const std::string& checkpoint) {
  for (int i = 0; i < 300 && !is_within_epoch(checkpoint); ++i) sleep_millis(1);
}

}  // namespace

TEST_CASE("word_count killed at any moment loses and doubles nothing") {
  const std::uint64_t seed = test_seed("cluster");
  const int wanted_kills = rounds(12, 50);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::string parallelism = std::to_string(1 + random() % 2);
  TemporaryDirectory directory;
  const std::string input = directory / "input";
  const std::string output = directory / "output";
  const std::string checkpoint = directory / "checkpoint";
  std::filesystem::create_directories(input);
  Counts expected;
  std::map<std::string, int> phases;
  int files = 0;
  // Until enough kills, and until each phase was hit, but not for ever.
  int kills = 0;
  for (; kills < wanted_kills || (phases.size() < 3 && kills < 400); ++kills) {
    ChildProcess child("word_count",
                       {"--input", input, "--output", output, "--checkpoint", checkpoint,
                        "--trigger", "50ms", "--parallelism", parallelism});
    const int rounds = static_cast<int>(random() % 4);
    for (int i = 0; i < rounds; ++i) {
      drop_file(input + "/file" + std::to_string(files++), random_text(random, expected));
      sleep_millis(static_cast<int>(random() % 40));
    }
    // Epochs are short and seldom hit by chance, the less the faster the machine.
    if (random() % 2 == 0) wait_within_epoch(checkpoint);
    sleep_millis(static_cast<int>(random() % (random() % 2 == 0 ? 6 : 60)));
    if (!child.is_running()) FAIL("word_count ended by itself: " << child.wait().output);
    child.signal(SIGKILL);
    REQUIRE(child.wait().exit_code == 128 + SIGKILL);
    ++phases[phase_left(checkpoint, output)];
  }
  for (const auto& [phase, count] : phases)
    std::cout << "  killed " << phase << ": " << count << "\n";
  CHECK(phases.size() == 3);

  const ChildResult last =
      run_program("word_count", {"--input", input, "--output", output, "--checkpoint", checkpoint,
                                 "--trigger", "available-now", "--parallelism", parallelism});
  INFO(last.output);
  REQUIRE(last.exit_code == 0);
  CHECK(final_totals(output) == expected);
  const ChildResult verified = run_program("streamctl", {"checkpoint", "verify", checkpoint});
  INFO(verified.output);
  CHECK(verified.exit_code == 0);
}
