#include <actors/cluster_runner.hpp>
#include <apps/terminal/query_terminal.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>

namespace stream::apps {
namespace {

volatile std::sig_atomic_t stop_signals = 0;

void on_signal(int) { stop_signals = stop_signals + 1; }

/// Appends each progress record as one line.
class ProgressFile final : public QueryListener {
 public:
  explicit ProgressFile(const std::string& path) : file_(std::fopen(path.c_str(), "ae")) {
    if (!file_) throw bad_option("--progress " + path + ": the file cannot be opened for writing");
  }
  ~ProgressFile() override { std::fclose(file_); }
  void on_query_progress(const QueryProgress& progress) override {
    const std::string line = to_json(progress) + "\n";
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fflush(file_);
  }

 private:
  std::FILE* file_;
};

/// Keeps rejected records aside, or at least names the first ones on standard error.
class Rejects {
 public:
  explicit Rejects(const std::string& path) {
    if (path.empty()) return;
    file_.reset(std::fopen(path.c_str(), "ae"));
    if (!file_) throw bad_option("--rejects " + path + ": the file cannot be opened for writing");
  }
  void take(const Reject& reject) {
    std::lock_guard lock(mutex_);
    ++count_;
    if (file_) {
      fmt::print(file_.get(), "{}\t{}\t{}\n", reject.place, reject.reason, reject.bytes);
      std::fflush(file_.get());
    } else if (count_ <= kMaxNamed) {
      fmt::print(stderr, "rejected: {}: {}{}\n", reject.place, reject.reason,
                 count_ == kMaxNamed ? "; further ones are only counted (see --rejects)" : "");
    }
  }

 private:
  static constexpr std::int64_t kMaxNamed = 10;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::mutex mutex_;  // guards the file and the count
  std::unique_ptr<std::FILE, Close> file_;
  std::int64_t count_ = 0;
};

/// One line that is written over: rows so far, rows a second, epoch.
class StatusLine final : public QueryListener {
 public:
  void on_query_progress(const QueryProgress& progress) override {
    std::lock_guard lock(mutex_);
    rows_ += progress.num_input_rows();
    const std::string rejected = progress.num_rejected_rows > 0
                                     ? fmt::format("  rejected {}", progress.num_rejected_rows)
                                     : "";
    std::fprintf(stderr, "\r\033[Kepoch %lld  rows %lld  %.0f rows/s  epoch took %lld ms%s",
                 static_cast<long long>(progress.batch_id), static_cast<long long>(rows_),
                 progress.processed_rows_per_second(),
                 static_cast<long long>(progress.batch_duration_millis), rejected.c_str());
    is_shown_ = true;
  }
  void on_query_terminated(const std::string&, const std::string&,
                           const std::optional<Error>&) override {
    std::lock_guard lock(mutex_);
    if (is_shown_) std::fputc('\n', stderr);
    is_shown_ = false;
  }

 private:
  std::mutex mutex_;  // guards the counters and the terminal's line
  std::int64_t rows_ = 0;
  bool is_shown_ = false;
};

}  // namespace

std::shared_ptr<QueryListener> make_status_line() {
  return isatty(STDERR_FILENO) ? std::make_shared<StatusLine>() : nullptr;
}

std::shared_ptr<QueryListener> make_progress_file(const std::string& path) {
  return std::make_shared<ProgressFile>(path);
}

std::function<void(const Reject&)> make_reject_file(const std::string& path) {
  return
      [rejects = std::make_shared<Rejects>(path)](const Reject& reject) { rejects->take(reject); };
}

void count_stop_signals() {
  stop_signals = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int num_stop_signals() { return stop_signals; }

namespace {

/// A worker has no terminal: progress is for where the query was submitted.
void add_outputs(QueryOptions& query, const TerminalOptions& options) {
  if (!query.on_reject) query.on_reject = make_reject_file(options.rejects_file);
  if (runs_as_worker()) return;
  if (!options.progress_file.empty())
    query.listeners.push_back(make_progress_file(options.progress_file));
  if (const auto status = options.show_status ? make_status_line() : nullptr)
    query.listeners.push_back(status);
}

/// Until the query ends or is told to, by a signal or because it is done.
void await_end(const std::function<bool(Duration)>& await, const std::function<void()>& stop,
               const TerminalOptions& options) {
  constexpr Duration kSignalCheck{100};
  while (!await(kSignalCheck)) {
    if (num_stop_signals() > 0 || (options.is_done && options.is_done())) return stop();
  }
}

}  // namespace

int run_query(StreamingContext& context, const TerminalOptions& options) {
  add_outputs(context.options(), options);
  count_stop_signals();
  context.start();
  await_end([&](Duration time) { return context.await_termination(time); },
            [&] { context.stop(true); }, options);
  context.await_termination();
  return 0;
}

int run_query(const std::function<std::shared_ptr<StreamingQuery>(QueryOptions)>& start,
              const TerminalOptions& options) {
  QueryOptions made;
  add_outputs(made, options);
  count_stop_signals();
  const std::shared_ptr<StreamingQuery> query = start(std::move(made));
  await_end([&](Duration time) { return query->await_termination(time); },
            [&] { query->stop_gracefully(); }, options);
  query->await_termination();
  return 0;
}

int report_errors(const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& error) {
    const std::string_view kind = to_string(error.error_class());
    std::fprintf(stderr, "error (%.*s): %s\n", static_cast<int>(kind.size()), kind.data(),
                 error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
  }
  return 1;
}

}  // namespace stream::apps
