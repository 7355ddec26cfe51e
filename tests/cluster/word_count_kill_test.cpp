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

/// The newest epoch of which a file can be seen in the output; -1: none.
long newest_visible(const std::string& output) {
  long newest = -1;
  for (const auto& [name, lines] : read_lines(output)) newest = std::max(newest, epoch_of(name));
  return newest;
}

/// In which phase of an epoch a killed process left its checkpoint and output.
std::string phase_left(const std::string& checkpoint, const std::string& output) {
  const long offsets = newest_number(checkpoint + "/offsets");
  const long commits = newest_number(checkpoint + "/commits");
  if (offsets == commits) return "between epochs";
  return newest_visible(output) == offsets ? "sink committed, commit missing"
                                           : "offsets written, running";
}

/// What a kill waits for. Phases are short and seldom hit by chance; the less, the slower a process
/// starts and the faster its epochs are.
enum class Aim { anything, begun_epoch, visible_epoch };

/// The newest epoch that was begun, or whose output can be seen.
long newest_of(Aim aim, const std::string& checkpoint, const std::string& output) {
  if (aim == Aim::anything) return -1;
  return aim == Aim::begun_epoch ? newest_number(checkpoint + "/offsets") : newest_visible(output);
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
    const Aim aim = static_cast<Aim>(random() % 3);
    const long before = newest_of(aim, checkpoint, output);
    ChildProcess child("word_count",
                       {"--input", input, "--output", output, "--checkpoint", checkpoint,
                        "--trigger", "50ms", "--parallelism", parallelism});
    const int num_files = static_cast<int>(random() % 4) + (aim == Aim::anything ? 0 : 1);
    for (int i = 0; i < num_files; ++i) {
      drop_file(input + "/file" + std::to_string(files++), random_text(random, expected));
      sleep_millis(static_cast<int>(random() % 40));
    }
    // Not for ever: an epoch of empty files shows nothing.
    for (int i = 0; i < 5000 && aim != Aim::anything; ++i) {
      if (newest_of(aim, checkpoint, output) > before) break;
      sleep_millis(1);
    }
    if (aim != Aim::visible_epoch)
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
