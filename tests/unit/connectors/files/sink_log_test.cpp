// Entries of _spark_metadata while two runs of one query are alive.
#include <libstream/base/forwarding_file_system.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/files/sink_log.hpp>
#include <tests/kit/catch.hpp>

#include <functional>

using namespace stream;

namespace {

constexpr const char* kDirectory = "/out";

void put(FileSystem& files, const std::string& path) {
  files.create_directories(parent_path(path)).value();
  auto file = files.open_writing(path).value();
  file->append("rows").value();
  file->close().value();
}

std::vector<std::string> logged(FileSystem& files) {
  std::vector<std::string> paths;
  const std::vector<LoggedFile> found = read_sink_log(files, kDirectory).value();
  for (const LoggedFile& file : found) paths.push_back(file.path);
  return paths;
}

std::vector<FileStatus> names_in_log(FileSystem& files) {
  return files.list("/out/_spark_metadata").value();
}

SinkLogEntry prepare(FileSystem& files, std::int64_t epoch, const std::string& path) {
  put(files, path);
  return SinkLogEntry::prepare(files, kDirectory, epoch, {{path, 4, 0}}).value();
}

/// Where something happens just before a file gets another name.
class Interrupted : public ForwardingFileSystem {
 public:
  Interrupted(FileSystem& below, std::function<void()> happens)
      : ForwardingFileSystem(below), happens_(std::move(happens)) {}
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (const auto happens = std::exchange(happens_, nullptr)) happens();
    return ForwardingFileSystem::rename(from, to);
  }

 private:
  std::function<void()> happens_;
};

}  // namespace

TEST_CASE("an entry that was dropped cannot be published, and its files are gone") {
  MemoryFileSystem disk;
  SinkLogEntry first = prepare(disk, 0, "/out/a");
  first.publish().value();
  SinkLogEntry second = prepare(disk, 1, "/out/b");
  drop_unpublished(disk, kDirectory, 0).value();
  CHECK_FALSE(disk.exists("/out/b").value());
  const auto published = second.publish();
  REQUIRE_FALSE(published);
  CHECK(published.error().error_class() == ErrorClass::transient);
  CHECK(logged(disk) == std::vector<std::string>{"/out/a"});
  SinkLogEntry again = prepare(disk, 1, "/out/c");
  again.publish().value();
  CHECK(logged(disk) == std::vector<std::string>{"/out/a", "/out/c"});
}

TEST_CASE("an entry that is published while another run drops it keeps its files") {
  MemoryFileSystem disk;
  SinkLogEntry entry = prepare(disk, 0, "/out/a");
  Interrupted late(disk, [&] { entry.publish().value(); });
  drop_unpublished(late, kDirectory, -1).value();
  CHECK(disk.exists("/out/a").value());
  CHECK(logged(disk) == std::vector<std::string>{"/out/a"});
}

TEST_CASE("an entry whose publisher died before it took the other name away is published") {
  MemoryFileSystem disk;
  static_cast<void>(prepare(disk, 0, "/out/a"));
  disk.link_exclusive("/out/_spark_metadata/.0.pending", "/out/_spark_metadata/0").value();
  drop_unpublished(disk, kDirectory, -1).value();
  CHECK(disk.exists("/out/a").value());
  CHECK(names_in_log(disk).size() == 1);
}

TEST_CASE("what a run that died was dropping is dropped by the next one") {
  MemoryFileSystem disk;
  static_cast<void>(prepare(disk, 3, "/out/a"));
  disk.rename("/out/_spark_metadata/.3.pending", "/out/_spark_metadata/.3.some-id.pending").value();
  drop_unpublished(disk, kDirectory, 2).value();
  CHECK_FALSE(disk.exists("/out/a").value());
  CHECK(names_in_log(disk).empty());
}
