// What survives when the plug is pulled, and the one primitive cut at every point.
#include <tests/kit/catch.hpp>
#include <tests/kit/faulty_file_system.hpp>

using namespace stream;
using stream::testing::FaultyFileSystem;
using stream::testing::for_each_crash_point;

namespace {

std::unique_ptr<WritableFile> write_half_synced(MemoryFileSystem& disk) {
  disk.create_directories("d").value();
  auto file = disk.open_writing("d/f").value();
  file->append("kept").value();
  file->sync().value();
  file->append("lost").value();
  return file;
}

}  // namespace

TEST_CASE("un-synced entries vanish in the hardest crash") {
  MemoryFileSystem disk;
  const auto file = write_half_synced(disk);
  disk.crash(CrashMode::drop_all);
  CHECK(disk.exists("d").value());
  CHECK_FALSE(disk.exists("d/f").value());
}

TEST_CASE("synced entries keep synced bytes and no more") {
  MemoryFileSystem disk;
  const auto file = write_half_synced(disk);
  disk.sync_directory("d").value();
  disk.crash(CrashMode::drop_all);
  CHECK(read_file(disk, "d/f").value() == "kept");
}

TEST_CASE("entries may survive with torn or without un-synced bytes") {
  MemoryFileSystem torn;
  const auto torn_file = write_half_synced(torn);
  torn.crash(CrashMode::torn_data);
  CHECK(read_file(torn, "d/f").value() == "keptlo");
  MemoryFileSystem bare;
  const auto bare_file = write_half_synced(bare);
  bare.crash(CrashMode::keep_entries);
  CHECK(read_file(bare, "d/f").value() == "kept");
}

TEST_CASE("un-synced removals and renames are undone by the hardest crash") {
  MemoryFileSystem disk;
  disk.create_directories("d").value();
  write_file_atomic(disk, "d/a", "a").value();
  write_file_atomic(disk, "d/b", "b").value();
  disk.remove("d/a").value();
  disk.rename("d/b", "d/c").value();
  disk.crash(CrashMode::drop_all);
  CHECK(read_file(disk, "d/a").value() == "a");
  CHECK(read_file(disk, "d/b").value() == "b");
  CHECK_FALSE(disk.exists("d/c").value());
}

TEST_CASE("a crash frees locks and the old holder cannot free the new one") {
  MemoryFileSystem disk;
  auto old_lock = disk.lock("lock").value();
  disk.crash(CrashMode::drop_all);
  const auto new_lock = disk.lock("lock").value();
  old_lock.reset();
  CHECK_FALSE(disk.lock("lock"));
}

TEST_CASE("an exclusive write cut at any point leaves all or nothing, and all once answered") {
  const std::size_t num_crashes = for_each_crash_point(
      [](FileSystem& files) {
        if (!files.create_directories("d")) return false;
        const auto written = write_file_exclusive(files, "d/f", "content");
        return written && *written;
      },
      [](FileSystem& disk, bool is_answered, std::size_t point, CrashMode mode) {
        INFO("point " << point << " mode " << static_cast<int>(mode));
        const bool exists = disk.exists("d/f").value();
        CHECK((exists || !is_answered));
        if (exists) CHECK(read_file(disk, "d/f").value() == "content");
      });
  CHECK(num_crashes >= 18);
}

TEST_CASE("an atomic write cut at any point leaves the old or the new content") {
  for_each_crash_point(
      [](FileSystem& files) {
        if (!files.create_directories("d")) return 0;
        if (!write_file_atomic(files, "d/f", "old")) return 0;
        return write_file_atomic(files, "d/f", "new") ? 2 : 1;
      },
      [](FileSystem& disk, int num_answered, std::size_t point, CrashMode mode) {
        INFO("point " << point << " mode " << static_cast<int>(mode));
        const auto content = read_file(disk, "d/f");
        if (!content) {
          CHECK(num_answered == 0);
          return;
        }
        CHECK((*content == "old" || *content == "new"));
        if (num_answered == 2) CHECK(*content == "new");
      });
}

TEST_CASE("a failing call is reported and leaves no half file") {
  for (std::size_t point = 0;; ++point) {
    MemoryFileSystem disk;
    disk.create_directories("d").value();
    FaultyFileSystem files(disk);
    files.fail_at(point, "No space left on device");
    const auto written = write_file_exclusive(files, "d/f", "content");
    if (files.num_points() <= point) break;
    INFO("point " << point);
    REQUIRE_FALSE(written);
    CHECK_THAT(written.error().message(), Catch::Matchers::ContainsSubstring("No space left"));
    if (disk.exists("d/f").value()) CHECK(read_file(disk, "d/f").value() == "content");
  }
}
