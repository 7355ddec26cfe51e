#include <libstream/data/column_builder.hpp>
#include <libstream/state/epoch_ring.hpp>

namespace stream {
namespace {

// Columns in front of the rows: hash, deleted, interval, number.
constexpr std::size_t kNumLeading = 4;

std::shared_ptr<const Schema> piece_schema(const Schema& rows) {
  auto schema = std::make_shared<Schema>();
  schema->fields = {{"hash", primitive(TypeKind::int64), false},
                    {"deleted", primitive(TypeKind::boolean), false},
                    {"interval", primitive(TypeKind::int64), false},
                    {"number", primitive(TypeKind::int64), false}};
  for (Field field : rows.fields) {
    field.is_nullable = true;
    schema->fields.push_back(std::move(field));
  }
  return schema;
}

class PieceBuilder {
 public:
  PieceBuilder(std::shared_ptr<const Schema> schema, BlockPool& pool) : schema_(std::move(schema)) {
    for (const Field& field : schema_->fields) builders_.emplace_back(field.type, pool);
  }
  void append_leading(std::uint64_t hash, bool is_deleted, std::int64_t interval,
                      std::int64_t number) {
    builders_[0].append(static_cast<std::int64_t>(hash));
    builders_[1].append(static_cast<std::uint8_t>(is_deleted));
    builders_[2].append(interval);
    builders_[3].append(number);
    ++num_rows_;
  }
  void append_nulls() {
    for (std::size_t i = kNumLeading; i < builders_.size(); ++i) builders_[i].append_null();
  }
  void append_row(const Batch& batch, std::size_t row) {
    for (std::size_t i = kNumLeading; i < builders_.size(); ++i)
      append_from(builders_[i], batch.column(i - kNumLeading), row);
  }
  std::size_t num_rows() const { return num_rows_; }
  Batch finish() {
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders_) columns.push_back(builder.finish());
    return {schema_, std::move(columns), num_rows_};
  }

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<ColumnBuilder> builders_;
  std::size_t num_rows_ = 0;
};

}  // namespace

EpochRing::EpochRing(std::string table, std::uint64_t home_hash, BlockPool& pool)
    : table_(std::move(table)), home_hash_(home_hash), pool_(pool) {}

void EpochRing::add(std::int64_t interval, const Batch& batch,
                    std::span<const std::uint64_t> hashes) {
  if (batch.num_rows() == 0) return;
  schema_ = batch.shared_schema();
  Interval& kept = intervals_[interval];
  kept.batches.push_back(compact_if_sparse(batch, pool_));
  for (std::size_t row = 0; row < batch.num_rows(); ++row)
    kept.places.push_back(
        {hashes.empty() ? home_hash_ : hashes[row], static_cast<std::int64_t>(kept.places.size())});
}

void EpochRing::drop_through(std::int64_t interval) {
  while (!intervals_.empty() && intervals_.begin()->first <= interval) {
    const auto& [number, kept] = *intervals_.begin();
    for (std::size_t row = 0; row < kept.num_sealed_rows; ++row)
      dropped_.emplace_back(number, kept.places[row]);
    intervals_.erase(intervals_.begin());
  }
}

std::vector<Batch> EpochRing::between(std::int64_t after, std::int64_t through) const {
  std::vector<Batch> batches;
  for (auto it = intervals_.upper_bound(after); it != intervals_.end() && it->first <= through;
       ++it)
    batches.insert(batches.end(), it->second.batches.begin(), it->second.batches.end());
  return batches;
}

std::int64_t EpochRing::num_rows() const {
  std::size_t rows = 0;
  for (const auto& [number, kept] : intervals_) rows += kept.places.size();
  return static_cast<std::int64_t>(rows);
}

std::int64_t EpochRing::bytes() const {
  std::size_t bytes = 0;
  for (const auto& [number, kept] : intervals_) {
    for (const Batch& batch : kept.batches) bytes += batch.retained_bytes();
    bytes += kept.places.size() * sizeof(Place);
  }
  return static_cast<std::int64_t>(bytes);
}

void EpochRing::seal(std::vector<StatePiece>& pieces) {
  if (!schema_) return;
  PieceBuilder builder(piece_schema(*schema_), pool_);
  for (const auto& [interval, place] : dropped_) {
    builder.append_leading(place.hash, true, interval, place.number);
    builder.append_nulls();
  }
  dropped_.clear();
  for (auto& [interval, kept] : intervals_) {
    for (; kept.num_sealed_batches < kept.batches.size(); ++kept.num_sealed_batches) {
      const Batch& batch = kept.batches[kept.num_sealed_batches];
      for (std::size_t row = 0; row < batch.num_rows(); ++row) {
        const Place& place = kept.places[kept.num_sealed_rows++];
        builder.append_leading(place.hash, false, interval, place.number);
        builder.append_row(batch, row);
      }
    }
  }
  if (builder.num_rows() > 0) pieces.push_back({table_, 2, builder.finish()});
}

Result<void> EpochRing::restore(const StatePiece& piece,
                                const std::function<bool(std::uint64_t)>& is_mine) {
  if (piece.table != table_) return {};
  const Batch& batch = piece.batch;
  if (batch.num_columns() < kNumLeading)
    return fatal("state table " + table_ + " lacks its columns");
  if (!schema_) {
    auto schema = std::make_shared<Schema>();
    for (std::size_t i = kNumLeading; i < batch.num_columns(); ++i)
      schema->fields.push_back(batch.schema().fields[i]);
    schema_ = std::move(schema);
  }
  const auto* hashes = batch.column(0).data<std::uint64_t>();
  const auto* deleted = batch.column(1).data<std::uint8_t>();
  const auto* intervals = batch.column(2).data<std::int64_t>();
  const auto* numbers = batch.column(3).data<std::int64_t>();
  std::map<std::int64_t, std::vector<std::uint32_t>> rows;
  for (std::size_t row = 0; row < batch.num_rows(); ++row) {
    if (!is_mine(hashes[row])) continue;
    // An interval is dropped as a whole: the first of its deletions takes all.
    if (deleted[row] != 0)
      intervals_.erase(intervals[row]);
    else
      rows[intervals[row]].push_back(static_cast<std::uint32_t>(row));
  }
  for (const auto& [interval, chosen] : rows) {
    const Batch taken = take_rows(batch, chosen, pool_);
    std::vector<Column> columns(taken.columns().begin() + kNumLeading, taken.columns().end());
    Interval& kept = intervals_[interval];
    kept.batches.emplace_back(schema_, std::move(columns), chosen.size());
    for (const std::uint32_t row : chosen) kept.places.push_back({hashes[row], numbers[row]});
    kept.num_sealed_rows = kept.places.size();
    kept.num_sealed_batches = kept.batches.size();
  }
  return {};
}

}  // namespace stream
