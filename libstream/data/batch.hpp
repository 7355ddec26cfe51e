// Rows in columns: the unit of every message. Column memory has the Arrow layout (validity bits,
// values; strings as 16-byte views). Immutable once built; copying a batch copies pointers.
#pragma once

#include <libstream/data/block_pool.hpp>
#include <libstream/data/schema.hpp>

#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace stream {

/// Arrow's string view: up to 12 bytes inline, else a prefix and a place in a data block.
struct StringView {
  std::uint32_t size;
  union {
    char inlined[12];
    struct {
      char prefix[4];
      std::uint32_t block;
      std::uint32_t offset;
    } outside;
  };
  bool is_inline() const { return size <= 12; }
};
static_assert(sizeof(StringView) == 16);

/// One column. `values` holds num_rows entries of value_width(type) bytes; booleans one byte each;
/// arrays and maps num_rows + 1 64-bit offsets into their children; structs only children.
struct Column {
  DataType type;
  std::size_t num_rows = 0;
  BlockRef validity;  ///< bit i set: row i is not null; empty: no nulls
  BlockRef values;
  std::vector<BlockRef> blocks;  ///< what the string views point into
  std::vector<Column> children;

  bool is_null(std::size_t row) const {
    return validity && !((static_cast<unsigned char>(validity.data()[row >> 3]) >> (row & 7)) & 1u);
  }
  template <class T>
  const T* data() const {
    return reinterpret_cast<const T*>(values.data());
  }
  /// Requires a text column (is_text) and row < num_rows. Valid as long as the column.
  std::string_view string_at(std::size_t row) const {
    const StringView& view = data<StringView>()[row];
    if (view.is_inline()) return {view.inlined, view.size};
    return {blocks[view.outside.block].data() + view.outside.offset, view.size};
  }
};

class Batch {
 public:
  Batch() = default;
  Batch(std::shared_ptr<const Schema> schema, std::vector<Column> columns, std::size_t num_rows);

  const Schema& schema() const { return *schema_; }
  const std::shared_ptr<const Schema>& shared_schema() const { return schema_; }
  std::size_t num_rows() const { return num_rows_; }
  std::size_t num_columns() const { return columns_.size(); }
  const Column& column(std::size_t index) const { return columns_[index]; }
  const std::vector<Column>& columns() const { return columns_; }

  /// Bytes of every block this batch keeps alive, each block once: what credits charge.
  std::size_t retained_bytes() const;
  /// Bytes its rows really use.
  std::size_t live_bytes() const;

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<Column> columns_;
  std::size_t num_rows_ = 0;
};

/// A new batch with the given rows of `batch` (repeats allowed), in that order, all bytes copied
/// into blocks of `pool`: nothing foreign is kept alive.
Batch take_rows(const Batch& batch, std::span<const std::uint32_t> rows, BlockPool& pool);

/// `batch`, or a compact copy when under a quarter of what it retains is live.
Batch compact_if_sparse(const Batch& batch, BlockPool& pool);

/// Stable hashes of the rows' values in the given columns; nulls hash to a constant.
/// `hashes` has batch.num_rows() entries. Key group = hash % num_key_groups.
void hash_rows(const Batch& batch, std::span<const std::size_t> columns,
               std::span<std::uint64_t> hashes);

/// A batch of one STRING column named `name` (NOT NULL) over rows that point into `block`.
/// Used by line readers: `views` has num_rows entries whose outside.block is 0.
Batch make_string_batch(std::shared_ptr<const Schema> schema, BlockRef views, std::size_t num_rows,
                        BlockRef block);

/// The schema of text lines: `value STRING`. One shared object for the process.
const std::shared_ptr<const Schema>& text_schema();

}  // namespace stream
