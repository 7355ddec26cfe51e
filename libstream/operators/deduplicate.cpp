#include <libstream/data/gather.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/operators/deduplicate.hpp>
#include <libstream/operators/expiry_index.hpp>
#include <libstream/operators/state_layout.hpp>
#include <libstream/state/row_keys.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

std::vector<Column> chosen(const Batch& batch, const std::vector<std::size_t>& columns) {
  std::vector<Column> keys;
  for (const std::size_t index : columns) keys.push_back(batch.column(index));
  return keys;
}

class DeduplicateOperator final : public Operator {
 public:
  explicit DeduplicateOperator(const DeduplicateSpec& spec) : spec_(spec) {
    if (!spec_.event_time || spec_.delay_millis) return;
    const auto place = std::find(spec_.keys.begin(), spec_.keys.end(), *spec_.event_time);
    if (place != spec_.keys.end())
      event_time_key_ = static_cast<std::size_t>(place - spec_.keys.begin());
  }

  Result<void> open(const OperatorContext& context) override {
    context_.emplace(context);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    late_watermark_ = at_input(start.late_watermark);
    updated_ = removed_ = late_ = duplicates_ = 0;
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output& output) override {
    if (batch.num_rows() == 0) return {};
    STREAM_TRY(learn_types(batch));
    if (spec_.event_time &&
        rows_after(batch.column(*spec_.event_time), batch.num_rows(), late_watermark_, rows_)) {
      late_ += static_cast<std::int64_t>(batch.num_rows() - rows_.size());
      batch = gather(batch, rows_, context_->pool);
    }
    const std::vector<Column> keys = chosen(batch, spec_.keys);
    groups_.resize(batch.num_rows());
    const auto first_rows = table_.find_or_insert(keys_->encode(keys, batch.num_rows()), groups_);
    duplicates_ += static_cast<std::int64_t>(batch.num_rows() - first_rows.size());
    for (const std::uint32_t row : first_rows) add(groups_[row], batch, row);
    if (first_rows.empty()) return {};
    const Batch handed_on = select_columns(batch, spec_.output, spec_.schema);
    if (first_rows.size() == batch.num_rows()) return output.push(handed_on);
    return output.push(gather(handed_on, first_rows, context_->pool));
  }

  Result<bool> end(const EpochStart& start, Output&) override {
    if (!event_time_key_ && !spec_.delay_millis) return true;
    old_.clear();
    by_time_.take_through(at_input(start.watermark), old_);
    for (const std::uint32_t group : old_) {
      if (is_sealed_[group] != 0) {
        keys_->decode(table_.key(group), writer_->keys());
        writer_->end_deleted();
      }
      table_.erase(group);
      is_used_[group] = 0;
      ++removed_;
    }
    return true;
  }

  bool is_stateful() const override { return true; }

  Result<void> seal(std::vector<StatePiece>& pieces) override {
    if (!writer_) return {};
    for (const std::uint32_t group : dirty_) {
      if (is_used_[group] == 0 || is_sealed_[group] != 0) continue;
      is_sealed_[group] = 1;
      keys_->decode(table_.key(group), writer_->keys());
      if (spec_.delay_millis) writer_->values()[0].append(expiries_[group]);
      writer_->end_live();
    }
    dirty_.clear();
    writer_->finish(pieces);
    return {};
  }

  Result<void> drop_changes() override {
    dirty_.clear();
    return {};
  }

  Result<void> restore(const StatePiece& piece) override {
    if (piece.table != kTable) return {};
    learn_types_of(piece);
    STREAM_TRY(const auto rows, restored_rows(piece, writer_->layout(), context_->groups,
                                              context_->num_groups, context_->pool));
    if (!rows) return {};
    const std::size_t num_keys = spec_.keys.size();
    const std::span<const Column> deleted(rows->deleted.columns());
    for (const RowKey& key : keys_->encode(deleted.first(num_keys), rows->deleted.num_rows())) {
      const std::uint32_t group = table_.find(key);
      if (group == GroupTable::kNone) continue;
      table_.erase(group);
      is_used_[group] = 0;
    }
    const std::span<const Column> live(rows->live.columns());
    const auto keys = keys_->encode(live.first(num_keys), rows->live.num_rows());
    for (std::size_t row = 0; row < keys.size(); ++row) {
      bool is_new = false;
      const std::uint32_t group = table_.find_or_insert(keys[row], is_new);
      make_room(group);
      is_used_[group] = is_sealed_[group] = 1;
      if (spec_.delay_millis) expiries_[group] = live[num_keys].data<std::int64_t>()[row];
      if (event_time_key_)
        expiries_[group] = event_micros(live[*event_time_key_], row).value_or(kNever);
    }
    // Later pieces may delete groups: times are filed when all are there.
    by_time_.clear();
    for (std::uint32_t group = 0; group < is_used_.size(); ++group) {
      if (is_used_[group] != 0 && expiries_[group] != kNever) by_time_.add(expiries_[group], group);
    }
    return {};
  }

