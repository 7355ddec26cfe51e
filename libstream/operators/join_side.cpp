#include <libstream/operators/join_side.hpp>
#include <libstream/state/row_codec.hpp>

#include <algorithm>

namespace stream {
namespace {

std::vector<DataType> key_types(const StreamJoinSide& spec) {
  std::vector<DataType> types;
  for (const std::size_t key : spec.keys) types.push_back(spec.columns[key].type);
  return types;
}

StateLayout layout_of(const StreamJoinSide& spec, std::string table) {
  StateLayout layout{std::move(table), {}, {}, spec.keys.size()};
  for (const std::size_t key : spec.keys) layout.keys.push_back(spec.columns[key]);
  layout.keys.push_back({"row", primitive(TypeKind::int64), false});
  layout.values.push_back({"matched", primitive(TypeKind::boolean), false});
  layout.values.insert(layout.values.end(), spec.columns.begin(), spec.columns.end());
  return layout;
}

}  // namespace

JoinSide::JoinSide(StreamJoinSide spec, std::string table, bool remembers_matches)
    : spec_(std::move(spec)),
      remembers_matches_(remembers_matches),
      layout_(layout_of(spec_, std::move(table))),
      keys_(key_types(spec_)) {}

void JoinSide::open(const OperatorContext& context) {
  context_.emplace(context);
  writer_.emplace(layout_, context.pool);
}

std::span<const RowKey> JoinSide::encode_keys(const Batch& batch) {
  key_columns_.clear();
  for (const std::size_t key : spec_.keys) key_columns_.push_back(batch.column(key));
  return keys_.encode(key_columns_, batch.num_rows());
}

bool JoinSide::has_null_key(const Batch& batch, std::size_t row) const {
  return std::any_of(spec_.keys.begin(), spec_.keys.end(),
                     [&](std::size_t key) { return batch.column(key).is_null(row); });
}

std::uint32_t JoinSide::first(const RowKey& key) const {
  const std::uint32_t group = table_.find(key);
  return group == GroupTable::kNone ? kNone : heads_[group];
}

std::uint32_t JoinSide::append(std::uint32_t group) {
  std::uint32_t row = static_cast<std::uint32_t>(rows_.size());
  if (free_.empty()) {
    rows_.emplace_back();
  } else {
    row = free_.back();
    free_.pop_back();
  }
  if (group >= heads_.size()) {
    heads_.resize(group + 1, kNone);
    tails_.resize(group + 1, kNone);
  }
  StoredRow& stored = rows_[row];
  stored.group = group;
  stored.previous = tails_[group];
  if (tails_[group] == kNone)
    heads_[group] = row;
  else
    rows_[tails_[group]].next = row;
  tails_[group] = row;
  ++num_rows_;
  return row;
}

void JoinSide::unlink(std::uint32_t row) {
  StoredRow& stored = rows_[row];
  const std::uint32_t group = stored.group;
  (stored.previous == kNone ? heads_[group] : rows_[stored.previous].next) = stored.next;
  (stored.next == kNone ? tails_[group] : rows_[stored.next].previous) = stored.previous;
  value_bytes_ -= stored.values.size();
  stored = StoredRow{};
  free_.push_back(row);
  --num_rows_;
  if (heads_[group] == kNone) table_.erase(group);
}

void JoinSide::file(std::uint32_t row, const Column& times, std::size_t place) {
  const auto micros = event_micros(times, place);
  rows_[row].has_time = micros.has_value();
  rows_[row].micros = micros.value_or(0);
  if (micros) by_time_.add(*micros, row);
}

void JoinSide::add(const Batch& batch, std::size_t row, const RowKey& key, bool is_matched) {
  bool is_new = false;
  const std::uint32_t number = append(table_.find_or_insert(key, is_new));
  StoredRow& stored = rows_[number];
  for (const Column& column : batch.columns())
    encode_value(column, row, RowForm::exact, stored.values);
  stored.id = next_id_++;
  stored.is_matched = is_matched;
  stored.is_dirty = true;
  value_bytes_ += stored.values.size();
  dirty_.push_back(number);
  if (spec_.bound) file(number, batch.column(spec_.bound->column), row);
}

void JoinSide::mark_matched(std::uint32_t row) {
  StoredRow& stored = rows_[row];
  if (stored.is_matched || !remembers_matches_) return;
  stored.is_matched = true;
  if (stored.is_dirty) return;
  stored.is_dirty = true;
  dirty_.push_back(row);
}

void JoinSide::decode(std::span<const std::uint32_t> rows,
                      std::span<ColumnBuilder> builders) const {
  for (const std::uint32_t row : rows) {
    std::string_view values = rows_[row].values;
    for (ColumnBuilder& builder : builders) decode_value(values, builder);
  }
}

bool JoinSide::is_old(const Batch& batch, std::size_t row, EpochMillis watermark) const {
  return spec_.bound &&
         is_passed(batch.column(spec_.bound->column), row, watermark + spec_.bound->offset_millis);
}

void JoinSide::take_old(EpochMillis watermark, std::vector<std::uint32_t>& rows) {
  if (spec_.bound) by_time_.take_through(watermark + spec_.bound->offset_millis, rows);
}

void JoinSide::append_key(std::uint32_t row) {
  const auto keys = writer_->keys();
  keys_.decode(table_.key(rows_[row].group), keys.first(spec_.keys.size()));
  keys.back().append(rows_[row].id);
}

void JoinSide::remove(std::uint32_t row) {
  if (rows_[row].is_sealed) {
    append_key(row);
    writer_->end_deleted();
  }
  unlink(row);
}

void JoinSide::seal(std::vector<StatePiece>& pieces) {
  for (const std::uint32_t row : dirty_) {
    StoredRow& stored = rows_[row];
    if (!stored.is_dirty) continue;
    stored.is_dirty = false;
    stored.is_sealed = true;
    append_key(row);
    const auto values = writer_->values();
    values[0].append(static_cast<std::uint8_t>(stored.is_matched));
    const std::uint32_t one[] = {row};
    decode(one, values.subspan(1));
    writer_->end_live();
  }
  dirty_.clear();
  writer_->finish(pieces);
}

void JoinSide::drop_changes() {
  for (const std::uint32_t row : dirty_) rows_[row].is_dirty = false;
  dirty_.clear();
}

Result<void> JoinSide::restore(const StatePiece& piece) {
  STREAM_TRY(const auto restored,
             restored_rows(piece, layout_, context_->groups, context_->num_groups, context_->pool));
  if (!restored) return {};
  needs_filing_ = true;
  const std::size_t num_keys = spec_.keys.size();
  const std::span<const Column> deleted(restored->deleted.columns());
  std::span<const RowKey> keys =
      keys_.encode(deleted.first(num_keys), restored->deleted.num_rows());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto place =
        restored_rows_.find({table_.find(keys[i]), deleted[num_keys].data<std::int64_t>()[i]});
    if (place == restored_rows_.end()) continue;
    unlink(place->second);
    restored_rows_.erase(place);
  }
  const std::span<const Column> live(restored->live.columns());
  keys = keys_.encode(live.first(num_keys), restored->live.num_rows());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::int64_t id = live[num_keys].data<std::int64_t>()[i];
    bool is_new = false;
    const std::uint32_t group = table_.find_or_insert(keys[i], is_new);
    const auto place = restored_rows_.try_emplace({group, id}, kNone).first;
    if (place->second == kNone) place->second = append(group);
    StoredRow& stored = rows_[place->second];
    stored.id = id;
    stored.is_sealed = true;
    stored.is_matched = live[num_keys + 1].data<std::uint8_t>()[i] != 0;
    value_bytes_ -= stored.values.size();
    stored.values.clear();
    const auto columns = live.subspan(num_keys + 2);
    for (const Column& column : columns) encode_value(column, i, RowForm::exact, stored.values);
    value_bytes_ += stored.values.size();
    if (spec_.bound) {
      const auto micros = event_micros(columns[spec_.bound->column], i);
      stored.has_time = micros.has_value();
      stored.micros = micros.value_or(0);
    }
    next_id_ = std::max(next_id_, id + 1);
  }
  return {};
}

void JoinSide::end_restore() {
  if (!needs_filing_) return;
  needs_filing_ = false;
  restored_rows_.clear();
  by_time_.clear();
  for (std::uint32_t row = 0; row < rows_.size(); ++row) {
    if (rows_[row].group != kNone && rows_[row].has_time) by_time_.add(rows_[row].micros, row);
  }
}

std::size_t JoinSide::bytes() const {
  return table_.bytes() + rows_.capacity() * sizeof(StoredRow) + value_bytes_;
}

}  // namespace stream
