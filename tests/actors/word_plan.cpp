#include <libstream/data/column_builder.hpp>
#include <tests/actors/word_plan.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <cstdlib>

namespace stream::testing {
namespace {

const std::shared_ptr<const Schema>& count_schema() {
  static const auto schema =
      std::make_shared<const Schema>(Schema{{{"word", primitive(TypeKind::string), false},
                                             {"count", primitive(TypeKind::int64), false}}});
  return schema;
}

std::int64_t number(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

std::string word_of(const WordPlan& words, std::int64_t row) {
  return "word-" + std::to_string(row % words.num_words);
}

class WordPlanner final : public SourcePlanner {
 public:
  explicit WordPlanner(const WordPlan& words) : words_(words) {}

  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    return std::optional(
        std::to_string(std::min(words_.num_rows, number(start) + words_.rows_an_epoch)));
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    std::vector<Split> splits;
    const std::int64_t last = number(end);
    const std::int64_t rows = std::max<std::int64_t>(words_.rows_an_epoch / words_.parallelism, 1);
    for (std::int64_t row = number(start); row < last; row += rows) {
      splits.push_back({std::to_string(row) + " " + std::to_string(std::min(row + rows, last)),
                        static_cast<std::uint32_t>(splits.size())});
    }
    return splits;
  }
  Result<void> commit(const std::string&) override { return {}; }

 private:
  WordPlan words_;
};

class WordReader final : public SourceReader {
 public:
  explicit WordReader(const WordPlan& words) : words_(words) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    return {};
  }
  Result<void> open(const Split& split) override {
    char* rest = nullptr;
    next_ = std::strtoll(split.content.c_str(), &rest, 10);
    end_ = std::strtoll(rest, nullptr, 10);
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (next_ == end_) return ReadStatus::end_of_split;
    if (words_.hooks.on_read) STREAM_TRY(words_.hooks.on_read(next_));
    ColumnBuilder column(primitive(TypeKind::string), *pool_);
    const std::int64_t last = std::min(next_ + words_.rows_a_batch, end_);
    const auto num_rows = static_cast<std::size_t>(last - next_);
    for (; next_ < last; ++next_) column.append_string(word_of(words_, next_));
    std::vector<Column> columns;
    columns.push_back(column.finish());
    batch = Batch(text_schema(), std::move(columns), num_rows);
    if (words_.hooks.on_batch_read)
      words_.hooks.on_batch_read(static_cast<std::int64_t>(batch.retained_bytes()));
    return ReadStatus::batch;
  }

 private:
  WordPlan words_;
  BlockPool* pool_ = nullptr;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
};

class WordSource final : public Source {
 public:
  explicit WordSource(WordPlan words) : words_(std::move(words)) {}
  std::string description() const override { return "words"; }
  Schema schema() const override { return *text_schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<WordPlanner>(words_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<WordReader>(words_);
  }

 private:
  WordPlan words_;
};

/// Running totals; emits those that changed in the epoch, seals all of them.
class CountWords final : public Operator {
 public:
  explicit CountWords(WordHooks hooks) : hooks_(std::move(hooks)) {}

