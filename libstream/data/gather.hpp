// Rows of columns in another order. Texts keep pointing into the blocks they lie in (take_rows
// copies them). Used by operators and expressions; pure functions.
#pragma once

#include <libstream/data/batch.hpp>

namespace stream {

/// Stands for a row of null.
inline constexpr std::uint32_t kNullRow = 0xffffffffu;

/// Row rows[i] of `column`, or null for kNullRow, as row i.
Column gather(const Column& column, std::span<const std::uint32_t> rows, BlockPool& pool);
/// The same for all columns.
Batch gather(const Batch& batch, std::span<const std::uint32_t> rows, BlockPool& pool);
/// Columns of one type after each other; texts are not copied. Requires one column.
Column concatenate(const std::vector<const Column*>& parts, BlockPool& pool);
/// The same for batches of one schema.
Batch concatenate(std::span<const Batch> batches, BlockPool& pool);
/// `num_rows` nulls.
Column null_column(const DataType& type, std::size_t num_rows, BlockPool& pool);

/// Chosen columns under another schema.
Batch select_columns(const Batch& batch, std::span<const std::size_t> columns,
                     const std::shared_ptr<const Schema>& schema);

}  // namespace stream
