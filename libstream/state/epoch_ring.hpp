// The rows of the last epochs, for windows over batch time: kept as batches, sealed as changelog
// pieces keyed by (epoch, number), dropped when no window needs them. One thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/state/state_piece.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace stream {

class EpochRing {
 public:
  /// `home_hash` lies in a key group of the owning task: rows without a key are filed under it.
  EpochRing(std::string table, std::uint64_t home_hash, BlockPool& pool);

  /// Adds rows of `interval`; keeps a compact copy where the batch is sparse. `hashes`, one a row,
  /// where rows must stay with the task of their key; else none.
  void add(std::int64_t interval, const Batch& batch, std::span<const std::uint64_t> hashes = {});
  /// Forgets intervals up to and including `interval`.
  void drop_through(std::int64_t interval);
  /// The batches of intervals in (after, through], oldest first.
  std::vector<Batch> between(std::int64_t after, std::int64_t through) const;
  std::int64_t num_rows() const;
  std::int64_t bytes() const;

  void seal(std::vector<StatePiece>& pieces);
  /// Takes rows whose hash `is_mine` accepts. Error: bad_plan when the schema differs from rows
  /// taken before.
  Result<void> restore(const StatePiece& piece, const std::function<bool(std::uint64_t)>& is_mine);

 private:
  /// Under what a row is filed, beside its interval. Those of one hash are never of two tasks.
  struct Place {
    std::uint64_t hash = 0;
    std::int64_t number = 0;
  };
  struct Interval {
    std::vector<Batch> batches;
    std::vector<Place> places;  ///< of all rows of the batches
    std::size_t num_sealed_batches = 0;
    std::size_t num_sealed_rows = 0;
  };

  std::string table_;
  std::uint64_t home_hash_;
  BlockPool& pool_;
  std::map<std::int64_t, Interval> intervals_;
  /// Sealed rows of dropped intervals: to be deleted by the next seal.
  std::vector<std::pair<std::int64_t, Place>> dropped_;
  std::shared_ptr<const Schema> schema_;
};

}  // namespace stream
