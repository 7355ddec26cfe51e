#include <libstream/base/check.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/data/batch.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/data/gather.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace stream {
namespace {

constexpr std::uint64_t kNullHash = 0x6e756c6c6e756c6cULL;

void collect_blocks(const Column& column, std::vector<std::pair<const void*, std::size_t>>& seen) {
  const auto add = [&](const BlockRef& block) {
    if (!block) return;
    for (const auto& [identity, size] : seen) {
      if (identity == block.identity()) return;
    }
    seen.emplace_back(block.identity(), block.capacity());
  };
  add(column.validity);
  add(column.values);
  for (const BlockRef& block : column.blocks) add(block);
  for (const Column& child : column.children) collect_blocks(child, seen);
}

std::size_t live_bytes_of(const Column& column) {
  std::size_t bytes = column.num_rows * value_width(column.type.kind);
  if (column.validity) bytes += column.num_rows / 8;
  if (!column.blocks.empty()) {
    const StringView* views = column.data<StringView>();
    for (std::size_t row = 0; row < column.num_rows; ++row) {
      if (!views[row].is_inline()) bytes += views[row].size;
    }
  }
  for (const Column& child : column.children) bytes += live_bytes_of(child);
  return bytes;
}

/// 0.0 and -0.0 are one key, and so are all NaNs.
std::uint64_t hash_double(double value) {
  value = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
  return hash_bytes(&value, sizeof value);
}

std::uint64_t hash_value(const Column& column, std::size_t row) {
  if (column.is_null(row)) return kNullHash;
  switch (column.type.kind) {
    case TypeKind::null:
      return kNullHash;
    case TypeKind::boolean:
    case TypeKind::int8:
      return hash_integer(static_cast<std::uint64_t>(column.data<std::int8_t>()[row]));
    case TypeKind::int16:
      return hash_integer(static_cast<std::uint64_t>(column.data<std::int16_t>()[row]));
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return hash_integer(static_cast<std::uint64_t>(column.data<std::int32_t>()[row]));
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return hash_integer(static_cast<std::uint64_t>(column.data<std::int64_t>()[row]));
    case TypeKind::float32:
      return hash_double(static_cast<double>(column.data<float>()[row]));
    case TypeKind::float64:
      return hash_double(column.data<double>()[row]);
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      return hash_bytes(column.string_at(row));
    case TypeKind::decimal:
      return hash_bytes(&column.data<Int128>()[row], sizeof(Int128));
    case TypeKind::calendar_interval:
      return hash_bytes(&column.data<CalendarInterval>()[row], sizeof(CalendarInterval));
    case TypeKind::map: {
      // The order of entries does not count.
      const std::int64_t* offsets = column.data<std::int64_t>();
      std::uint64_t hash =
          hash_integer(static_cast<std::uint64_t>(offsets[row + 1] - offsets[row]));
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
        const auto entry = static_cast<std::size_t>(i);
        hash += hash_combine(hash_value(column.children[0], entry),
                             hash_value(column.children[1], entry));
      }
      return hash;
    }
    case TypeKind::array: {
      const std::int64_t* offsets = column.data<std::int64_t>();
      std::uint64_t hash =
          hash_integer(static_cast<std::uint64_t>(offsets[row + 1] - offsets[row]));
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
        hash = hash_combine(hash, hash_value(column.children[0], static_cast<std::size_t>(i)));
      return hash;
    }
    case TypeKind::structure: {
      std::uint64_t hash = 0;
      for (const Column& child : column.children) hash = hash_combine(hash, hash_value(child, row));
      return hash;
    }
  }
  STREAM_UNREACHABLE("type kind");
}

template <class T>
void hash_integers(const Column& column, std::span<std::uint64_t> hashes) {
  const T* values = column.data<T>();
  for (std::size_t row = 0; row < hashes.size(); ++row)
    hashes[row] = hash_integer(static_cast<std::uint64_t>(values[row]));
}

