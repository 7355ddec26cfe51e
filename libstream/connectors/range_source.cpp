#include <libstream/base/check.hpp>
#include <libstream/connectors/range_source.hpp>
#include <libstream/data/column_builder.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stream {

std::uint64_t NumberRange::count() const {
  const auto distance = [](std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  };
  if (step > 0 && start < end) {
    return (distance(start, end) - 1) / static_cast<std::uint64_t>(step) + 1;
  }
  if (step < 0 && start > end) {
    const std::uint64_t stride = std::uint64_t{0} - static_cast<std::uint64_t>(step);
    return (distance(end, start) - 1) / stride + 1;
  }
  return 0;
}

std::int64_t NumberRange::at(std::uint64_t index) const {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(start) +
                                   index * static_cast<std::uint64_t>(step));
}

namespace {

const std::shared_ptr<const Schema>& range_schema() {
  static const auto schema =
      std::make_shared<const Schema>(Schema{{Field{"id", primitive(TypeKind::int64), false}}});
  return schema;
}

/// A split is a stretch of indexes: "first end".
class RangePlanner final : public SourcePlanner {
 public:
  explicit RangePlanner(const NumberRange& range) : range_(range) {}
  bool blocks() const override { return false; }
  Result<void> open(const PlannerContext& context) override {
    parallelism_ = std::max(context.parallelism, 1u);
    return {};
  }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    return std::optional<std::string>(start);
  }
  Result<std::vector<Split>> plan(const std::string&, const std::string&) override {
    const std::uint64_t count = range_.count();
    std::vector<Split> splits;
    std::uint64_t first = 0;
    for (std::uint32_t i = 0; i < parallelism_; ++i) {
      const std::uint64_t end = i + 1 == parallelism_ ? count : first + count / parallelism_;
      if (end > first) splits.push_back({fmt::format("{} {}", first, end), i});
      first = end;
    }
    return splits;
  }
  Result<void> commit(const std::string&) override { return {}; }
  void set_parallelism(std::uint32_t parallelism) override { parallelism_ = parallelism; }

 private:
  NumberRange range_;
  std::uint32_t parallelism_ = 1;
};

class RangeReader final : public SourceReader {
 public:
  explicit RangeReader(const NumberRange& range) : range_(range) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    return {};
  }
  Result<void> open(const Split& split) override {
    const char* const last = split.content.data() + split.content.size();
    const auto [middle, failure] = std::from_chars(split.content.data(), last, next_);
    const auto rest = failure == std::errc() && middle != last
                          ? std::from_chars(middle + 1, last, end_)
                          : std::from_chars_result{last, std::errc::invalid_argument};
    if (rest.ec != std::errc() || end_ > range_.count())
      return fatal(fmt::format("range: '{}' is no split of it", split.content));
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (next_ >= end_) return ReadStatus::end_of_split;
    const auto num_rows =
        static_cast<std::size_t>(std::min<std::uint64_t>(batch_rows_, end_ - next_));
    Column column;
    column.type = primitive(TypeKind::int64);
    column.num_rows = num_rows;
    column.values = pool_->allocate(num_rows * sizeof(std::int64_t));
    auto* values = reinterpret_cast<std::int64_t*>(column.values.data());
    for (std::size_t row = 0; row < num_rows; ++row) values[row] = range_.at(next_ + row);
    next_ += num_rows;
    std::vector<Column> columns;
    columns.push_back(std::move(column));
    batch = Batch(range_schema(), std::move(columns), num_rows);
    return ReadStatus::batch;
  }

 private:
  NumberRange range_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  std::uint64_t next_ = 0;
  std::uint64_t end_ = 0;
};

class RangeSource final : public Source {
 public:
  explicit RangeSource(const NumberRange& range) : range_(range) {}
  std::string description() const override {
    return fmt::format("Range[{}, {}, step={}]", range_.start, range_.end, range_.step);
  }
  Schema schema() const override { return *range_schema(); }
  bool is_static() const override { return true; }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<RangePlanner>(range_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<RangeReader>(range_);
  }

 private:
  NumberRange range_;
};

}  // namespace

std::shared_ptr<const Source> range_source(const NumberRange& range) {
  STREAM_CHECK(range.step != 0, "a range that does not move");
  return std::make_shared<RangeSource>(range);
}

}  // namespace stream
