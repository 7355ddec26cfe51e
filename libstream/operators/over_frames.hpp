// Which rows of a sorted partition lie in each row's frame. Used by the window operator; pure.
#pragma once

#include <libstream/operators/over.hpp>
#include <libstream/operators/row_order.hpp>

namespace stream {

/// Rows [begin, end) of a partition.
struct FrameRows {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// One sorted partition: rows [first, first + peers.size()) of the columns below.
struct SortedPartition {
  std::size_t first = 0;
  /// By row of the partition: ascending from 0, equal for rows equal in the ORDER BY.
  std::span<const std::uint32_t> peers;
  std::span<const Column> order_keys;
  std::span<const RowOrder> orders;
};

/// The frame of every row. `start_reach` and `end_reach` are the values of the bounds' `reach`, for
/// RANGE with a distance only.
std::vector<FrameRows> frames_of(const OverFrame& frame, const SortedPartition& partition,
                                 const Column* start_reach, const Column* end_reach);

}  // namespace stream
