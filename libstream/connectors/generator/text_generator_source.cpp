#include <libstream/connectors/generator/rate_planner.hpp>
#include <libstream/connectors/generator/text_generator_source.hpp>
#include <libstream/data/column_builder.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

class TextGeneratorReader final : public SourceReader {
 public:
  explicit TextGeneratorReader(LineGenerator generator) : generator_(std::move(generator)) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    batch_bytes_ = context.batch_bytes;
    return {};
  }

  Result<void> open(const Split& split) override {
    STREAM_TRY(split_, parse_rate_split(split.content));
    return {};
  }

  Result<ReadStatus> read(Batch& batch) override {
    if (split_.first >= split_.end) return ReadStatus::end_of_split;
    ColumnBuilder lines(text_schema()->fields[0].type, *pool_);
    std::size_t bytes = 0;
    while (split_.first < split_.end && lines.num_rows() < batch_rows_ &&
           (bytes < batch_bytes_ || lines.num_rows() == 0)) {
      STREAM_TRY(make_line(split_.first));
      lines.append_string(line_);
      bytes += line_.size();
      split_.first += split_.step;
    }
    const std::size_t num_rows = lines.num_rows();
    std::vector<Column> columns;
    columns.push_back(lines.finish());
    batch = Batch(text_schema(), std::move(columns), num_rows);
    return ReadStatus::batch;
  }

 private:
  Result<void> make_line(std::int64_t index) {
    line_.clear();
    try {
      generator_(static_cast<std::uint64_t>(index), line_);
      return {};
    } catch (const std::exception& failure) {
      return user_code(fmt::format("the generator of line {} threw: {}", index, failure.what()));
    } catch (...) {
      return user_code(fmt::format("the generator of line {} threw", index));
    }
  }

  LineGenerator generator_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  std::size_t batch_bytes_ = 0;
  RateSplit split_;
  std::string line_;
};

class TextGeneratorSource final : public Source {
 public:
  TextGeneratorSource(LineGenerator generator, TextGeneratorOptions options)
      : generator_(std::move(generator)), options_(std::move(options)) {}

  std::string description() const override {
    return fmt::format("{}[rowsPerSecond={}]", options_.name, options_.rate.rows_per_second);
  }
  Schema schema() const override { return *text_schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<RatePlanner>(options_.rate);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<TextGeneratorReader>(generator_);
  }

 private:
  LineGenerator generator_;
  TextGeneratorOptions options_;
};

}  // namespace

Result<std::shared_ptr<Source>> text_generator_source(LineGenerator generator,
                                                      TextGeneratorOptions options) {
  if (auto checked = check_rate_options(options.rate); !checked)
    return std::move(checked).error().with_context(options.name);
  return std::shared_ptr<Source>(
      std::make_shared<TextGeneratorSource>(std::move(generator), std::move(options)));
}

}  // namespace stream
