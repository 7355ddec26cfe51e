#include <libstream/data/gather.hpp>
#include <libstream/data/value.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/lookup_join.hpp>
#include <libstream/operators/row_builder.hpp>

#include <algorithm>
#include <deque>
#include <unordered_map>

namespace stream {
namespace {

/// The bytes of a row's key; false: a part is null, which equals nothing.
bool append_key(const Batch& batch, const std::vector<std::size_t>& columns, std::size_t row,
                std::string& out) {
  for (const std::size_t index : columns) {
    const Column& column = batch.column(index);
    if (column.is_null(row) || column.type.kind == TypeKind::null) return false;
    if (is_text(column.type.kind)) {
      const std::string_view text = column.string_at(row);
      const std::size_t size = text.size();
      out.append(reinterpret_cast<const char*>(&size), sizeof size);
      out += text;
    } else {
      const std::size_t width = value_width(column.type.kind);
      out.append(column.values.data() + row * width, width);
    }
  }
  return true;
}

using FoundRows = std::vector<std::vector<Value>>;

/// Answers by key, forgotten in the order in which they were given.
class AnswerCache {
 public:
  AnswerCache(std::size_t max_keys, std::int64_t ttl_millis)
      : max_keys_(max_keys), ttl_millis_(ttl_millis) {}

  FoundRows* find(const std::string& key) {
    const auto found = answers_.find(key);
    return found == answers_.end() ? nullptr : &found->second;
  }
  /// From now on the answer is known; it begins with no rows.
  void add(const std::string& key, EpochMillis now) {
    order_.push_back({key, now});
    answers_[key];
  }
  void drop_old(EpochMillis now) {
    while (!order_.empty() && order_.front().time + ttl_millis_ <= now) drop_first();
  }
  void drop_surplus() {
    while (answers_.size() > max_keys_) drop_first();
  }

 private:
  void drop_first() {
    answers_.erase(order_.front().key);
    order_.pop_front();
  }

  struct Given {
    std::string key;
    EpochMillis time;
  };
  std::size_t max_keys_;
  std::int64_t ttl_millis_;
  std::unordered_map<std::string, FoundRows> answers_;
  std::deque<Given> order_;
};

class LookupJoinOperator final : public Operator {
 public:
  explicit LookupJoinOperator(const LookupJoinSpec& spec)
      : spec_(spec), scope_(spec.evaluation), cache_(spec.max_keys, spec.ttl_millis) {
    auto joined = std::make_shared<Schema>();
    for (const std::vector<Field>* side : {&spec_.left_columns, &spec_.right_columns})
      joined->fields.insert(joined->fields.end(), side->begin(), side->end());
    joined_schema_ = std::move(joined);
    right_schema_ = std::make_shared<const Schema>(Schema{spec_.right_columns});
    Schema keys;
    for (const std::size_t key : spec_.right_keys) keys.fields.push_back(spec_.right_columns[key]);
    key_schema_ = std::make_shared<const Schema>(std::move(keys));
  }

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    pool_ = &context.pool;
    STREAM_TRY(lookup_, spec_.make_lookup(context.pool));
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    now_ = start.batch_time;
    cache_.drop_old(now_);
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output& output) override {
    std::vector<std::string> keys(batch.num_rows());
    std::vector<bool> has_key(batch.num_rows());
    for (std::size_t row = 0; row < batch.num_rows(); ++row)
      has_key[row] = append_key(batch, spec_.left_keys, row, keys[row]);
    STREAM_TRY(ask(batch, keys, has_key));
    auto joined = join(batch, keys, has_key, output);
    cache_.drop_surplus();
    return joined;
  }

