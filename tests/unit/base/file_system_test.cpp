// What every file system must do, run against the local and the memory one.
#include <libstream/base/forwarding_file_system.hpp>
#include <libstream/base/local_file_system.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/base/unique_id.hpp>
#include <tests/kit/catch.hpp>

#include <filesystem>

using namespace stream;
using Catch::Matchers::StartsWith;

namespace {

class Disk {
 public:
  explicit Disk(bool is_local) {
    if (is_local) {
      files_ = std::make_unique<LocalFileSystem>();
      root_ = std::filesystem::temp_directory_path() / ("stream-test-" + make_unique_id());
    } else {
      files_ = std::make_unique<MemoryFileSystem>();
      root_ = "/root";
    }
    files_->create_directories(root_).value();
  }
  ~Disk() { static_cast<void>(files_->remove_all(root_)); }

  FileSystem& files() { return *files_; }
  std::string at(const std::string& name) const { return root_ + "/" + name; }
  void put(const std::string& name, std::string_view content) {
    auto file = files_->open_writing(at(name)).value();
    file->append(content).value();
    file->close().value();
  }
  std::string get(const std::string& name) { return read_file(*files_, at(name)).value(); }
  std::vector<std::string> names(const std::string& directory = "") {
    std::vector<std::string> result;
    const std::string path = directory.empty() ? root_ : at(directory);
    const std::vector<FileStatus> children = files_->list(path).value();
    for (const FileStatus& child : children) result.push_back(file_name(child.path));
    return result;
  }

 private:
  std::unique_ptr<FileSystem> files_;
  std::string root_;
};

using Names = std::vector<std::string>;

/// Where somebody else sweeps away the temporary that is just to get its name, some times.
class SweptFiles : public ForwardingFileSystem {
 public:
  SweptFiles(FileSystem& below, int times) : ForwardingFileSystem(below), times_left_(times) {}

  Result<void> rename(const std::string& from, const std::string& to) override {
    sweep(from);
    return ForwardingFileSystem::rename(from, to);
  }
  Result<bool> link_exclusive(const std::string& from, const std::string& to) override {
    sweep(from);
    return ForwardingFileSystem::link_exclusive(from, to);
  }

 private:
  void sweep(const std::string& file) {
    if (times_left_-- > 0) remove(file).value();
  }

  int times_left_;
};

}  // namespace

TEST_CASE("a file gives back what was appended to it, at any position") {
  Disk disk(GENERATE(true, false));
  {
    auto file = disk.files().open_writing(disk.at("f")).value();
    file->append("hello ").value();
    file->append("").value();
    file->append("world").value();
    file->sync().value();
    file->close().value();
  }
  CHECK(disk.get("f") == "hello world");
  const auto reader = disk.files().open_reading(disk.at("f")).value();
  char bytes[8] = {};
  CHECK(reader->read_at(6, bytes, 8).value() == 5);
  CHECK(std::string(bytes) == "world");
  CHECK(reader->read_at(100, bytes, 8).value() == 0);
  const FileStatus status = disk.files().status(disk.at("f")).value();
  CHECK(status.size_bytes == 11);
  CHECK_FALSE(status.is_directory);
  CHECK(status.modified_millis > 0);
  disk.put("f", "new");
  CHECK(disk.get("f") == "new");
}

TEST_CASE("large files come back whole") {
  Disk disk(GENERATE(true, false));
  std::string content(3u << 20, 'x');
  for (std::size_t i = 0; i < content.size(); i += 7) content[i] = static_cast<char>(i);
  disk.put("large", content);
  CHECK(disk.get("large") == content);
  const auto too_large = read_file(disk.files(), disk.at("large"), 1u << 20);
  REQUIRE_FALSE(too_large);
  CHECK_THAT(too_large.error().message(), StartsWith(disk.at("large")));
}

TEST_CASE("missing paths are named, and removing them is fine") {
  Disk disk(GENERATE(true, false));
  FileSystem& files = disk.files();
  const std::string path = disk.at("none");
  const std::string expected = "no such file or directory";
  CHECK_THAT(files.status(path).error().message(), StartsWith(expected));
  CHECK_THAT(files.list(path).error().message(), StartsWith(expected));
  CHECK_THAT(files.open_reading(path).error().message(), StartsWith(expected));
  CHECK_THAT(files.open_writing(path + "/f").error().message(), StartsWith(expected));
  CHECK_THAT(files.rename(path, disk.at("x")).error().message(), StartsWith(expected));
  CHECK_THAT(files.link_exclusive(path, disk.at("x")).error().message(), StartsWith(expected));
  CHECK_THAT(files.sync_directory(path).error().message(), StartsWith(expected));
  CHECK_FALSE(files.exists(path).value());
  CHECK(files.remove(path));
  CHECK(files.remove_all(path));
}

