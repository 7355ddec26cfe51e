#include <libstream/base/file_system.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/workloads.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

namespace stream::perf {
namespace {

constexpr int kNumStarts = 20;
constexpr Duration kWarmUp{1'500};

/// A started program, killed when this object goes.
class Process {
 public:
  static Result<Process> start(const std::string& program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t id = -1;
    const int failure =
        ::posix_spawn(&id, program.c_str(), &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) return bad_option(program + ": the program does not start; build it first");
    return Process(id);
  }
  Process(Process&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    (void)wait();
  }

  pid_t id() const { return id_; }
  void interrupt() const { ::kill(id_, SIGTERM); }
  /// Its exit code; -1 when a signal ended it. `peak_bytes` gets its peak memory.
  int wait(std::int64_t* peak_bytes = nullptr) {
    int status = 0;
    rusage usage{};
    while (::wait4(id_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    id_ = -1;
    if (peak_bytes) *peak_bytes = std::int64_t{1024} * usage.ru_maxrss;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  explicit Process(pid_t id) : id_(id) {}
  pid_t id_;
};

/// Processor seconds of a running process.
double cpu_seconds_of(pid_t id) {
  std::ifstream file(fmt::format("/proc/{}/stat", id));
  std::string text;
  std::getline(file, text);
  // Its name, in brackets, may hold blanks; user and system time are the 12th and 13th field
  // behind.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::int64_t resident_bytes_of(pid_t id) {
  std::ifstream file(fmt::format("/proc/{}/statm", id));
  std::int64_t all = 0;
  std::int64_t resident = 0;
  file >> all >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

/// The text of all files directly in `directory`, one behind the other.
Result<std::string> text_in(const std::string& directory) {
  STREAM_TRY(const auto files, local_file_system().list(directory));
  std::string text;
  for (const FileStatus& file : files) {
    if (file.is_directory) continue;
    STREAM_TRY(const std::string content, read_file(local_file_system(), file.path));
    text += content;
  }
  return text;
}

/// Seconds from before the process exists until it has ended with its result in the directory.
Result<double> start_once(const BenchOptions& options, const std::string& input,
                          const std::string& output, std::int64_t& peak_bytes) {
  const Stopwatch watch;
  STREAM_TRY(Process process,
             Process::start(options.word_count_program,
                            {"--input", input, "--output", output, "--trigger", "available-now"}));
  const int code = process.wait(&peak_bytes);
  const double seconds = watch.seconds();
  if (code != 0) return fatal(fmt::format("word_count ended with code {}", code));
  STREAM_TRY(const std::string text, text_in(output));
  if (text != "word\t1\n") return bad_data("wrong result: " + text);
  return seconds;
}

Result<Line> measure_starts(const BenchOptions& options, const TemporaryDirectory& directory) {
  const std::string input = directory / "one.txt";
  STREAM_TRY(write_file_atomic(local_file_system(), input, "word\n"));
  Line line;
  line.workload = "W12 start";
  line.rows = 1;
  std::vector<double> seconds;
  for (int i = 0; i < kNumStarts; ++i) {
    STREAM_TRY(
        const double taken,
        start_once(options, input, fmt::format("{}-{}", directory / "start", i), line.peak_bytes));
    seconds.push_back(taken);
  }
  const Spread spread = spread_of(seconds);
  line.seconds = spread.median;
  line.ratio = fmt::format("{:.1f} ms to the result ({:.1f}-{:.1f})", spread.median * 1e3,
                           spread.min * 1e3, spread.max * 1e3);
  return line;
}

Result<Line> measure_idle(const BenchOptions& options, const TemporaryDirectory& directory) {
  const Duration time(options.is_quick ? 2'000 : 5'000);
  const std::string empty = directory / "empty";
  STREAM_TRY(local_file_system().create_directories(empty));
  STREAM_TRY(Process process,
             Process::start(options.word_count_program,
                            {"--input", empty, "--output", directory / "idle", "--trigger", "1s"}));
  await(kWarmUp);
  const double before = cpu_seconds_of(process.id());
  const Stopwatch watch;
  await(time);
  const double share = (cpu_seconds_of(process.id()) - before) / watch.seconds();
  const std::int64_t resident = resident_bytes_of(process.id());
  process.interrupt();
  if (const int code = process.wait(); code != 0 || resident == 0)
    return fatal(fmt::format("the idle word_count ended with code {}", code));
  Line line;
  line.workload = "W12 idle";
  line.seconds = watch.seconds();
  line.peak_bytes = resident;
  line.ratio = fmt::format("{:.2f} % of a core, memory is what is resident", share * 100);
  return line;
}

}  // namespace

void run_start_and_idle(const BenchOptions& options, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("W12", directory.error().message()));
  const auto started = measure_starts(options, *directory);
  print(started ? *started : failed_line("W12 start", started.error().message()));
  const auto idle = measure_idle(options, *directory);
  print(idle ? *idle : failed_line("W12 idle", idle.error().message()));
}

}  // namespace stream::perf
