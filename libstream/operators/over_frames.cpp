#include <libstream/data/compare.hpp>
#include <libstream/operators/over_frames.hpp>

#include <algorithm>

namespace stream {
namespace {

using Kind = OverBound::Kind;

std::size_t clamp(std::int64_t row, std::size_t num_rows) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(row, 0, static_cast<std::int64_t>(num_rows)));
}

/// The row at which a ROWS bound lies, before it is cut to the partition.
std::int64_t row_of(const OverBound& bound, std::size_t row) {
  const auto at = static_cast<std::int64_t>(row);
  if (bound.kind == Kind::preceding) return at - bound.num_rows;
  if (bound.kind == Kind::following) return at + bound.num_rows;
  return at;
}

class RangeFrames {
 public:
  explicit RangeFrames(const SortedPartition& partition)
      : partition_(partition), num_rows_(partition.peers.size()) {}

  std::size_t first_peer(std::size_t row) const {
    const auto& peers = partition_.peers;
    return static_cast<std::size_t>(std::lower_bound(peers.begin(), peers.end(), peers[row]) -
                                    peers.begin());
  }
  std::size_t end_of_peers(std::size_t row) const {
    const auto& peers = partition_.peers;
    return static_cast<std::size_t>(std::upper_bound(peers.begin(), peers.end(), peers[row]) -
                                    peers.begin());
  }
  /// The first row whose key is not before the reach of `row`, or with `past_equal` after it.
  std::size_t find(const Column& reach, std::size_t row, bool past_equal) const {
    std::size_t low = 0;
    std::size_t high = num_rows_;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      const int order = compare(middle, reach, row);
      if (order < 0 || (past_equal && order == 0))
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

 private:
  /// The key of a row against a reach that is not null.
  int compare(std::size_t row, const Column& reach, std::size_t of) const {
    const Column& key = partition_.order_keys[0];
    const RowOrder& order = partition_.orders[0];
    const std::size_t at = partition_.first + row;
    if (key.is_null(at)) return order.nulls_first ? -1 : 1;
    const int compared = compare_rows(key, at, reach, partition_.first + of);
    return order.is_descending ? -compared : compared;
  }

  const SortedPartition& partition_;
  std::size_t num_rows_;
};

std::size_t range_start(const OverBound& bound, const RangeFrames& rows, std::size_t row,
                        const Column* reach, std::size_t first, std::size_t num_rows) {
  switch (bound.kind) {
    case Kind::unbounded_preceding:
      return 0;
    case Kind::unbounded_following:
      return num_rows;
    case Kind::current_row:
      return rows.first_peer(row);
    default:
      // A null key has its peers for a frame.
      if (reach->is_null(first + row)) return rows.first_peer(row);
      return rows.find(*reach, row, false);
  }
}

std::size_t range_end(const OverBound& bound, const RangeFrames& rows, std::size_t row,
                      const Column* reach, std::size_t first, std::size_t num_rows) {
  switch (bound.kind) {
    case Kind::unbounded_preceding:
      return 0;
    case Kind::unbounded_following:
      return num_rows;
    case Kind::current_row:
      return rows.end_of_peers(row);
    default:
      if (reach->is_null(first + row)) return rows.end_of_peers(row);
      return rows.find(*reach, row, true);
  }
}

}  // namespace

std::vector<FrameRows> frames_of(const OverFrame& frame, const SortedPartition& partition,
                                 const Column* start_reach, const Column* end_reach) {
  const std::size_t num_rows = partition.peers.size();
  std::vector<FrameRows> frames(num_rows);
  const RangeFrames range(partition);
  for (std::size_t row = 0; row < num_rows; ++row) {
    FrameRows& rows = frames[row];
    if (frame.is_rows) {
      rows.begin = frame.start.kind == Kind::unbounded_preceding
                       ? 0
                       : clamp(row_of(frame.start, row), num_rows);
      rows.end = frame.end.kind == Kind::unbounded_following
                     ? num_rows
                     : clamp(row_of(frame.end, row) + 1, num_rows);
    } else {
      rows.begin = range_start(frame.start, range, row, start_reach, partition.first, num_rows);
      rows.end = range_end(frame.end, range, row, end_reach, partition.first, num_rows);
    }
    rows.end = std::max(rows.begin, rows.end);
  }
  return frames;
}

}  // namespace stream
