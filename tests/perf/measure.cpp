#include <tests/perf/measure.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>

namespace stream::perf {
namespace {

constexpr int kSampleMillis = 100;
constexpr double kSteadySeconds = 10;

double seconds_of(const rusage& usage) {
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

std::string message_of(const std::function<Result<Work>()>& body) {
  std::string error;
  Work work;
  try {
    auto done = body();
    if (done)
      work = std::move(done).value();
    else
      error = done.error().message();
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  if (error.empty() && !(work.seconds > 0)) error = "the work took no time";
  const nlohmann::json message{
      {"seconds", work.seconds}, {"rows", work.rows}, {"note", work.note}, {"error", error}};
  return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// What the child says until it ends or its time is up; samples its memory meanwhile.
std::string listen(int descriptor, pid_t child, Duration time_limit, Measured& measured) {
  const Stopwatch watch;
  std::string said;
  while (watch.seconds() * 1000 < static_cast<double>(time_limit.count())) {
    pollfd ready{descriptor, POLLIN, 0};
    if (::poll(&ready, 1, kSampleMillis) <= 0) {
      std::ifstream status(fmt::format("/proc/{}/statm", child));
      std::int64_t all = 0;
      std::int64_t resident = 0;
      if (status >> all >> resident)
        measured.resident_bytes.push_back(resident * ::sysconf(_SC_PAGESIZE));
      continue;
    }
    char piece[4096];
    const auto got = ::read(descriptor, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return said;
    said.append(piece, static_cast<std::size_t>(got));
  }
  ::kill(child, SIGKILL);
  measured.error = fmt::format("stopped after {} ms", time_limit.count());
  return said;
}

void take(const std::string& said, int status, Measured& measured) {
  const auto message = nlohmann::json::parse(said, nullptr, false);
  if (message.is_discarded()) {
    measured.error = WIFSIGNALED(status) ? fmt::format("ended by signal {}", WTERMSIG(status))
                                         : fmt::format("ended with code {}", WEXITSTATUS(status));
    return;
  }
  measured.work.seconds = message["seconds"];
  measured.work.rows = message["rows"];
  measured.work.note = message["note"];
  measured.error = message["error"];
}

}  // namespace

Measured measure(const std::function<Result<Work>()>& body, Duration time_limit) {
  Measured measured;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    measured.error = "no pipe to the child";
    return measured;
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_all(ends[1], message_of(body));
    ::_exit(0);
  }
  ::close(ends[1]);
  if (child < 0) measured.error = "no child process";
  const std::string said = child < 0 ? "" : listen(ends[0], child, time_limit, measured);
  ::close(ends[0]);
  if (child < 0) return measured;
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  measured.cpu_seconds = seconds_of(usage);
  measured.peak_bytes = std::int64_t{1024} * usage.ru_maxrss;
  if (measured.error.empty()) take(said, status, measured);
  return measured;
}

void pause_shortly() {
  const timespec time{0, 200'000};
  ::ppoll(nullptr, 0, &time, nullptr);
}

void await(Duration time) {
  const Stopwatch watch;
  for (;;) {
    const auto left =
        static_cast<int>(static_cast<double>(time.count()) - watch.seconds() * 1000 + 0.999);
    if (left <= 0) return;
    ::poll(nullptr, 0, left);
  }
}

double cpu_seconds_now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage);
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

Spread Comparison::ratio_of_seconds() const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < first.size(); ++i)
    ratios.push_back(first[i].work.seconds / second[i].work.seconds);
  return spread_of(std::move(ratios));
}

Spread Comparison::ratio_of_cpu() const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < first.size(); ++i)
    ratios.push_back(first[i].cpu_seconds / second[i].cpu_seconds);
  return spread_of(std::move(ratios));
}

Spread Comparison::ratio_of_rates() const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < first.size(); ++i)
    ratios.push_back(first[i].rows_per_second() / second[i].rows_per_second());
  return spread_of(std::move(ratios));
}

Comparison compare(const NumberedWork& first, const NumberedWork& second, NumPairs pairs,
                   Duration time_limit) {
  const Stopwatch watch;
  const auto is_enough = [&](int num_pairs) {
    return num_pairs >= pairs.most ||
           (num_pairs >= pairs.least && watch.seconds() > kSteadySeconds);
  };
  Comparison comparison;
  for (int i = 0; !is_enough(i) && comparison.is_ok(); ++i) {
    comparison.first.push_back(measure([&] { return first(i); }, time_limit));
    comparison.error = comparison.first.back().error;
    if (!comparison.is_ok()) break;
    comparison.second.push_back(measure([&] { return second(i); }, time_limit));
    comparison.error = comparison.second.back().error;
  }
  return comparison;
}

const Measured& median_run(const std::vector<Measured>& runs) {
  std::vector<const Measured*> sorted;
  for (const Measured& run : runs) sorted.push_back(&run);
  std::sort(sorted.begin(), sorted.end(),
            [](const Measured* a, const Measured* b) { return a->work.seconds < b->work.seconds; });
  return *sorted[sorted.size() / 2];
}

}  // namespace stream::perf
