#include <libstream/connectors/generator/rate_planner.hpp>
#include <libstream/data/column_builder.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

const std::shared_ptr<const Schema>& rate_schema() {
  static const auto schema =
      std::make_shared<const Schema>(Schema{{{"timestamp", primitive(TypeKind::int64), false},
                                             {"value", primitive(TypeKind::int64), false}}});
  return schema;
}

class RateReader final : public SourceReader {
 public:
  explicit RateReader(const RateOptions& options) : schedule_(options) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    return {};
  }

  Result<void> open(const Split& split) override {
    STREAM_TRY(split_, parse_rate_split(split.content));
    return {};
  }

  Result<ReadStatus> read(Batch& batch) override {
    if (split_.first >= split_.end) return ReadStatus::end_of_split;
    ColumnBuilder timestamps(primitive(TypeKind::int64), *pool_);
    ColumnBuilder values(primitive(TypeKind::int64), *pool_);
    while (split_.first < split_.end && values.num_rows() < batch_rows_) {
      timestamps.append(split_.start_millis + schedule_.millis_of(split_.first));
      values.append(split_.first);
      split_.first += split_.step;
    }
    const std::size_t num_rows = values.num_rows();
    std::vector<Column> columns;
    columns.push_back(timestamps.finish());
    columns.push_back(values.finish());
    batch = Batch(rate_schema(), std::move(columns), num_rows);
    return ReadStatus::batch;
  }

 private:
  RateSchedule schedule_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  RateSplit split_;
};

class RateSource final : public Source {
 public:
  explicit RateSource(RateOptions options) : options_(options) {}

  std::string description() const override {
    return fmt::format("RateStream[rowsPerSecond={}, rampUpTimeSeconds={}, numPartitions={}]",
                       options_.rows_per_second, options_.ramp_up.count(), options_.num_partitions);
  }
  Schema schema() const override { return *rate_schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<RatePlanner>(options_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<RateReader>(options_);
  }

 private:
  RateOptions options_;
};

}  // namespace

Result<std::shared_ptr<Source>> rate_source(RateOptions options) {
  if (auto checked = check_rate_options(options); !checked)
    return std::move(checked).error().with_context("rate source");
  return std::shared_ptr<Source>(std::make_shared<RateSource>(options));
}

}  // namespace stream