 private:
  /// Asks once for all keys of the batch that have no answer.
  Result<void> ask(const Batch& batch, const std::vector<std::string>& keys,
                   const std::vector<bool>& has_key) {
    std::vector<std::uint32_t> unknown;
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      if (!has_key[row] || cache_.find(keys[row])) continue;
      cache_.add(keys[row], now_);
      unknown.push_back(row);
    }
    if (unknown.empty()) return {};
    std::vector<Column> columns;
    for (const std::size_t key : spec_.left_keys)
      columns.push_back(gather(batch.column(key), unknown, *pool_));
    STREAM_TRY(const Batch found, lookup_(Batch(key_schema_, std::move(columns), unknown.size())));
    const std::vector<std::vector<Value>> rows = rows_of(found);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      std::string key;
      if (!append_key(found, spec_.right_keys, row, key)) continue;
      // A system that equates more than we do answers with keys that nobody asked for.
      if (FoundRows* answer = cache_.find(key)) answer->push_back(rows[row]);
    }
    return {};
  }

  Result<void> join(const Batch& batch, const std::vector<std::string>& keys,
                    const std::vector<bool>& has_key, Output& output) {
    std::vector<std::uint32_t> left_rows;
    RowBuilder right(right_schema_, *pool_);
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      if (!has_key[row]) continue;
      for (const std::vector<Value>& found : *cache_.find(keys[row])) {
        left_rows.push_back(row);
        for (std::size_t i = 0; i < found.size(); ++i) append_value(right.column(i), found[i]);
      }
    }
    std::vector<bool> is_matched(batch.num_rows());
    const Batch candidates = beside(batch, left_rows, right.finish(left_rows.size()));
    std::vector<std::uint32_t> chosen;
    STREAM_TRY(choose(candidates, chosen));
    for (const std::uint32_t candidate : chosen) is_matched[left_rows[candidate]] = true;
    if (!chosen.empty())
      STREAM_TRY(output.push(
          select_columns(gather(candidates, chosen, *pool_), spec_.output, spec_.schema)));
    return spec_.keeps_left ? push_unmatched(batch, is_matched, output) : Result<void>();
  }

  Result<void> choose(const Batch& candidates, std::vector<std::uint32_t>& chosen) {
    if (candidates.num_rows() == 0) return {};
    if (!spec_.condition) {
      for (std::uint32_t i = 0; i < candidates.num_rows(); ++i) chosen.push_back(i);
      return {};
    }
    STREAM_TRY(const Operand condition,
               evaluate_operand(*spec_.condition, candidates, scope_.context()));
    scope_.pass(candidates.num_rows());
    rows_where_true(condition, candidates.num_rows(), chosen);
    return {};
  }

  Result<void> push_unmatched(const Batch& batch, const std::vector<bool>& is_matched,
                              Output& output) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      if (!is_matched[row]) rows.push_back(row);
    }
    if (rows.empty()) return {};
    std::vector<Column> nulls;
    for (const Field& field : spec_.right_columns)
      nulls.push_back(null_column(field.type, rows.size(), *pool_));
    return output.push(
        select_columns(beside(batch, rows, Batch(right_schema_, std::move(nulls), rows.size())),
                       spec_.output, spec_.schema));
  }

  Batch beside(const Batch& left, std::span<const std::uint32_t> rows, const Batch& right) {
    std::vector<Column> columns;
    for (const Column& column : left.columns()) columns.push_back(gather(column, rows, *pool_));
    columns.insert(columns.end(), right.columns().begin(), right.columns().end());
    return Batch(joined_schema_, std::move(columns), rows.size());
  }

  LookupJoinSpec spec_;
  EvaluationScope scope_;
  AnswerCache cache_;
  std::shared_ptr<const Schema> joined_schema_;
  std::shared_ptr<const Schema> right_schema_;
  std::shared_ptr<const Schema> key_schema_;
  BlockPool* pool_ = nullptr;
  KeyLookup lookup_;
  EpochMillis now_ = 0;
};

}  // namespace

OperatorFactory make_lookup_join(LookupJoinSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<LookupJoinOperator>(spec); };
}

}  // namespace stream
