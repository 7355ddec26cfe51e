#include <tests/perf/batches_source.hpp>
#include <tests/perf/open_planner.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::perf {
namespace {

struct Batches {
  std::vector<Batch> batches;
  std::size_t per_epoch = 1;
};
using BatchesRef = std::shared_ptr<const Batches>;

class BatchesPlanner final : public SourcePlanner {
 public:
  explicit BatchesPlanner(BatchesRef held) : held_(std::move(held)) {}
  bool blocks() const override { return false; }
  Result<void> open(const PlannerContext& context) override {
    parallelism_ = context.parallelism;
    return {};
  }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    STREAM_TRY(const std::int64_t from, parse_offset(start));
    const auto end =
        std::min(static_cast<std::size_t>(from) + held_->per_epoch, held_->batches.size());
    return std::optional<std::string>(std::to_string(end));
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    std::vector<Split> splits;
    if (start == end) return splits;
    for (std::uint32_t i = 0; i < parallelism_; ++i)
      splits.push_back({fmt::format("{} {} {} {}", start, end, i, parallelism_), i});
    return splits;
  }
  Result<void> commit(const std::string&) override { return {}; }
  void set_parallelism(std::uint32_t parallelism) override { parallelism_ = parallelism; }

 private:
  BatchesRef held_;
  std::uint32_t parallelism_ = 1;
};

class BatchesReader final : public SourceReader {
 public:
  explicit BatchesReader(BatchesRef held) : held_(std::move(held)) {}
  Result<void> start(const ReaderContext&) override { return {}; }
  Result<void> open(const Split& split) override {
    std::vector<std::size_t> numbers;
    for (std::size_t at = 0; at < split.content.size();) {
      const std::size_t end = std::min(split.content.find(' ', at), split.content.size());
      STREAM_TRY(const std::int64_t number, parse_offset(split.content.substr(at, end - at)));
      numbers.push_back(static_cast<std::size_t>(number));
      at = end + 1;
    }
    if (numbers.size() != 4) return fatal("'" + split.content + "' is no range of batches");
    next_ = numbers[0] + numbers[2];
    end_ = numbers[1];
    step_ = numbers[3];
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (next_ >= end_) return ReadStatus::end_of_split;
    batch = held_->batches[next_];
    next_ += step_;
    return ReadStatus::batch;
  }

 private:
  BatchesRef held_;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  std::size_t step_ = 1;
};

class BatchesSource final : public Source {
 public:
  explicit BatchesSource(BatchesRef held) : held_(std::move(held)) {}
  std::string description() const override { return "Batches"; }
  Schema schema() const override { return held_->batches.front().schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<BatchesPlanner>(held_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<BatchesReader>(held_);
  }

 private:
  BatchesRef held_;
};

}  // namespace

std::shared_ptr<const Source> batches_source(std::vector<Batch> batches,
                                             std::size_t batches_per_epoch) {
  auto held = std::make_shared<Batches>();
  held->batches = std::move(batches);
  held->per_epoch = batches_per_epoch;
  return std::make_shared<const BatchesSource>(std::move(held));
}

}  // namespace stream::perf
