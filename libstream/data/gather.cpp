#include <libstream/data/column_builder.hpp>
#include <libstream/data/gather.hpp>

#include <algorithm>

namespace stream {
namespace {

/// Which rows are taken: looked at once for all columns.
class ChosenRows {
 public:
  explicit ChosenRows(std::span<const std::uint32_t> rows) : rows_(rows) {
    std::size_t num_nulls = 0, num_steps = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) num_nulls += rows[i] == kNullRow;
    for (std::size_t i = 1; i < rows.size(); ++i) num_steps += rows[i] != rows[i - 1] + 1;
    has_null_rows_ = num_nulls > 0;
    if (has_null_rows_ || (num_steps + 1) * kLongRun > rows.size()) return;
    runs_.reserve(num_steps + 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i > 0 && rows[i] == rows[i - 1] + 1)
        ++runs_.back().count;
      else
        runs_.push_back({rows[i], 1});
    }
  }

  std::size_t size() const { return rows_.size(); }
  std::span<const std::uint32_t> rows() const { return rows_; }
  bool has_null_rows() const { return has_null_rows_; }

  template <class T>
  void copy(const T* from, T* to) const {
    if (has_null_rows_) {
      for (const std::uint32_t row : rows_) *to++ = row == kNullRow ? T{} : from[row];
    } else if (runs_.empty()) {
      for (const std::uint32_t row : rows_) *to++ = from[row];
    } else {
      for (const Run& run : runs_) to = std::copy_n(from + run.first, run.count, to);
    }
  }

 private:
  /// Rows side by side.
  struct Run {
    std::uint32_t first;
    std::uint32_t count;
  };
  static constexpr std::size_t kLongRun = 8;  ///< on average; shorter ones are taken row by row

  std::span<const std::uint32_t> rows_;
  bool has_null_rows_ = false;
  std::vector<Run> runs_;  ///< none: row by row
};

template <class T>
void gather_values(const Column& column, const ChosenRows& chosen, Column& out, BlockPool& pool) {
  out.values = pool.allocate(std::max<std::size_t>(chosen.size() * sizeof(T), 1));
  chosen.copy(column.num_rows == 0 ? nullptr : column.data<T>(),
              reinterpret_cast<T*>(out.values.data()));
}

void gather_validity(const Column& column, std::span<const std::uint32_t> rows, Column& out,
                     BlockPool& pool) {
  const std::size_t bytes = rows.size() / 8 + 1;
  out.validity = pool.allocate(bytes);
  std::memset(out.validity.data(), 0xff, out.validity.capacity());
  char* bits = out.validity.data();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == kNullRow || column.is_null(rows[i]))
      bits[i >> 3] &= static_cast<char>(~(1u << (i & 7)));
  }
}

void adopt_blocks(const Column& column, ColumnBuilder& builder) {
  builder.adopt(column.blocks);
  for (const Column& child : column.children) adopt_blocks(child, builder);
}

Column gather_rows(const Column& column, std::span<const std::uint32_t> rows, BlockPool& pool) {
  ColumnBuilder builder(column.type, pool);
  adopt_blocks(column, builder);
  for (const std::uint32_t row : rows) {
    if (row == kNullRow)
      builder.append_null();
    else
      append_from(builder, column, row);
  }
  return builder.finish();
}