TEST_CASE("a listing has the direct children in order and a limit") {
  Disk disk(GENERATE(true, false));
  disk.files().create_directories(disk.at("d/sub/deep")).value();
  disk.put("d/b", "1");
  disk.put("d/a", "22");
  disk.put("d/sub/deep/x", "3");
  disk.put("d.other", "4");
  CHECK(disk.names("d") == Names{"a", "b", "sub"});
  const auto children = disk.files().list(disk.at("d")).value();
  CHECK(children[0].path == disk.at("d/a"));
  CHECK(children[0].size_bytes == 2);
  CHECK(children[2].is_directory);
  CHECK_FALSE(disk.files().list(disk.at("d"), 2));
  CHECK(disk.files().list(disk.at("d"), 3));
  CHECK_FALSE(disk.files().list(disk.at("d/a")));
}

TEST_CASE("rename replaces files and moves directories") {
  Disk disk(GENERATE(true, false));
  disk.put("a", "new");
  disk.put("b", "old");
  disk.files().rename(disk.at("a"), disk.at("b")).value();
  CHECK(disk.get("b") == "new");
  CHECK(disk.names() == Names{"b"});
  disk.files().create_directories(disk.at("d/e")).value();
  disk.put("d/e/f", "deep");
  disk.files().rename(disk.at("d"), disk.at("moved")).value();
  CHECK(disk.get("moved/e/f") == "deep");
  CHECK_FALSE(disk.files().rename(disk.at("b"), disk.at("moved")));
  CHECK_FALSE(disk.files().rename(disk.at("moved"), disk.at("moved/e/x")));
}

TEST_CASE("a link is made once and shares the file") {
  Disk disk(GENERATE(true, false));
  disk.put("a", "first");
  disk.put("b", "second");
  CHECK(disk.files().link_exclusive(disk.at("a"), disk.at("c")).value());
  CHECK_FALSE(disk.files().link_exclusive(disk.at("b"), disk.at("c")).value());
  CHECK(disk.get("c") == "first");
  CHECK(disk.files().status(disk.at("a"))->inode == disk.files().status(disk.at("c"))->inode);
  disk.files().remove(disk.at("a")).value();
  CHECK(disk.get("c") == "first");
}

TEST_CASE("directories are made deeply and removed only when asked for all") {
  Disk disk(GENERATE(true, false));
  disk.files().create_directories(disk.at("x/y/z")).value();
  disk.files().create_directories(disk.at("x/y/z")).value();
  disk.put("x/y/f", "1");
  CHECK_FALSE(disk.files().create_directories(disk.at("x/y/f")));
  CHECK_FALSE(disk.files().create_directories(disk.at("x/y/f/g")));
  CHECK_FALSE(disk.files().remove(disk.at("x")));
  disk.files().remove(disk.at("x/y/z")).value();
  disk.files().remove_all(disk.at("x")).value();
  CHECK(disk.names().empty());
}

TEST_CASE("a lock has one holder and is free after it") {
  Disk disk(GENERATE(true, false));
  {
    const auto lock = disk.files().lock(disk.at("lock")).value();
    const auto second = disk.files().lock(disk.at("lock"));
    REQUIRE_FALSE(second);
    CHECK(second.error().error_class() == ErrorClass::fatal);
    CHECK_THAT(second.error().message(), StartsWith(disk.at("lock") + ": locked by another"));
  }
  CHECK(disk.files().lock(disk.at("lock")));
}

TEST_CASE("an exclusive write happens once, an atomic one replaces, and both leave nothing else") {
  Disk disk(GENERATE(true, false));
  CHECK(write_file_exclusive(disk.files(), disk.at("f"), "one").value());
  CHECK_FALSE(write_file_exclusive(disk.files(), disk.at("f"), "two").value());
  CHECK(disk.get("f") == "one");
  write_file_atomic(disk.files(), disk.at("f"), "three").value();
  CHECK(disk.get("f") == "three");
  CHECK(disk.names() == Names{"f"});
  CHECK_FALSE(write_file_exclusive(disk.files(), disk.at("none/f"), "x"));
}

TEST_CASE("a file is written again when its temporary is swept away by others") {
  Disk disk(GENERATE(true, false));
  SweptFiles twice(disk.files(), 2);
  CHECK(write_file_exclusive(twice, disk.at("f"), "one").value());
  SweptFiles once(disk.files(), 1);
  CHECK_FALSE(write_file_exclusive(once, disk.at("f"), "two").value());
  CHECK(disk.get("f") == "one");
  SweptFiles thrice(disk.files(), 3);
  write_file_atomic(thrice, disk.at("f"), "three").value();
  CHECK(disk.get("f") == "three");
  SweptFiles always(disk.files(), 1'000'000);
  CHECK_FALSE(write_file_exclusive(always, disk.at("g"), "x"));
  CHECK_FALSE(write_file_atomic(always, disk.at("g"), "x"));
  CHECK(disk.names() == Names{"f"});
}

TEST_CASE("paths are taken apart and joined") {
  CHECK(parent_path("a/b/c") == "a/b");
  CHECK(parent_path("c") == ".");
  CHECK(parent_path("/c") == "/");
  CHECK(file_name("a/b/c") == "c");
  CHECK(file_name("c") == "c");
  CHECK(join_path("a", "b") == "a/b");
  CHECK(join_path("a/", "b") == "a/b");
  CHECK(join_path("", "b") == "b");
}
