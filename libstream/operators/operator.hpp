// One step of computation over batches. A task runs a chain of operators; each pushes what it makes
// into the next one through Output. Called from one thread at a time.
//
// Life: open, restore*, then for each epoch: begin, push* (any input, any order), end until it
// returns true; seal after the end of a checkpoint epoch. begin/push/end of an operator are called
// only in epochs in which its input has a value (n % slide_in == 0).
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/event_times.hpp>
#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>
#include <libstream/data/block_pool.hpp>
#include <libstream/state/state_piece.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// Where an operator's rows go: the next operator of the chain or the task's router.
class Output {
 public:
  virtual ~Output() = default;
  virtual Result<void> push(Batch batch) = 0;
};

/// The key groups a task owns, [first, last].
struct KeyGroupRange {
  std::uint32_t first = 0;
  std::uint32_t last = 127;
  bool contains(std::uint64_t hash, std::uint32_t num_groups) const {
    const auto group = static_cast<std::uint32_t>(hash % num_groups);
    return group >= first && group <= last;
  }
};
inline constexpr std::uint32_t kDefaultKeyGroups = 128;

struct OperatorContext {
  BlockPool& pool;
  std::uint32_t task = 0;
  std::uint32_t num_tasks = 1;
  std::uint32_t num_inputs = 1;      ///< ordinals 0 … num_inputs − 1
  std::uint32_t num_partitions = 1;  ///< upstream tasks an input's rows come from
  KeyGroupRange groups;
  std::uint32_t num_groups = kDefaultKeyGroups;
  std::size_t batch_rows = 4096;
};

/// The beginning of an epoch as operators see it.
struct EpochStart {
  std::int64_t epoch = 0;  ///< 0, 1, 2, …
  std::int64_t interval =
      0;  ///< DStreams: epoch + 1, the multiple of the batch interval since zero time
  EpochMillis batch_time = 0;
  bool is_checkpoint = true;
  /// Eviction: state at or before it is removed. The global watermark this epoch runs with.
  EpochMillis watermark = 0;
  /// Lateness: rows at or before it are dropped. The watermark of the epoch before.
  EpochMillis late_watermark = 0;
};

/// Where a batch comes from.
struct InputPlace {
  std::uint32_t ordinal = 0;    ///< which input of the operator
  std::uint32_t partition = 0;  ///< which upstream task
};

class Operator {
 public:
  virtual ~Operator() = default;
  virtual Result<void> open(const OperatorContext& context) = 0;
  virtual Result<void> begin(const EpochStart& /*start*/) { return {}; }
  virtual Result<void> push(InputPlace place, Batch batch, Output& output) = 0;
  /// A with_watermark operator: the event times it saw in the running epoch, asked after its end.
  virtual std::optional<EventTimes> event_times() const { return std::nullopt; }
  /// Every input has ended the epoch. Emits some of what is left; true when there is no more.
  virtual Result<bool> end(const EpochStart& /*start*/, Output& /*output*/) { return true; }

  // Stateful operators only.
  virtual bool is_stateful() const { return false; }
  /// Appends what changed since the last seal (everything after a restore is unchanged).
  virtual Result<void> seal(std::vector<StatePiece>& /*pieces*/) { return {}; }
  /// Instead of seal where nobody keeps the pieces: forgets which rows changed.
  virtual Result<void> drop_changes() {
    std::vector<StatePiece> pieces;
    return seal(pieces);
  }
  /// Takes over one sealed piece; rows of foreign key groups are to be skipped.
  virtual Result<void> restore(const StatePiece& /*piece*/) { return {}; }
  virtual StateCounts state_counts() const { return {}; }
};

using OperatorFactory = std::function<std::unique_ptr<Operator>()>;

}  // namespace stream
