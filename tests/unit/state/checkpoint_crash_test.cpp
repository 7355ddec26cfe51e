// A checkpoint whose run is cut or disturbed at every single write.
#include <tests/kit/catch.hpp>
#include <tests/kit/faulty_file_system.hpp>

#include <algorithm>
#include <cstdlib>

#include "checkpoint_script.hpp"

using namespace stream;
using namespace stream::testing;

namespace {

std::int64_t last_epoch() { return std::getenv("STREAM_TEST_LONG") != nullptr ? 30 : 6; }

Progress later_of(Progress first, const Progress& second) {
  first.offsets_answered = std::max(first.offsets_answered, second.offsets_answered);
  first.commit_begun = std::max(first.commit_begun, second.commit_begun);
  first.commit_answered = std::max(first.commit_answered, second.commit_answered);
  first.source_entry_answered = std::max(first.source_entry_answered, second.source_entry_answered);
  return first;
}

}  // namespace

TEST_CASE("a crash at any write leaves the old or the new commit, and the run goes on from it") {
  const std::int64_t last = last_epoch();
  const std::size_t num_crashes = for_each_crash_point(
      [last](FileSystem& files) { return run_epochs(files, last); },
      [last](MemoryFileSystem& disk, const Progress& progress, std::size_t point, CrashMode mode) {
        INFO("point " << point << " mode " << static_cast<int>(mode));
        if (disk.exists("check/metadata").value()) {
          REQUIRE(find_fault(disk, progress) == "");
        } else {
          REQUIRE(progress.offsets_answered == -1);
        }
        const Progress rest = run_epochs(disk, last);
        REQUIRE(rest.error == "");
        REQUIRE(find_fault(disk, later_of(progress, rest)) == "");
      });
  CHECK(num_crashes > 500);
}

TEST_CASE("a crash during recovery is as harmless as the first one") {
  const std::size_t step = std::getenv("STREAM_TEST_LONG") != nullptr ? 1 : 9;
  std::size_t num_crashes = 0;
  for (std::size_t first = 0;; first += step) {
    MemoryFileSystem origin;
    FaultyFileSystem probe(origin);
    probe.crash_at(first);
    run_epochs(probe, 2);
    if (!probe.is_crashed()) break;
    for (std::size_t second = 0;; second += step) {
      MemoryFileSystem disk;
      FaultyFileSystem files(disk);
      files.crash_at(first);
      Progress progress = run_epochs(files, 2);
      disk.crash(CrashMode::drop_all);
      FaultyFileSystem again(disk);
      again.crash_at(second);
      progress = later_of(progress, run_epochs(again, 2));
      if (!again.is_crashed()) break;
      disk.crash(CrashMode::torn_data);
      INFO("points " << first << " and " << second);
      const Progress rest = run_epochs(disk, 2);
      REQUIRE(rest.error == "");
      REQUIRE(find_fault(disk, later_of(progress, rest)) == "");
      ++num_crashes;
    }
  }
  CHECK(num_crashes > 100);
}

TEST_CASE("a write that fails once stops the run with its reason and loses nothing answered") {
  const std::int64_t last = last_epoch();
  for (std::size_t point = 0;; ++point) {
    MemoryFileSystem disk;
    FaultyFileSystem files(disk);
    files.fail_at(point, "No space left on device");
    const Progress progress = run_epochs(files, last);
    if (files.num_points() <= point) break;
    INFO("point " << point);
    REQUIRE_THAT(progress.error, Catch::Matchers::ContainsSubstring("No space left on device"));
    // The machine goes down before anything else was written: a commit that was answered is
    // durable.
    disk.crash(CrashMode::drop_all);
    const Progress rest = run_epochs(disk, last);
    REQUIRE(rest.error == "");
    REQUIRE(find_fault(disk, later_of(progress, rest)) == "");
  }
}
