#include <libstream/connectors/memory/queue_source.hpp>

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
  const char* const last = text.data() + text.size();
  const auto [end, failure] = std::from_chars(text.data(), last, number);
  if (failure != std::errc() || end != last || number < 0)
    return fatal(
        fmt::format("queue source: '{}' is not a number of elements; the checkpoint "
                    "belongs to another source",
                    text));
  return number;
}

}  // namespace

/// The elements not yet committed. Shared by the source and all it made; one lock guards it all.
class QueueSource::Queue {
 public:
  Queue(std::shared_ptr<const Schema> schema, QueueOptions options)
      : schema_(std::move(schema)), options_(std::move(options)) {}

  const Schema& schema() const { return *schema_; }

  Result<void> add(Batch batch) {
    if (!(batch.schema() == *schema_))
      return bad_plan(fmt::format("queue source: a batch of ({}) was added; expected ({})",
                                  batch.schema().to_string(), schema_->to_string()));
    const std::lock_guard lock(mutex_);
    if (elements_.size() >= options_.max_elements)
      return transient(
          fmt::format("queue source: {} elements wait already; add more after an "
                      "epoch is committed",
                      elements_.size()));
    elements_.push_back(std::move(batch));
    return {};
  }

  std::int64_t latest(std::int64_t start) {
    const std::lock_guard lock(mutex_);
    const std::int64_t end = first_ + static_cast<std::int64_t>(elements_.size());
    if (start == end && options_.fallback) {
      elements_.push_back(*options_.fallback);
      return start + 1;
    }
    if (start >= end) return start;
    return options_.one_at_a_time ? start + 1 : end;
  }

  Result<Batch> element(std::int64_t index) const {
    const std::lock_guard lock(mutex_);
    if (index < first_ || index >= first_ + static_cast<std::int64_t>(elements_.size()))
      return fatal(
          fmt::format("queue source: element {} is not in memory (elements {} to {} are); "
                      "a queue does not survive its process, start with a new checkpoint",
                      index, first_, first_ + static_cast<std::int64_t>(elements_.size())));
    return elements_[static_cast<std::size_t>(index - first_)];
  }

  void drop_below(std::int64_t index) {
    if (options_.keeps_committed) return;
    const std::lock_guard lock(mutex_);
    for (; first_ < index && !elements_.empty(); ++first_) elements_.pop_front();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return elements_.size();
  }

 private:
  const std::shared_ptr<const Schema> schema_;
  const QueueOptions options_;
  mutable std::mutex mutex_;
  std::deque<Batch> elements_;
  std::int64_t first_ = 0;  // number of the element at the front
};

namespace {

class QueuePlanner final : public SourcePlanner {
 public:
  explicit QueuePlanner(std::shared_ptr<QueueSource::Queue> queue) : queue_(std::move(queue)) {}
  bool blocks() const override { return false; }

  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return std::string("0"); }

  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    STREAM_TRY(const std::int64_t from, parse_number(start));
    return std::optional<std::string>(std::to_string(queue_->latest(from)));
  }

  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    if (start == end) return std::vector<Split>();
    return std::vector<Split>{{start + " " + end, 0}};
  }

  Result<void> commit(const std::string& end) override {
    STREAM_TRY(const std::int64_t below, parse_number(end));
    queue_->drop_below(below);
    return {};
  }

 private:
  std::shared_ptr<QueueSource::Queue> queue_;
};

class QueueReader final : public SourceReader {
 public:
  explicit QueueReader(std::shared_ptr<QueueSource::Queue> queue) : queue_(std::move(queue)) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    return {};
  }

  Result<void> open(const Split& split) override {
    const std::size_t space = split.content.find(' ');
    if (space == std::string::npos)
      return fatal(fmt::format("queue source: '{}' is not a split", split.content));
    STREAM_TRY(next_, parse_number(std::string_view(split.content).substr(0, space)));
    STREAM_TRY(end_, parse_number(std::string_view(split.content).substr(space + 1)));
    next_row_ = 0;
    return {};
  }

  Result<ReadStatus> read(Batch& batch) override {
    for (; next_ < end_; ++next_, next_row_ = 0) {
      STREAM_TRY(Batch element, queue_->element(next_));
      if (next_row_ >= element.num_rows()) continue;
      if (element.num_rows() <= batch_rows_) {
        next_row_ = element.num_rows();
        batch = std::move(element);
        return ReadStatus::batch;
      }
      const std::size_t num_rows = std::min(batch_rows_, element.num_rows() - next_row_);
      rows_.resize(num_rows);
      std::iota(rows_.begin(), rows_.end(), static_cast<std::uint32_t>(next_row_));
      batch = take_rows(element, rows_, *pool_);
      next_row_ += num_rows;
      return ReadStatus::batch;
    }
    return ReadStatus::end_of_split;
  }

 private:
  std::shared_ptr<QueueSource::Queue> queue_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::size_t next_row_ = 0;  // within element next_
  std::vector<std::uint32_t> rows_;
};

}  // namespace

QueueSource::QueueSource(std::shared_ptr<const Schema> schema, QueueOptions options)
    : queue_(std::make_shared<Queue>(std::move(schema), std::move(options))) {}

QueueSource::~QueueSource() = default;

Result<void> QueueSource::add(Batch batch) { return queue_->add(std::move(batch)); }
std::size_t QueueSource::num_uncommitted() const { return queue_->size(); }
std::string QueueSource::description() const { return "MemoryStream"; }
Schema QueueSource::schema() const { return queue_->schema(); }
std::unique_ptr<SourcePlanner> QueueSource::make_planner() const {
  return std::make_unique<QueuePlanner>(queue_);
}
std::unique_ptr<SourceReader> QueueSource::make_reader() const {
  return std::make_unique<QueueReader>(queue_);
}

}  // namespace stream