  Result<void> open(const OperatorContext& context) override {
    pool_ = &context.pool;
    groups_ = context.groups;
    num_groups_ = context.num_groups;
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override {
    hashes_.resize(batch.num_rows());
    constexpr std::size_t kWord[] = {0};
    hash_rows(batch, kWord, hashes_);
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      const std::string word(batch.column(0).string_at(row));
      if (hooks_.on_count) STREAM_TRY(hooks_.on_count(word));
      Total& total = totals_[word];
      total.hash = hashes_[row];
      ++total.count;
      total.is_changed = true;
    }
    return {};
  }
  Result<bool> end(const EpochStart&, Output& output) override {
    ColumnBuilder words(primitive(TypeKind::string), *pool_);
    ColumnBuilder counts(primitive(TypeKind::int64), *pool_);
    for (auto& [word, total] : totals_) {
      if (!total.is_changed) continue;
      total.is_changed = false;
      words.append_string(word);
      counts.append(total.count);
    }
    const std::size_t num_rows = words.num_rows();
    if (num_rows == 0) return true;
    std::vector<Column> columns;
    columns.push_back(words.finish());
    columns.push_back(counts.finish());
    STREAM_TRY(output.push(Batch(count_schema(), std::move(columns), num_rows)));
    return true;
  }
  bool is_stateful() const override { return true; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    ColumnBuilder hashes(primitive(TypeKind::int64), *pool_);
    ColumnBuilder deleted(primitive(TypeKind::boolean), *pool_);
    ColumnBuilder words(primitive(TypeKind::string), *pool_);
    ColumnBuilder counts(primitive(TypeKind::int64), *pool_);
    for (const auto& [word, total] : totals_) {
      hashes.append(static_cast<std::int64_t>(total.hash));
      deleted.append(false);
      words.append_string(word);
      counts.append(total.count);
    }
    if (totals_.empty()) return {};
    static const auto schema =
        std::make_shared<const Schema>(Schema{{{"hash", primitive(TypeKind::int64), false},
                                               {"deleted", primitive(TypeKind::boolean), false},
                                               {"word", primitive(TypeKind::string), false},
                                               {"count", primitive(TypeKind::int64), false}}});
    std::vector<Column> columns;
    for (ColumnBuilder* column : {&hashes, &deleted, &words, &counts})
      columns.push_back(column->finish());
    pieces.push_back({"totals", 1, Batch(schema, std::move(columns), totals_.size())});
    return {};
  }
  Result<void> restore(const StatePiece& piece) override {
    for (std::size_t row = 0; row < piece.batch.num_rows(); ++row) {
      const auto hash = static_cast<std::uint64_t>(piece.batch.column(0).data<std::int64_t>()[row]);
      if (!groups_.contains(hash, num_groups_)) continue;
      totals_[std::string(piece.batch.column(2).string_at(row))] = {
          hash, piece.batch.column(3).data<std::int64_t>()[row], false};
    }
    return {};
  }

 private:
  struct Total {
    std::uint64_t hash = 0;
    std::int64_t count = 0;
    bool is_changed = false;
  };
  WordHooks hooks_;
  BlockPool* pool_ = nullptr;
  KeyGroupRange groups_;
  std::uint32_t num_groups_ = kDefaultKeyGroups;
  std::map<std::string, Total> totals_;
  std::vector<std::uint64_t> hashes_;
};

Stage word_stage(const WordPlan& words) {
  Stage stage;
  stage.name = "words";
  stage.parallelism = words.parallelism;
  stage.source = 0;
  return stage;
}

}  // namespace

PhysicalPlan count_plan(const WordPlan& words) {
  PhysicalPlan plan;
  plan.sources.push_back(std::make_shared<WordSource>(words));
  plan.sinks.push_back(words.sink);
  plan.stages.push_back(word_stage(words));
  Stage count;
  count.name = "count";
  count.parallelism = words.parallelism;
  count.inputs.push_back({0, 0, Exchange::hash});
  count.operators.push_back(
      {"count-0", "count", [hooks = words.hooks] { return std::make_unique<CountWords>(hooks); }});
  count.sink = 0;
  plan.stages.push_back(std::move(count));
  return plan;
}

PhysicalPlan copy_plan(const WordPlan& words) {
  PhysicalPlan plan;
  plan.sources.push_back(std::make_shared<WordSource>(words));
  plan.sinks.push_back(words.sink);
  plan.stages.push_back(word_stage(words));
  Stage copy;
  copy.name = "copy";
  copy.parallelism = words.parallelism;
  copy.inputs.push_back({0, 0, Exchange::forward});
  copy.sink = 0;
  plan.stages.push_back(std::move(copy));
  return plan;
}

WordCounts expected_counts(const WordPlan& words) {
  WordCounts counts;
  for (std::int64_t row = 0; row < words.num_rows; ++row) ++counts[word_of(words, row)];
  return counts;
}

WordCounts newest_counts(const CollectSink& sink) {
  WordCounts counts;
  for (const CollectedEpoch& epoch : sink.take()) {
    for (const Batch& batch : epoch.batches) {
      for (std::size_t row = 0; row < batch.num_rows(); ++row) {
        const std::string word(batch.column(0).string_at(row));
        const std::int64_t count = batch.column(1).data<std::int64_t>()[row];
        CHECK(count > counts[word]);
        counts[word] = count;
      }
    }
  }
  return counts;
}

}  // namespace stream::testing
