#include <libstream/base/file_system.hpp>
#include <libstream/base/unique_id.hpp>
#include <tests/cluster/child_process.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

extern char** environ;

namespace stream::testing {

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments) {
  output_path_ = std::filesystem::temp_directory_path() / ("libstream-child-" + make_unique_id());
  const std::string path =
      program.starts_with('/') ? program : std::string(STREAM_BIN) + "/" + program;
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  const int failure = posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error(path + ": " + std::strerror(failure));
}

ChildProcess::~ChildProcess() {
  if (!has_ended_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
  }
  std::error_code ignored;
  std::filesystem::remove(output_path_, ignored);
}

std::string ChildProcess::output() const {
  std::ifstream file(output_path_);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool ChildProcess::is_running() {
  if (!has_ended_ && waitpid(pid_, &status_, WNOHANG) == pid_) has_ended_ = true;
  return !has_ended_;
}

void ChildProcess::signal(int number) const {
  if (!has_ended_) kill(pid_, number);
}

ChildResult ChildProcess::wait(int seconds) {
  for (int i = 0; i < seconds * 200 && is_running(); ++i) sleep_millis(5);
  if (is_running()) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
    has_ended_ = true;
  }
  ChildResult result;
  result.output = output();
  result.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return result;
}

ChildResult run_program(const std::string& program, const std::vector<std::string>& arguments) {
  return ChildProcess(program, arguments).wait();
}

TemporaryDirectory::TemporaryDirectory()
    : path_(std::filesystem::temp_directory_path() / ("libstream-test-" + make_unique_id())) {
  std::filesystem::create_directories(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void sleep_millis(int millis) { usleep(static_cast<useconds_t>(millis) * 1000); }

void drop_file(const std::string& path, const std::string& content) {
  const std::string hidden = parent_path(path) + "/." + file_name(path);
  std::filesystem::create_directories(parent_path(path));
  std::ofstream(hidden) << content;
  std::filesystem::rename(hidden, path);
}

std::vector<std::pair<std::string, std::vector<std::string>>> read_lines(
    const std::string& directory) {
  std::vector<std::pair<std::string, std::vector<std::string>>> files;
  if (!std::filesystem::exists(directory)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().front() == '.' || !entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    files.emplace_back(entry.path().filename().string(), std::move(lines));
  }
  return files;
}

std::vector<std::string> sorted_lines(const std::string& directory, const std::string& prefix) {
  std::vector<std::string> all;
  for (const auto& [name, lines] : read_lines(directory)) {
    if (name.starts_with(prefix)) all.insert(all.end(), lines.begin(), lines.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

long newest_number(const std::string& directory) {
  long newest = -1;
  if (!std::filesystem::exists(directory)) return newest;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos)
      newest = std::max(newest, std::stol(name));
  }
  return newest;
}

bool is_within_epoch(const std::string& checkpoint) {
  return newest_number(checkpoint + "/offsets") > newest_number(checkpoint + "/commits");
}

}  // namespace stream::testing
