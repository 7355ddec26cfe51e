#include <libstream/connectors/generator/rate_micro_batch_source.hpp>
#include <libstream/data/column_builder.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stream {
namespace {

const std::shared_ptr<const Schema>& micro_batch_schema() {
  static const auto schema =
      std::make_shared<const Schema>(Schema{{{"timestamp", primitive(TypeKind::timestamp), false},
                                             {"value", primitive(TypeKind::int64), false}}});
  return schema;
}

Result<std::int64_t> parse_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || number < 0)
    return fatal(fmt::format("rate-micro-batch: '{}' is no offset of this source", text));
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return number;
}

/// Offsets are numbers of epochs.
class Planner final : public SourcePlanner {
 public:
  explicit Planner(const RateMicroBatchOptions& options) : options_(options) {}
  bool blocks() const override { return false; }
  Result<void> open(const PlannerContext& context) override {
    is_available_now_ = context.is_available_now;
    return {};
  }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    std::string_view text = start;
    STREAM_TRY(const std::int64_t epoch, parse_number(text));
    // What is there now is one epoch; else the source has no end.
    if (!is_available_now_ || !last_) last_ = epoch + 1;
    return std::optional<std::string>(std::to_string(*last_));
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    std::string_view from = start;
    std::string_view to = end;
    STREAM_TRY(const std::int64_t first, parse_number(from));
    STREAM_TRY(const std::int64_t last, parse_number(to));
    std::vector<Split> splits;
    for (std::int64_t epoch = first; epoch < last; ++epoch) {
      for (std::uint32_t part = 0; part < options_.num_partitions; ++part)
        splits.push_back(
            {fmt::format("{} {}", epoch, part), static_cast<std::uint32_t>(splits.size())});
    }
    return splits;
  }
  Result<void> commit(const std::string&) override { return {}; }

 private:
  RateMicroBatchOptions options_;
  bool is_available_now_ = false;
  std::optional<std::int64_t> last_;
};

class Reader final : public SourceReader {
 public:
  explicit Reader(const RateMicroBatchOptions& options) : options_(options) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    batch_rows_ = static_cast<std::int64_t>(std::max<std::size_t>(context.batch_rows, 1));
    return {};
  }
  Result<void> open(const Split& split) override {
    std::string_view text = split.content;
    STREAM_TRY(epoch_, parse_number(text));
    STREAM_TRY(next_, parse_number(text));
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (next_ >= options_.rows_per_batch) return ReadStatus::end_of_split;
    ColumnBuilder times(primitive(TypeKind::timestamp), *pool_);
    ColumnBuilder values(primitive(TypeKind::int64), *pool_);
    const std::int64_t millis =
        options_.start_timestamp + (epoch_ + 1) * options_.advance_millis_per_batch;
    for (std::int64_t n = 0; n < batch_rows_ && next_ < options_.rows_per_batch; ++n) {
      times.append(millis * 1000);
      values.append(epoch_ * options_.rows_per_batch + next_);
      next_ += options_.num_partitions;
    }
    const std::size_t num_rows = values.num_rows();
    std::vector<Column> columns;
    columns.push_back(times.finish());
    columns.push_back(values.finish());
    batch = Batch(micro_batch_schema(), std::move(columns), num_rows);
    return ReadStatus::batch;
  }

 private:
  RateMicroBatchOptions options_;
  BlockPool* pool_ = nullptr;
  std::int64_t batch_rows_ = 1;
  std::int64_t epoch_ = 0;
  std::int64_t next_ = 0;  // within the epoch
};

class RateMicroBatchSource final : public Source {
 public:
  explicit RateMicroBatchSource(RateMicroBatchOptions options) : options_(options) {}
  std::string description() const override {
    return fmt::format("RatePerMicroBatch[rowsPerBatch={}, numPartitions={}]",
                       options_.rows_per_batch, options_.num_partitions);
  }
  Schema schema() const override { return *micro_batch_schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<Planner>(options_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<Reader>(options_);
  }

 private:
  RateMicroBatchOptions options_;
};

}  // namespace

Result<std::shared_ptr<Source>> rate_micro_batch_source(RateMicroBatchOptions options) {
  if (options.rows_per_batch <= 0)
    return bad_option("rowsPerBatch must be given and be greater than 0");
  if (options.num_partitions == 0) return bad_option("numPartitions must be greater than 0");
  if (options.start_timestamp < 0) return bad_option("startTimestamp must not be negative");
  if (options.advance_millis_per_batch < 0)
    return bad_option("advanceMillisPerBatch must not be negative");
  return std::shared_ptr<Source>(std::make_shared<RateMicroBatchSource>(options));
}

}  // namespace stream
