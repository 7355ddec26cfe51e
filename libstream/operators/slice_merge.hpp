// The states of slices brought together to those of the windows that hold them: one row for each
// window and key, however many of its slices the key is in. Used by partial aggregation when an
// epoch ends; owned by one operator, one thread.
#pragma once

#include <libstream/operators/aggregate_states.hpp>
#include <libstream/operators/row_builder.hpp>
#include <libstream/operators/window_slices.hpp>

#include <map>
#include <optional>

namespace stream {

class SliceMerge {
 public:
  /// `spec` has a sliding key.
  explicit SliceMerge(const AggregateSpec& spec);
  void open(BlockPool& pool);

  /// Takes all groups of `slices`, in whose keys the sliding one is the start of a slice. They must
  /// not change until their windows have been given.
  void begin(const AggregateStates& slices);

  /// The keys and states of the next windows: as many rows as asked for, fewer when those were the
  /// last.
  Result<std::vector<Column>> next(std::size_t num_rows);

 private:
  struct Slice {
    std::int64_t start = 0;
    std::size_t first = 0;  ///< of its groups in groups_; they end where those of the next begin
  };

  /// The number of the slice in the order in which slices were met.
  std::uint32_t slice_number(std::int64_t start);
  void number_keys(std::vector<Column> keys, std::size_t num_rows);
  void sort_by_slice();
  /// The next one; false: there is none. A window that begins, or ends, with the slice with which
  /// the one before it did takes that one's states and adds to them: windows that end before the
  /// last slice come first, from the earliest on; then those that hold it, from the latest on.
  Result<bool> merge_window();
  Result<void> merge_slices(std::size_t first_slice, std::size_t end_slice);
  Result<void> merge_in_front(std::size_t first_slice, std::size_t end_slice);
  /// Of `keys`, each the key of a group.
  Result<void> merge_states(const std::vector<Column>& states, std::span<const std::uint32_t> keys,
                            std::span<const std::uint32_t> groups);
  void leave_window();
  Column window_column() const;

  SlidingKey sliding_;
  WindowSlices slicing_;
  DataType window_type_;
  std::shared_ptr<const Schema> schema_;  ///< of keys, with slices for windows, and states
  BlockPool* pool_ = nullptr;
  std::optional<RowBuilder> given_;
  std::optional<RowBuilder> read_;
  RowKeys other_keys_;
  GroupTable numbers_;       ///< of the keys but for the time
  AggregateColumns merged_;  ///< by number of key, of one window
  const AggregateStates* states_ = nullptr;

  std::map<std::int64_t, std::uint32_t> met_;  ///< slices, by start
  std::map<std::int64_t, std::uint32_t>::iterator last_met_;
  std::vector<std::uint32_t> slice_of_;  ///< by group
  std::vector<std::uint32_t> key_of_;    ///< by group
  std::vector<Slice> slices_;            ///< in order, and an end
  std::vector<std::uint32_t> groups_;    ///< by slice
  std::vector<std::uint32_t> keys_;      ///< of groups_

  std::int64_t window_ = 0;              ///< start of the one that is being given
  std::int64_t next_window_ = 0;         ///< start, at the earliest
  std::size_t earliest_ = 0;             ///< slice that is in it
  std::size_t behind_ = 0;               ///< the slice behind its last one, while it is not closing
  bool is_closing_ = false;              ///< the windows are those that hold the last slice
  std::vector<std::uint32_t> present_;   ///< keys of the window
  std::vector<std::uint32_t> examples_;  ///< a group with the key, by key
  std::vector<std::uint8_t> is_present_;
  std::size_t num_given_ = 0;  ///< of the keys that are present
  std::vector<std::int64_t> starts_;
  std::vector<std::uint32_t> chosen_;
};

}  // namespace stream
