// A program of this build as a child process of a test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace stream::testing {

/// What a finished child left.
struct ChildResult {
  int exit_code = -1;  ///< 128 + signal when it was killed
  std::string output;  ///< standard output and error
};

class ChildProcess {
 public:
  /// Starts STREAM_BIN/`program`, or the absolute path that it is; its output goes to a temporary
  /// file.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments);
  ~ChildProcess();  ///< kills it when it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t id() const { return pid_; }
  /// What it has written so far.
  std::string output() const;
  bool is_running();
  void signal(int number) const;
  /// Waits for its end, at most `seconds`, then kills it.
  ChildResult wait(int seconds = 60);

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  bool has_ended_ = false;
  std::string output_path_;
};

/// Runs a program to its end.
ChildResult run_program(const std::string& program, const std::vector<std::string>& arguments);

/// A fresh directory, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void sleep_millis(int millis);
/// Writes the file under another name and moves it in, as sources ask for.
void drop_file(const std::string& path, const std::string& content);
/// All lines of the visible files of a directory, by file name.
std::vector<std::pair<std::string, std::vector<std::string>>> read_lines(
    const std::string& directory);

/// All lines of the files whose names begin with `prefix`, sorted.
std::vector<std::string> sorted_lines(const std::string& directory, const std::string& prefix = "");

/// The greatest number that is the name of an entry: of offsets/ or commits/. -1: none.
long newest_number(const std::string& directory);

/// Has the query of the checkpoint begun an epoch that is not committed?
bool is_within_epoch(const std::string& checkpoint);

}  // namespace stream::testing
