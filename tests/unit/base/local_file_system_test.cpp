// What only the operating system's files can show: other processes, full devices, file modes.
#include <libstream/base/local_file_system.hpp>
#include <libstream/base/unique_id.hpp>
#include <tests/kit/catch.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

using namespace stream;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Folder {
  std::string path = std::filesystem::temp_directory_path() / ("stream-test-" + make_unique_id());
  Folder() { local_file_system().create_directories(path).value(); }
  ~Folder() { static_cast<void>(local_file_system().remove_all(path)); }
};

}  // namespace

TEST_CASE("a lock dies with the process that held it") {
  const Folder folder;
  const std::string path = folder.path + "/lock";
  std::array<int, 2> pipe_ends{};
  REQUIRE(::pipe(pipe_ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = local_file_system().lock(path);
    const char is_held = lock ? 'y' : 'n';
    if (::write(pipe_ends[1], &is_held, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char is_held = 0;
  REQUIRE(::read(pipe_ends[0], &is_held, 1) == 1);
  CHECK(is_held == 'y');
  CHECK_FALSE(local_file_system().lock(path));
  REQUIRE(::kill(child, SIGKILL) == 0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(local_file_system().lock(path));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST_CASE("a full device is an error that names the path and the cure, and stays one") {
  auto file = local_file_system().open_writing("/dev/full").value();
  const auto written = file->append("x");
  REQUIRE_FALSE(written);
  CHECK(written.error().error_class() == ErrorClass::fatal);
  CHECK_THAT(written.error().message(), ContainsSubstring("/dev/full: No space left on device"));
  CHECK_FALSE(file->sync());
  CHECK_FALSE(file->append("y"));
}

TEST_CASE("files are not readable by strangers") {
  const Folder folder;
  write_file_atomic(local_file_system(), folder.path + "/f", "secret").value();
  struct stat raw {};
  REQUIRE(::stat((folder.path + "/f").c_str(), &raw) == 0);
  CHECK((raw.st_mode & 0137u) == 0);
  REQUIRE(::stat(folder.path.c_str(), &raw) == 0);
  CHECK((raw.st_mode & 0027u) == 0);
}
