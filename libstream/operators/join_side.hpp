// One side of a stream-stream join: the rows kept, by join key, with the flag that they matched.
// Owned by the join, one thread.
#pragma once

#include <libstream/operators/expiry_index.hpp>
#include <libstream/operators/state_layout.hpp>
#include <libstream/operators/stream_join.hpp>
#include <libstream/state/row_keys.hpp>

#include <map>

namespace stream {

class JoinSide {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  /// `remembers_matches`: whether a row matched is part of its state.
  JoinSide(StreamJoinSide spec, std::string table, bool remembers_matches);

  void open(const OperatorContext& context);

  const StreamJoinSide& spec() const { return spec_; }

  /// Join keys of all rows; rows with a null key match nothing (see has_null_key).
  std::span<const RowKey> encode_keys(const Batch& batch);
  bool has_null_key(const Batch& batch, std::size_t row) const;

  /// The first row kept for a key, or kNone; then the next one.
  std::uint32_t first(const RowKey& key) const;
  std::uint32_t next(std::uint32_t row) const { return rows_[row].next; }

  /// Keeps a row of an input batch.
  void add(const Batch& batch, std::size_t row, const RowKey& key, bool is_matched);
  bool is_matched(std::uint32_t row) const { return rows_[row].is_matched; }
  void mark_matched(std::uint32_t row);
  /// Appends kept rows, one value a builder and row.
  void decode(std::span<const std::uint32_t> rows, std::span<ColumnBuilder> builders) const;

  /// May the row go at this watermark?
  bool is_old(const Batch& batch, std::size_t row, EpochMillis watermark) const;
  /// Rows that may go, the oldest first; to be removed by the caller.
  void take_old(EpochMillis watermark, std::vector<std::uint32_t>& rows);
  void remove(std::uint32_t row);

  void seal(std::vector<StatePiece>& pieces);
  void drop_changes();
  Result<void> restore(const StatePiece& piece);
  /// After all pieces.
  void end_restore();

  std::size_t num_rows() const { return num_rows_; }
  std::size_t bytes() const;

 private:
  struct StoredRow {
    std::string values;
    std::int64_t id = 0;  ///< tells rows of one key apart in checkpoints
    std::int64_t micros = 0;
    std::uint32_t group = kNone;  ///< kNone: unused
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;
    bool has_time = false;
    bool is_matched = false;
    bool is_dirty = false;
    bool is_sealed = false;
  };

  std::uint32_t append(std::uint32_t group);
  void unlink(std::uint32_t row);
  void append_key(std::uint32_t row);
  void file(std::uint32_t row, const Column& times, std::size_t place);

  StreamJoinSide spec_;
  bool remembers_matches_;
  StateLayout layout_;
  std::optional<OperatorContext> context_;
  std::optional<StateWriter> writer_;
  RowKeys keys_;
  std::vector<Column> key_columns_;
  GroupTable table_;
  std::vector<std::uint32_t> heads_;  ///< by group
  std::vector<std::uint32_t> tails_;
  std::vector<StoredRow> rows_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> dirty_;
  ExpiryIndex by_time_;
  std::size_t num_rows_ = 0;
  std::size_t value_bytes_ = 0;
  std::int64_t next_id_ = 0;
  /// While restoring: rows by group and id.
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> restored_rows_;
  bool needs_filing_ = false;
};

}  // namespace stream