Column gather_column(const Column& column, const ChosenRows& chosen, BlockPool& pool) {
  if (is_list(column.type.kind) || column.type.kind == TypeKind::null)
    return gather_rows(column, chosen.rows(), pool);
  Column out;
  out.type = column.type;
  out.num_rows = chosen.size();
  if (column.validity || chosen.has_null_rows()) gather_validity(column, chosen.rows(), out, pool);
  for (const Column& child : column.children)
    out.children.push_back(gather_column(child, chosen, pool));
  switch (value_width(column.type.kind)) {
    case 1:
      gather_values<std::uint8_t>(column, chosen, out, pool);
      break;
    case 2:
      gather_values<std::uint16_t>(column, chosen, out, pool);
      break;
    case 4:
      gather_values<std::uint32_t>(column, chosen, out, pool);
      break;
    case 8:
      gather_values<std::uint64_t>(column, chosen, out, pool);
      break;
    case 16:
      gather_values<Int128>(column, chosen, out, pool);
      out.blocks = column.blocks;
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

Column gather(const Column& column, std::span<const std::uint32_t> rows, BlockPool& pool) {
  return gather_column(column, ChosenRows(rows), pool);
}

Batch gather(const Batch& batch, std::span<const std::uint32_t> rows, BlockPool& pool) {
  const ChosenRows chosen(rows);
  std::vector<Column> columns;
  columns.reserve(batch.num_columns());
  for (const Column& column : batch.columns())
    columns.push_back(gather_column(column, chosen, pool));
  return {batch.shared_schema(), std::move(columns), rows.size()};
}

namespace {

void append_shifted(const std::vector<const Column*>& parts, Column& out) {
  auto* to = reinterpret_cast<StringView*>(out.values.data());
  for (const Column* part : parts) {
    if (part->num_rows == 0) continue;
    const auto first = static_cast<std::uint32_t>(out.blocks.size());
    const StringView* views = part->data<StringView>();
    for (std::size_t row = 0; row < part->num_rows; ++row) {
      *to = views[row];
      if (!to->is_inline()) to->outside.block += first;
      ++to;
    }
    out.blocks.insert(out.blocks.end(), part->blocks.begin(), part->blocks.end());
  }
}

}  // namespace

Column concatenate(const std::vector<const Column*>& parts, BlockPool& pool) {
  Column out;
  out.type = parts[0]->type;
  bool has_nulls = false;
  for (const Column* part : parts) {
    out.num_rows += part->num_rows;
    has_nulls = has_nulls || static_cast<bool>(part->validity);
  }
  if (is_list(out.type.kind) || out.type.kind == TypeKind::null) {
    ColumnBuilder builder(out.type, pool);
    for (const Column* part : parts) {
      adopt_blocks(*part, builder);
      for (std::size_t row = 0; row < part->num_rows; ++row) append_from(builder, *part, row);
    }
    return builder.finish();
  }
  if (has_nulls) {
    out.validity = pool.allocate(out.num_rows / 8 + 1);
    std::memset(out.validity.data(), 0xff, out.validity.capacity());
    std::size_t i = 0;
    for (const Column* part : parts) {
      for (std::size_t row = 0; row < part->num_rows; ++row, ++i) {
        if (part->is_null(row)) out.validity.data()[i >> 3] &= static_cast<char>(~(1u << (i & 7)));
      }
    }
  }
  const std::size_t width = value_width(out.type.kind);
  out.values = pool.allocate(std::max<std::size_t>(out.num_rows * width, 1));
  if (is_text(out.type.kind)) {
    append_shifted(parts, out);
  } else if (width > 0) {
    char* to = out.values.data();
    for (const Column* part : parts) {
      if (part->num_rows == 0) continue;
      std::memcpy(to, part->values.data(), part->num_rows * width);
      to += part->num_rows * width;
    }
  }
  for (std::size_t c = 0; c < out.type.children.size(); ++c) {
    std::vector<const Column*> children;
    for (const Column* part : parts) children.push_back(&part->children[c]);
    out.children.push_back(concatenate(children, pool));
  }
  return out;
}

Batch concatenate(std::span<const Batch> batches, BlockPool& pool) {
  if (batches.size() == 1) return batches[0];
  std::size_t num_rows = 0;
  for (const Batch& batch : batches) num_rows += batch.num_rows();
  std::vector<Column> columns;
  for (std::size_t c = 0; c < batches[0].num_columns(); ++c) {
    std::vector<const Column*> parts;
    for (const Batch& batch : batches) parts.push_back(&batch.column(c));
    columns.push_back(concatenate(parts, pool));
  }
  return {batches[0].shared_schema(), std::move(columns), num_rows};
}

Column null_column(const DataType& type, std::size_t num_rows, BlockPool& pool) {
  ColumnBuilder builder(type, pool);
  for (std::size_t row = 0; row < num_rows; ++row) builder.append_null();
  return builder.finish();
}

Batch select_columns(const Batch& batch, std::span<const std::size_t> columns,
                     const std::shared_ptr<const Schema>& schema) {
  std::vector<Column> chosen;
  chosen.reserve(columns.size());
  for (const std::size_t index : columns) chosen.push_back(batch.column(index));
  return {schema, std::move(chosen), batch.num_rows()};
}

}  // namespace stream