  StateCounts state_counts() const override {
    return {static_cast<std::int64_t>(table_.size()),
            updated_,
            removed_,
            static_cast<std::int64_t>(table_.bytes() + expiries_.size() * 10),
            late_,
            duplicates_};
  }

 private:
  static constexpr const char* kTable = "keys";
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  EpochMillis at_input(EpochMillis watermark) const {
    return spec_.watermark ? spec_.watermark(watermark) : watermark;
  }

  Result<void> learn_types(const Batch& batch) {
    if (knows_input_) return {};
    knows_input_ = true;
    std::vector<Field> fields;
    for (const std::size_t index : spec_.keys) fields.push_back(batch.schema().fields[index]);
    if (!keys_) {
      set_key_fields(fields);
      return {};
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!is_same_type(fields[i].type, keys_->types()[i]))
        return analysis_error(
            "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE",
            fmt::format("The checkpoint's state '{}' has keys of another type: {} is {} now and "
                        "was {}; go back to the old query or begin with a new checkpoint "
                        "directory.",
                        kTable, fields[i].name, fields[i].type.to_string(),
                        keys_->types()[i].to_string()));
    }
    return {};
  }
  void learn_types_of(const StatePiece& piece) {
    if (keys_) return;
    const std::vector<Field>& all = piece.batch.schema().fields;
    set_key_fields({all.begin() + 2, all.begin() + 2 + piece.num_key_columns});
  }
  void set_key_fields(const std::vector<Field>& fields) {
    std::vector<DataType> types;
    for (const Field& field : fields) types.push_back(field.type);
    keys_.emplace(std::move(types));
    StateLayout layout{kTable, fields, {}, fields.size()};
    if (spec_.delay_millis) layout.values.push_back({"expires", primitive(TypeKind::int64), false});
    writer_.emplace(std::move(layout), context_->pool);
  }

  void make_room(std::uint32_t group) {
    if (group < is_used_.size()) return;
    is_used_.resize(group + 1);
    is_sealed_.resize(group + 1);
    expiries_.resize(group + 1, kNever);
  }

  void add(std::uint32_t group, const Batch& batch, std::size_t row) {
    make_room(group);
    is_used_[group] = 1;
    is_sealed_[group] = 0;
    expiries_[group] = kNever;
    dirty_.push_back(group);
    ++updated_;
    if (spec_.delay_millis) {
      // A null time counts as the epoch.
      expiries_[group] = event_micros(batch.column(*spec_.event_time), row).value_or(0) +
                         *spec_.delay_millis * 1000;
    } else if (event_time_key_) {
      expiries_[group] = event_micros(batch.column(*spec_.event_time), row).value_or(kNever);
    }
    if (expiries_[group] != kNever) by_time_.add(expiries_[group], group);
  }

  DeduplicateSpec spec_;
  std::optional<std::size_t> event_time_key_;  ///< its place among the keys
  std::optional<OperatorContext> context_;
  std::optional<RowKeys> keys_;
  std::optional<StateWriter> writer_;
  bool knows_input_ = false;
  GroupTable table_;
  std::vector<std::uint8_t> is_used_;
  std::vector<std::uint8_t> is_sealed_;
  std::vector<std::int64_t> expiries_;
  ExpiryIndex by_time_;
  std::vector<std::uint32_t> groups_;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::uint32_t> old_;
  std::vector<std::uint32_t> rows_;
  EpochMillis late_watermark_ = 0;
  std::int64_t updated_ = 0, removed_ = 0, late_ = 0, duplicates_ = 0;
};

}  // namespace

OperatorFactory make_deduplicate(DeduplicateSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<DeduplicateOperator>(spec); };
}

}  // namespace stream
