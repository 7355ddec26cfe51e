#include <libstream/connectors/rows_source.hpp>

#include <algorithm>

namespace stream {
namespace {

class RowsPlanner final : public SourcePlanner {
 public:
  bool blocks() const override { return false; }
  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    return std::optional<std::string>(start);
  }
  Result<std::vector<Split>> plan(const std::string&, const std::string&) override {
    return std::vector<Split>{{"rows", 0}};
  }
  Result<void> commit(const std::string&) override { return {}; }
};

class RowsReader final : public SourceReader {
 public:
  RowsReader(std::shared_ptr<const Schema> schema,
             std::shared_ptr<const std::vector<std::vector<Value>>> rows)
      : schema_(std::move(schema)), rows_(std::move(rows)) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    return {};
  }
  Result<void> open(const Split&) override {
    next_ = 0;
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (next_ == rows_->size()) return ReadStatus::end_of_split;
    const std::size_t end = std::min(next_ + batch_rows_, rows_->size());
    const auto first = rows_->begin();
    batch = batch_of(
        schema_,
        {first + static_cast<std::ptrdiff_t>(next_), first + static_cast<std::ptrdiff_t>(end)},
        *pool_);
    next_ = end;
    return ReadStatus::batch;
  }

 private:
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<const std::vector<std::vector<Value>>> rows_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  std::size_t next_ = 0;
};

}  // namespace

RowsSource::RowsSource(std::shared_ptr<const Schema> schema, std::vector<std::vector<Value>> rows)
    : schema_(std::move(schema)),
      rows_(std::make_shared<const std::vector<std::vector<Value>>>(std::move(rows))) {}

std::unique_ptr<SourcePlanner> RowsSource::make_planner() const {
  return std::make_unique<RowsPlanner>();
}
std::unique_ptr<SourceReader> RowsSource::make_reader() const {
  return std::make_unique<RowsReader>(schema_, rows_);
}

}  // namespace stream
