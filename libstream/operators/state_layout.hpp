// One table of an operator's state as rows of a checkpoint: how it is sealed and taken over again.
// Used by stateful operators; one thread.
#pragma once

#include <libstream/operators/operator.hpp>
#include <libstream/operators/row_builder.hpp>

#include <optional>

namespace stream {

struct StateLayout {
  std::string table;
  std::vector<Field> keys;  ///< what tells rows apart
  std::vector<Field> values;
  std::size_t num_hash_columns = 0;  ///< the first keys: those that rows are exchanged by

  /// hash, deleted, keys, values.
  std::shared_ptr<const Schema> schema() const;
};

/// Rows of a piece that belong to this task: keys, then values. Deleted ones go first.
struct RestoredRows {
  Batch deleted;
  Batch live;
};

/// nullopt: a piece of another table. Error bad_plan
/// [STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE] or [STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE]: its types
/// are not the layout's.
Result<std::optional<RestoredRows>> restored_rows(const StatePiece& piece,
                                                  const StateLayout& layout,
                                                  const KeyGroupRange& groups,
                                                  std::uint32_t num_groups, BlockPool& pool);

/// Collects changed rows and cuts them into pieces. Deleted rows first, then live ones.
class StateWriter {
 public:
  StateWriter(StateLayout layout, BlockPool& pool);

  const StateLayout& layout() const { return layout_; }
  /// Append a value to each key builder, then end the row.
  std::span<ColumnBuilder> keys() { return builder_.columns(2, layout_.keys.size()); }
  /// Append a value to each; not for deleted rows.
  std::span<ColumnBuilder> values() {
    return builder_.columns(2 + layout_.keys.size(), layout_.values.size());
  }
  void end_deleted();
  void end_live();
  /// After appending `count` live rows at once.
  void end_live(std::size_t count);

  /// Hands over what is left; empty afterwards. Called now and then by end_….
  void finish(std::vector<StatePiece>& pieces);

 private:
  static constexpr std::size_t kPieceRows = 16'384;

  void cut();

  StateLayout layout_;
  RowBuilder builder_;
  std::shared_ptr<const Schema> schema_;
  std::vector<StatePiece> done_;
};

}  // namespace stream
