#include <libstream/data/gather.hpp>
#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/hash_join.hpp>
#include <libstream/operators/row_builder.hpp>
#include <libstream/operators/waiting_memory.hpp>
#include <libstream/state/epoch_buffer.hpp>
#include <libstream/state/row_keys.hpp>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

class HashJoinOperator final : public Operator {
 public:
  HashJoinOperator(const HashJoinSpec& spec, Result<std::shared_ptr<EpochMemory>> memory)
      : spec_(spec), scope_(spec.evaluation), memory_(std::move(memory)), keys_(key_types(spec)) {
    auto joined = std::make_shared<Schema>();
    for (const std::vector<Field>* side : {&spec_.left_columns, &spec_.right_columns})
      joined->fields.insert(joined->fields.end(), side->begin(), side->end());
    if (spec_.kind == JoinKind::existence)
      joined->fields.push_back({"exists", primitive(TypeKind::boolean), false});
    joined_schema_ = std::move(joined);
  }

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    STREAM_TRY(const std::shared_ptr<EpochMemory> memory, memory_);
    probes_.emplace(memory, context.pool);
    pool_ = &context.pool;
    batch_rows_ = context.batch_rows;
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    build_batches_.clear();
    probes_->clear();
    table_.clear();
    build_ = {};
    is_built_ = false;
    next_build_row_ = 0;
    return {};
  }

  Result<void> push(InputPlace place, Batch batch, Output&) override {
    if (batch.num_rows() == 0) return {};
    if (place.ordinal != build_ordinal()) return probes_->append(batch);
    build_batches_.push_back(std::move(batch));
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override {
    if (!is_built_) build();
    STREAM_TRY(const std::optional<Batch> probe, probes_->take());
    if (!probe) return emit_build_rows(output);
    STREAM_TRY(process(*probe, output));
    return false;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  static std::vector<DataType> key_types(const HashJoinSpec& spec) {
    std::vector<DataType> types;
    for (const std::size_t key : spec.left_keys) types.push_back(spec.left_columns[key].type);
    return types;
  }

  std::uint32_t build_ordinal() const { return spec_.builds_right ? 1 : 0; }
  bool is_probe_left() const { return spec_.builds_right; }
  /// Does the join hand on rows of the probe side that have no match?
  bool keeps_probe() const {
    return is_probe_left() ? keeps_left(spec_.kind) : keeps_right(spec_.kind);
  }
  bool keeps_build() const {
    return is_probe_left() ? keeps_right(spec_.kind) : keeps_left(spec_.kind);
  }

  bool has_null_key(const Batch& batch, const std::vector<std::size_t>& keys,
                    std::size_t row) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool is_null_safe = i < spec_.is_null_safe.size() && spec_.is_null_safe[i];
      if (!is_null_safe && batch.column(keys[i]).is_null(row)) return true;
    }
    return false;
  }

  std::span<const RowKey> encode(const Batch& batch, const std::vector<std::size_t>& keys) {
    key_columns_.clear();
    for (const std::size_t key : keys) key_columns_.push_back(batch.column(key));
    return keys_.encode(key_columns_, batch.num_rows());
  }

  void build() {
    is_built_ = true;
    const std::vector<Field>& fields =
        spec_.builds_right ? spec_.right_columns : spec_.left_columns;
    const std::vector<std::size_t>& keys = spec_.builds_right ? spec_.right_keys : spec_.left_keys;
    if (build_batches_.empty()) {
      auto schema = std::make_shared<Schema>();
      schema->fields = fields;
      build_ = RowBuilder(std::move(schema), scope_.context().pool).finish(0);
    } else {
      build_ = concatenate(build_batches_, scope_.context().pool);
      build_batches_.clear();
    }
    is_build_matched_.assign(build_.num_rows(), 0);
    next_.assign(build_.num_rows(), kNone);
    heads_.clear();
    const std::span<const RowKey> encoded = encode(build_, keys);
    // From the last to the first, so that lists are in the order of the rows.
    for (std::size_t row = build_.num_rows(); row-- > 0;) {
      if (has_null_key(build_, keys, row)) continue;
      bool is_new = false;
      const std::uint32_t group = table_.find_or_insert(encoded[row], is_new);
      if (is_new) heads_.push_back(kNone);
      next_[row] = heads_[group];
      heads_[group] = static_cast<std::uint32_t>(row);
    }
  }

  Result<void> process(const Batch& probe, Output& output) {
    const std::vector<std::size_t>& keys = is_probe_left() ? spec_.left_keys : spec_.right_keys;
    const std::span<const RowKey> encoded = encode(probe, keys);
    is_probe_matched_.assign(probe.num_rows(), 0);
    // One match is as good as many where only its existence counts.
    const bool needs_first_only = is_left_only(spec_.kind) && is_probe_left() && !spec_.condition;
    for (std::uint32_t row = 0; row < probe.num_rows(); ++row) {
      if (has_null_key(probe, keys, row)) continue;
      const std::uint32_t group = table_.find(encoded[row]);
      if (group == GroupTable::kNone) continue;
      for (std::uint32_t match = heads_[group]; match != kNone; match = next_[match]) {
        probe_rows_.push_back(row);
        build_rows_.push_back(match);
        if (needs_first_only) break;
        if (probe_rows_.size() >= batch_rows_) STREAM_TRY(join_pairs(probe, output));
      }
    }
    STREAM_TRY(join_pairs(probe, output));
    return emit_probe_rows(probe, output);
  }

  Batch joined(std::vector<Column> probe, std::vector<Column> build, std::size_t num_rows,
               Column exists = {}) const {
    std::vector<Column>& left = is_probe_left() ? probe : build;
    std::vector<Column>& right = is_probe_left() ? build : probe;
    left.insert(left.end(), right.begin(), right.end());
    if (spec_.kind == JoinKind::existence) left.push_back(std::move(exists));
    return {joined_schema_, std::move(left), num_rows};
  }

  Result<void> push_rows(const Batch& rows, Output& output) const {
    return output.push(select_columns(rows, spec_.output, spec_.schema));
  }

  /// The pairs found so far: the condition is applied, matches are noted and, but for semi and anti
  /// joins, handed on.
  Result<void> join_pairs(const Batch& probe, Output& output) {
    const std::size_t count = probe_rows_.size();
    if (count == 0) return {};
    BlockPool& pool = scope_.context().pool;
    const bool hands_on = !is_left_only(spec_.kind);
    chosen_.clear();
    Batch rows;
    if (hands_on || spec_.condition)
      rows = joined(gather(probe, probe_rows_, pool).columns(),
                    gather(build_, build_rows_, pool).columns(), count, flags({}, count));
    if (spec_.condition) {
      STREAM_TRY(const Operand holds, evaluate_operand(*spec_.condition, rows, scope_.context()));
      rows_where_true(holds, count, chosen_);
    } else {
      chosen_.resize(count);
      std::iota(chosen_.begin(), chosen_.end(), 0u);
    }
    for (const std::uint32_t pair : chosen_) {
      is_probe_matched_[probe_rows_[pair]] = 1;
      is_build_matched_[build_rows_[pair]] = 1;
    }
    probe_rows_.clear();
    build_rows_.clear();
    if (!hands_on || chosen_.empty()) return {};
    return push_rows(chosen_.size() == count ? rows : gather(rows, chosen_, pool), output);
  }

  /// The column of the existence flag; unused and false for other kinds.
  Column flags(std::span<const std::uint8_t> matched, std::size_t num_rows) const {
    Column column;
    if (spec_.kind != JoinKind::existence) return column;
    column.type = primitive(TypeKind::boolean);
    column.num_rows = num_rows;
    column.values = pool().allocate(num_rows + 1);
    std::fill_n(column.values.data(), num_rows, '\0');
    std::copy(matched.begin(), matched.end(),
              reinterpret_cast<std::uint8_t*>(column.values.data()));
    return column;
  }
  BlockPool& pool() const { return *pool_; }

  std::vector<Column> nulls(const std::vector<Field>& fields, std::size_t num_rows) const {
    std::vector<Column> columns;
    for (const Field& field : fields) columns.push_back(null_column(field.type, num_rows, pool()));
    return columns;
  }
  const std::vector<Field>& build_fields() const {
    return spec_.builds_right ? spec_.right_columns : spec_.left_columns;
  }
  const std::vector<Field>& probe_fields() const {
    return spec_.builds_right ? spec_.left_columns : spec_.right_columns;
  }

  /// Rows of a left-only join's left side, or unmatched rows of a kept side.
  bool is_wanted(bool is_matched) const {
    if (spec_.kind == JoinKind::existence) return true;
    return is_matched == (spec_.kind == JoinKind::left_semi);
  }

  Result<void> emit_probe_rows(const Batch& probe, Output& output) {
    if (!keeps_probe() && !(is_left_only(spec_.kind) && is_probe_left())) return {};
    chosen_.clear();
    std::vector<std::uint8_t> matched;
    for (std::uint32_t row = 0; row < probe.num_rows(); ++row) {
      if (!is_wanted(is_probe_matched_[row] != 0)) continue;
      chosen_.push_back(row);
      matched.push_back(is_probe_matched_[row]);
    }
    if (chosen_.empty()) return {};
    const std::size_t count = chosen_.size();
    const Batch rows = count == probe.num_rows() ? probe : gather(probe, chosen_, pool());
    return push_rows(
        joined(rows.columns(), nulls(build_fields(), count), count, flags(matched, count)), output);
  }

  /// A batch of what is left of the build side; true: there is no more.
  Result<bool> emit_build_rows(Output& output) {
    if (!keeps_build() && !(is_left_only(spec_.kind) && !is_probe_left())) return true;
    chosen_.clear();
    std::vector<std::uint8_t> matched;
    for (; next_build_row_ < build_.num_rows() && chosen_.size() < batch_rows_; ++next_build_row_) {
      const std::uint8_t is_matched = is_build_matched_[next_build_row_];
      if (!is_wanted(is_matched != 0)) continue;
      chosen_.push_back(static_cast<std::uint32_t>(next_build_row_));
      matched.push_back(is_matched);
    }
    if (chosen_.empty()) return true;
    const std::size_t count = chosen_.size();
    STREAM_TRY(
        push_rows(joined(nulls(probe_fields(), count), gather(build_, chosen_, pool()).columns(),
                         count, flags(matched, count)),
                  output));
    return next_build_row_ == build_.num_rows();
  }

  HashJoinSpec spec_;
  EvaluationScope scope_;
  Result<std::shared_ptr<EpochMemory>> memory_;
  BlockPool* pool_ = nullptr;
  RowKeys keys_;
  std::shared_ptr<const Schema> joined_schema_;
  std::size_t batch_rows_ = 4096;
  std::vector<Batch> build_batches_;
  std::optional<EpochBuffer> probes_;
  Batch build_;
  GroupTable table_;
  std::vector<std::uint32_t> heads_;  ///< by group: its first build row
  std::vector<std::uint32_t> next_;   ///< by build row
  std::vector<std::uint8_t> is_build_matched_;
  std::vector<std::uint8_t> is_probe_matched_;
  std::vector<Column> key_columns_;
  std::vector<std::uint32_t> probe_rows_;
  std::vector<std::uint32_t> build_rows_;
  std::vector<std::uint32_t> chosen_;
  bool is_built_ = false;
  std::size_t next_build_row_ = 0;
};

}  // namespace

OperatorFactory make_hash_join(HashJoinSpec spec) {
  auto memory = waiting_memory(spec.evaluation);
  return [spec = std::move(spec), memory = std::move(memory)] {
    return std::make_unique<HashJoinOperator>(spec, memory);
  };
}

}  // namespace stream
