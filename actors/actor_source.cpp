#include <actors/pipeline.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <mutex>
#include <numeric>

namespace stream {
namespace {

Result<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < 0)
    return fatal(
        fmt::format("actor source: '{}' is not a number of batches; the checkpoint belongs "
                    "to another source",
                    text));
  return number;
}

/// Batches received and not yet committed, numbered from 0. Any thread.
class Inbox {
 public:
  explicit Inbox(std::shared_ptr<const Schema> schema) : schema_(std::move(schema)) {}

  const Schema& schema() const { return *schema_; }

  void set_wake(std::function<void()> wake) {
    std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }

  void add(Batch batch) {
    std::function<void()> wake;
    {
      std::lock_guard lock(mutex_);
      if (!(batch.schema() == *schema_)) {
        error_ = bad_data(fmt::format("actor source: a batch of ({}) came; expected ({})",
                                      batch.schema().to_string(), schema_->to_string()));
      } else {
        batches_.push_back(std::move(batch));
      }
      wake = wake_;
    }
    if (wake) wake();
  }

  std::int64_t first() const {
    std::lock_guard lock(mutex_);
    return first_;
  }

  Result<std::int64_t> end() const {
    std::lock_guard lock(mutex_);
    if (error_) return *error_;
    return first_ + static_cast<std::int64_t>(batches_.size());
  }

  Result<Batch> at(std::int64_t number) const {
    std::lock_guard lock(mutex_);
    if (number < first_ || number >= first_ + static_cast<std::int64_t>(batches_.size()))
      return fatal(
          fmt::format("actor source: batch {} is not in memory; what an actor sent does not "
                      "survive the process, start with a new checkpoint directory",
                      number));
    return batches_[static_cast<std::size_t>(number - first_)];
  }

  /// The bytes of what was dropped.
  std::int64_t drop_below(std::int64_t number) {
    std::lock_guard lock(mutex_);
    std::int64_t bytes = 0;
    for (; first_ < number && !batches_.empty(); ++first_) {
      bytes += static_cast<std::int64_t>(batches_.front().retained_bytes());
      batches_.pop_front();
    }
    return bytes;
  }

 private:
  const std::shared_ptr<const Schema> schema_;
  mutable std::mutex mutex_;
  std::deque<Batch> batches_;
  std::int64_t first_ = 0;
  std::function<void()> wake_;
  std::optional<Error> error_;
};

/// Stands between the producer and the inbox: rows one way, credit the other.
class Inlet final : public caf::event_based_actor {
 public:
  Inlet(caf::actor_config& config, std::shared_ptr<Inbox> inbox, caf::actor producer)
      : caf::event_based_actor(config), inbox_(std::move(inbox)), producer_(std::move(producer)) {}
  const char* name() const override { return "stream.inlet"; }

 protected:
  caf::behavior make_behavior() override {
    return {
        [this](QueryInput& message) { inbox_->add(std::move(message.batch)); },
        [this](const InputCredit& credit) { caf_compat::send(this, producer_, credit); },
    };
  }
  void on_exit() override { producer_ = nullptr; }

 private:
  std::shared_ptr<Inbox> inbox_;
  caf::actor producer_;
};

class InboxPlanner final : public SourcePlanner {
 public:
  InboxPlanner(std::shared_ptr<Inbox> inbox, caf::actor inlet, std::int64_t window_bytes)
      : inbox_(std::move(inbox)), inlet_(std::move(inlet)), window_bytes_(window_bytes) {}

  Result<void> open(const PlannerContext& context) override {
    parallelism_ = std::max<std::int64_t>(context.parallelism, 1);
    caf_compat::send_from_outside(inlet_, InputCredit{window_bytes_});
    return {};
  }
  Result<std::string> initial_offset() override { return std::to_string(inbox_->first()); }

  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    STREAM_TRY(const std::int64_t first, parse_number(start));
    STREAM_TRY(const std::int64_t end, inbox_->end());
    return std::optional(std::to_string(std::max(first, end)));
  }

  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    STREAM_TRY(const std::int64_t first, parse_number(start));
    STREAM_TRY(const std::int64_t last, parse_number(end));
    std::vector<Split> splits;
    const std::int64_t batches = (last - first + parallelism_ - 1) / parallelism_;
    for (std::int64_t from = first; from < last; from += batches)
      splits.push_back({fmt::format("{} {}", from, std::min(from + batches, last)),
                        static_cast<std::uint32_t>(splits.size())});
    return splits;
  }

  Result<void> commit(const std::string& end) override {
    STREAM_TRY(const std::int64_t number, parse_number(end));
    const std::int64_t bytes = inbox_->drop_below(number);
    if (bytes > 0) caf_compat::send_from_outside(inlet_, InputCredit{bytes});
    return {};
  }

 private:
  std::shared_ptr<Inbox> inbox_;
  caf::actor inlet_;
  std::int64_t window_bytes_;
  std::int64_t parallelism_ = 1;
};

class InboxReader final : public SourceReader {
 public:
  explicit InboxReader(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}

  Result<void> start(const ReaderContext& context) override {
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    pool_ = &context.pool;
    inbox_->set_wake(context.wake);
    return {};
  }

  Result<void> open(const Split& split) override {
    const std::size_t space = split.content.find(' ');
    if (space == std::string::npos)
      return fatal(fmt::format("actor source: '{}' is not a split", split.content));
    const std::string_view content = split.content;
    STREAM_TRY(next_, parse_number(content.substr(0, space)));
    STREAM_TRY(end_, parse_number(content.substr(space + 1)));
    next_row_ = 0;
    return {};
  }

  Result<ReadStatus> read(Batch& batch) override {
    for (; next_ < end_; ++next_, next_row_ = 0) {
      STREAM_TRY(Batch whole, inbox_->at(next_));
      if (next_row_ >= whole.num_rows()) continue;
      const std::size_t num_rows = std::min(batch_rows_, whole.num_rows() - next_row_);
      if (num_rows == whole.num_rows()) {
        batch = std::move(whole);
      } else {
        rows_.resize(num_rows);
        std::iota(rows_.begin(), rows_.end(), static_cast<std::uint32_t>(next_row_));
        batch = take_rows(whole, rows_, *pool_);
      }
      next_row_ += num_rows;
      return ReadStatus::batch;
    }
    return ReadStatus::end_of_split;
  }

 private:
  std::shared_ptr<Inbox> inbox_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::size_t next_row_ = 0;  // within batch next_
  std::vector<std::uint32_t> rows_;
};

class ActorSource final : public Source {
 public:
  ActorSource(caf::actor_system& system, caf::actor producer, std::shared_ptr<const Schema> schema,
              ActorSourceOptions options)
      : options_(std::move(options)),
        inbox_(std::make_shared<Inbox>(std::move(schema))),
        inlet_(system.spawn<Inlet>(inbox_, std::move(producer))) {}
  ~ActorSource() override { caf::anon_send_exit(inlet_, caf::exit_reason::user_shutdown); }

  std::string description() const override { return options_.name; }
  Schema schema() const override { return inbox_->schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<InboxPlanner>(inbox_, inlet_, options_.window_bytes);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<InboxReader>(inbox_);
  }

 private:
  ActorSourceOptions options_;
  std::shared_ptr<Inbox> inbox_;
  caf::actor inlet_;
};

}  // namespace

std::shared_ptr<const Source> actor_source(caf::actor_system& system, caf::actor producer,
                                           std::shared_ptr<const Schema> schema,
                                           ActorSourceOptions options) {
  return std::make_shared<ActorSource>(system, std::move(producer), std::move(schema),
                                       std::move(options));
}

}  // namespace stream
