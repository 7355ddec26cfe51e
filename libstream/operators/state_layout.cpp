#include <libstream/data/gather.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/operators/add_hash.hpp>
#include <libstream/operators/state_layout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stream {

std::shared_ptr<const Schema> StateLayout::schema() const {
  auto all = std::make_shared<Schema>();
  all->fields = {{"hash", primitive(TypeKind::int64), false},
                 {"deleted", primitive(TypeKind::boolean), false}};
  for (const std::vector<Field>* fields : {&keys, &values}) {
    for (Field field : *fields) {
      field.is_nullable = true;
      all->fields.push_back(std::move(field));
    }
  }
  return all;
}

namespace {

std::string types_of(std::span<const Field> fields) {
  std::string text;
  for (const Field& field : fields) {
    if (!text.empty()) text += ", ";
    text += field.type.to_string();
  }
  return text;
}

bool are_same_types(std::span<const Field> a, std::span<const Field> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Field& x, const Field& y) { return is_same_type(x.type, y.type); });
}

Result<void> check_types(const StatePiece& piece, const StateLayout& layout) {
  const std::span<const Field> fields(piece.batch.schema().fields);
  const std::size_t num_keys = std::min<std::size_t>(piece.num_key_columns, fields.size() - 2);
  const auto keys = fields.subspan(2, num_keys);
  const auto values = fields.subspan(2 + num_keys);
  const auto complain = [&](std::string_view condition, std::string_view what,
                            std::span<const Field> stored, std::span<const Field> wanted) {
    return analysis_error(
        condition, fmt::format("The checkpoint's state '{}' has the {} types ({}), the query now "
                               "has ({}); go back to the old query or begin with a new checkpoint "
                               "directory.",
                               layout.table, what, types_of(stored), types_of(wanted)));
  };
  if (!are_same_types(keys, layout.keys))
    return complain("STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE", "key", keys, layout.keys);
  if (!are_same_types(values, layout.values))
    return complain("STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE", "value", values, layout.values);
  return {};
}

}  // namespace

Result<std::optional<RestoredRows>> restored_rows(const StatePiece& piece,
                                                  const StateLayout& layout,
                                                  const KeyGroupRange& groups,
                                                  std::uint32_t num_groups, BlockPool& pool) {
  if (piece.table != layout.table) return std::optional<RestoredRows>();
  STREAM_TRY(check_types(piece, layout));
  const Batch& batch = piece.batch;
  if (batch.num_rows() == 0) return std::optional<RestoredRows>();
  const auto* hashes = batch.column(0).data<std::uint64_t>();
  const auto* deleted = batch.column(1).data<std::uint8_t>();
  std::vector<std::uint32_t> deleted_rows, live_rows;
  for (std::size_t row = 0; row < batch.num_rows(); ++row) {
    if (!groups.contains(hashes[row], num_groups)) continue;
    (deleted[row] != 0 ? deleted_rows : live_rows).push_back(static_cast<std::uint32_t>(row));
  }
  auto schema = std::make_shared<Schema>();
  schema->fields = layout.keys;
  schema->fields.insert(schema->fields.end(), layout.values.begin(), layout.values.end());
  std::vector<std::size_t> columns(schema->num_fields());
  std::iota(columns.begin(), columns.end(), std::size_t{2});
  const Batch rows = select_columns(batch, columns, schema);
  return std::optional(
      RestoredRows{gather(rows, deleted_rows, pool), gather(rows, live_rows, pool)});
}

StateWriter::StateWriter(StateLayout layout, BlockPool& pool)
    : layout_(std::move(layout)), builder_(layout_.schema(), pool), schema_(layout_.schema()) {}

void StateWriter::end_deleted() {
  for (ColumnBuilder& value : values()) value.append_null();
  builder_.column(0).append(std::int64_t{0});
  builder_.column(1).append(std::uint8_t{1});
  if (builder_.num_rows() >= kPieceRows) cut();
}

void StateWriter::end_live() { end_live(1); }

void StateWriter::end_live(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    builder_.column(0).append(std::int64_t{0});
    builder_.column(1).append(std::uint8_t{0});
  }
  if (builder_.num_rows() >= kPieceRows) cut();
}

void StateWriter::cut() {
  Batch batch = builder_.finish();
  std::vector<std::size_t> hashed(layout_.num_hash_columns);
  std::iota(hashed.begin(), hashed.end(), std::size_t{2});
  std::vector<Column> columns = batch.columns();
  auto* hashes = reinterpret_cast<std::uint64_t*>(columns[0].values.data());
  hash_rows(batch, hashed, {hashes, batch.num_rows()});
  for (std::size_t row = 0; row < batch.num_rows(); ++row)
    hashes[row] = key_group_hash(hashes[row]);
  done_.push_back({layout_.table, static_cast<std::uint32_t>(layout_.keys.size()),
                   Batch(schema_, std::move(columns), batch.num_rows())});
}

void StateWriter::finish(std::vector<StatePiece>& pieces) {
  if (builder_.num_rows() > 0) cut();
  for (StatePiece& piece : done_) pieces.push_back(std::move(piece));
  done_.clear();
}

}  // namespace stream