/// hash_value of each row, a column at a time where that pays.
void hash_column(const Column& column, std::span<std::uint64_t> hashes) {
  if (!column.validity) {
    switch (column.type.kind) {
      case TypeKind::int32:
      case TypeKind::date:
        return hash_integers<std::int32_t>(column, hashes);
      case TypeKind::int64:
      case TypeKind::timestamp:
      case TypeKind::timestamp_ntz:
        return hash_integers<std::int64_t>(column, hashes);
      case TypeKind::structure: {
        std::vector<std::uint64_t> of_child(hashes.size());
        std::fill(hashes.begin(), hashes.end(), 0);
        for (const Column& child : column.children) {
          hash_column(child, of_child);
          for (std::size_t row = 0; row < hashes.size(); ++row)
            hashes[row] = hash_combine(hashes[row], of_child[row]);
        }
        return;
      }
      default:
        break;
    }
  }
  for (std::size_t row = 0; row < hashes.size(); ++row) hashes[row] = hash_value(column, row);
}

/// A column for take_rows: texts and lists one by one.
Column take_column(const Column& column, std::span<const std::uint32_t> rows, BlockPool& pool) {
  const TypeKind kind = column.type.kind;
  if (!is_text(kind) && !is_list(kind) && kind != TypeKind::structure)
    return gather(column, rows, pool);
  if (kind != TypeKind::structure || column.validity) {
    ColumnBuilder builder(column.type, pool);
    for (const std::uint32_t row : rows) append_from(builder, column, row);
    return builder.finish();
  }
  Column taken;
  taken.type = column.type;
  taken.num_rows = rows.size();
  for (const Column& child : column.children)
    taken.children.push_back(take_column(child, rows, pool));
  return taken;
}

}  // namespace

Batch::Batch(std::shared_ptr<const Schema> schema, std::vector<Column> columns,
             std::size_t num_rows)
    : schema_(std::move(schema)), columns_(std::move(columns)), num_rows_(num_rows) {
  STREAM_CHECK(columns_.size() == schema_->num_fields(), "columns differ from the schema");
  for (const Column& column : columns_)
    STREAM_CHECK(column.num_rows == num_rows_, "columns of different length");
}

std::size_t Batch::retained_bytes() const {
  std::vector<std::pair<const void*, std::size_t>> seen;
  for (const Column& column : columns_) collect_blocks(column, seen);
  std::size_t bytes = 0;
  for (const auto& [identity, size] : seen) bytes += size;
  return bytes;
}

std::size_t Batch::live_bytes() const {
  std::size_t bytes = 0;
  for (const Column& column : columns_) bytes += live_bytes_of(column);
  return bytes;
}

Batch take_rows(const Batch& batch, std::span<const std::uint32_t> rows, BlockPool& pool) {
  std::vector<Column> columns;
  columns.reserve(batch.num_columns());
  for (const Column& column : batch.columns()) columns.push_back(take_column(column, rows, pool));
  return {batch.shared_schema(), std::move(columns), rows.size()};
}

Batch compact_if_sparse(const Batch& batch, BlockPool& pool) {
  const std::size_t retained = batch.retained_bytes();
  // Small blocks are cheaper to keep than to copy.
  if (retained <= (16u << 10) * batch.num_columns() || batch.live_bytes() * 4 >= retained)
    return batch;
  std::vector<std::uint32_t> rows(batch.num_rows());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  return take_rows(batch, rows, pool);
}

void hash_rows(const Batch& batch, std::span<const std::size_t> columns,
               std::span<std::uint64_t> hashes) {
  if (columns.empty()) return std::fill(hashes.begin(), hashes.end(), 0);
  hash_column(batch.column(columns[0]), hashes);
  if (columns.size() == 1) return;
  std::vector<std::uint64_t> of_column(hashes.size());
  for (const std::size_t index : columns.subspan(1)) {
    hash_column(batch.column(index), of_column);
    for (std::size_t row = 0; row < hashes.size(); ++row)
      hashes[row] = hash_combine(hashes[row], of_column[row]);
  }
}

Batch make_string_batch(std::shared_ptr<const Schema> schema, BlockRef views, std::size_t num_rows,
                        BlockRef block) {
  Column column;
  column.type = primitive(TypeKind::string);
  column.num_rows = num_rows;
  column.values = std::move(views);
  if (block) column.blocks.push_back(std::move(block));
  std::vector<Column> columns;
  columns.push_back(std::move(column));
  return {std::move(schema), std::move(columns), num_rows};
}

const std::shared_ptr<const Schema>& text_schema() {
  static const std::shared_ptr<const Schema> schema =
      std::make_shared<const Schema>(Schema{{Field{"value", primitive(TypeKind::string), false}}});
  return schema;
}

}  // namespace stream
