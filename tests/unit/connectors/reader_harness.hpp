// What a task does with a source, for tests of sources: a log in memory, a reader with its pool and
// a wake signal that a test can wait for.
#pragma once

#include <libstream/connectors/source.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/kit/catch.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace stream::testing {

inline constexpr std::chrono::seconds kTimeOut{20};

class MemorySourceLog final : public SourceLog {
 public:
  Result<void> write(std::int64_t n, const std::string& content) override {
    if (num_failures > 0) {
      --num_failures;
      return fatal("the disk is full");
    }
    entries[n] = content;
    return {};
  }
  Result<std::vector<std::pair<std::int64_t, std::string>>> read_all() override {
    return std::vector<std::pair<std::int64_t, std::string>>(entries.begin(), entries.end());
  }
  Result<void> remove_below(std::int64_t n) override {
    entries.erase(entries.begin(), entries.lower_bound(n));
    return {};
  }

  std::map<std::int64_t, std::string> entries;
  int num_failures = 0;  ///< so many writes fail
};

/// Counts wakes; waiting is for a wake after the last wait.
class WakeSignal {
 public:
  void wake() {
    const std::lock_guard lock(mutex_);
    is_set_ = true;
    condition_.notify_all();
  }
  bool wait(std::chrono::milliseconds time_out = kTimeOut) {
    std::unique_lock lock(mutex_);
    const bool is_set = condition_.wait_for(lock, time_out, [&] { return is_set_; });
    is_set_ = false;
    return is_set;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool is_set_ = false;
};

/// The rows of a batch's string column.
inline std::vector<std::string> lines_of(const Batch& batch) {
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < batch.num_rows(); ++row)
    lines.emplace_back(batch.column(0).string_at(row));
  return lines;
}

struct ReaderHarness {
  explicit ReaderHarness(const Source& source, std::size_t batch_rows = 4096,
                         std::size_t batch_bytes = 256u << 10)
      : reader(source.make_reader()) {
    REQUIRE(reader->start({local_file_system(), system_clock(), pool, [this] { signal.wake(); },
                           batch_rows, batch_bytes}));
  }

  /// Reads closed splits to their end.
  std::vector<Batch> read_splits(const std::vector<Split>& splits) {
    std::vector<Batch> batches;
    for (const Split& split : splits) {
      REQUIRE(reader->open(split));
      for (;;) {
        Batch batch;
        const ReadStatus status = read(batch);
        REQUIRE(status != ReadStatus::no_rows_yet);
        if (status == ReadStatus::end_of_split) break;
        batches.push_back(std::move(batch));
      }
    }
    return batches;
  }

  ReadStatus read(Batch& batch) {
    auto status = reader->read(batch);
    if (!status) FAIL(status.error().message());
    return *status;
  }

  /// Lines of an open range until there are `num_lines` of them; fails after the time-out.
  std::vector<std::string> read_lines(std::size_t num_lines) {
    std::vector<std::string> lines;
    while (lines.size() < num_lines) {
      Batch batch;
      const ReadStatus status = read(batch);
      if (status == ReadStatus::end_of_split) break;
      if (status == ReadStatus::no_rows_yet) {
        REQUIRE(signal.wait());
        continue;
      }
      for (std::string& line : lines_of(batch)) lines.push_back(std::move(line));
    }
    return lines;
  }

  BlockPool pool;
  WakeSignal signal;
  std::unique_ptr<SourceReader> reader;  // dies first: it may wake until then
};

}  // namespace stream::testing
