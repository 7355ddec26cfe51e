#include <apps/fraud_detection/generated_source.hpp>
#include <libstream/data/column_builder.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stream::apps {
namespace {

const std::shared_ptr<const Schema>& record_schema() {
  static const auto schema = std::make_shared<const Schema>(
      Schema{{{"value", primitive(TypeKind::string), false},
              {"timestamp", primitive(TypeKind::timestamp), false}}});
  return schema;
}

Result<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr != end || number < 0)
    return fatal(fmt::format("generated records: '{}' is no offset of this source", text));
  return number;
}

class Planner final : public SourcePlanner {
 public:
  explicit Planner(const GeneratedRecords& records) : records_(records) {}
  bool blocks() const override { return false; }
  /// The clock starts once in the life of a checkpoint: entry 0 of the log.
  Result<void> open(const PlannerContext& context) override {
    num_splits_ = std::max<std::int64_t>(context.parallelism, 1);
    if (records_.per_second == 0) return {};
    STREAM_TRY(const auto entries, context.log.read_all());
    if (entries.empty()) {
      start_millis_ = context.clock.wall_millis();
      return context.log.write(0, std::to_string(start_millis_));
    }
    STREAM_TRY(start_millis_, parse_number(entries.front().second));
    return {};
  }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                   EpochMillis batch_time) override {
    STREAM_TRY(const std::int64_t from, parse_number(start));
    std::int64_t end = std::min(from + records_.per_epoch, records_.total);
    if (records_.per_second > 0)
      end = std::min(end, (batch_time - start_millis_) * records_.per_second / 1000);
    return std::optional(std::to_string(std::max(from, end)));
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    STREAM_TRY(const std::int64_t from, parse_number(start));
    STREAM_TRY(const std::int64_t to, parse_number(end));
    std::vector<Split> splits;
    for (std::int64_t i = 0; i < num_splits_; ++i) {
      const std::int64_t first = from + (to - from) * i / num_splits_;
      const std::int64_t last = from + (to - from) * (i + 1) / num_splits_;
      splits.push_back({fmt::format("{} {}", first, last), static_cast<std::uint32_t>(i)});
    }
    return splits;
  }
  Result<void> commit(const std::string&) override { return {}; }

 private:
  const GeneratedRecords& records_;
  std::int64_t num_splits_ = 1;
  EpochMillis start_millis_ = 0;
};

class Reader final : public SourceReader {
 public:
  explicit Reader(const GeneratedRecords& records) : records_(records) {}
  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    batch_rows_ = static_cast<std::int64_t>(std::max<std::size_t>(context.batch_rows, 1));
    return {};
  }
  Result<void> open(const Split& split) override {
    const std::string_view text = split.content;
    const std::size_t space = std::min(text.find(' '), text.size() - 1);
    STREAM_TRY(next_, parse_number(text.substr(0, space)));
    STREAM_TRY(end_, parse_number(text.substr(space + 1)));
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (next_ >= end_) return ReadStatus::end_of_split;
    const std::int64_t last = std::min(end_, next_ + batch_rows_);
    ColumnBuilder values(primitive(TypeKind::string), *pool_);
    ColumnBuilder arrivals(primitive(TypeKind::timestamp), *pool_);
    for (; next_ < last; ++next_) {
      const auto index = static_cast<std::uint64_t>(next_);
      text_.clear();
      records_.append(index, text_);
      values.append_string(text_);
      arrivals.append(records_.arrival(index) * 1000);
    }
    const std::size_t num_rows = values.num_rows();
    std::vector<Column> columns;
    columns.push_back(values.finish());
    columns.push_back(arrivals.finish());
    batch = Batch(record_schema(), std::move(columns), num_rows);
    return ReadStatus::batch;
  }

 private:
  const GeneratedRecords& records_;
  BlockPool* pool_ = nullptr;
  std::int64_t batch_rows_ = 1;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::string text_;
};

class GeneratedSource final : public Source {
 public:
  explicit GeneratedSource(GeneratedRecords records) : records_(std::move(records)) {}
  std::string description() const override { return fmt::format("Generated[{}]", records_.name); }
  Schema schema() const override { return *record_schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<Planner>(records_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<Reader>(records_);
  }

 private:
  GeneratedRecords records_;
};

}  // namespace

std::shared_ptr<const Source> generated_source(GeneratedRecords records) {
  return std::make_shared<const GeneratedSource>(std::move(records));
}

}  // namespace stream::apps
