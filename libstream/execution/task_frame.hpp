// What goes to one task of another node in one message: elements of its channels, credits, epochs
// to begin. Encoded batches dominate: a frame is sent at 64 KiB, or when nothing more waits; larger
// batches are cut. Used by the actors of tasks on nodes; a writer belongs to one thread.
#pragma once

#include <libstream/execution/peer_messages.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace stream {

struct TaskFrameHeader {
  GenerationKey generation;
  std::string from;            ///< node
  std::uint32_t task = 0;      ///< receiver
  std::uint64_t sequence = 0;  ///< 0, 1, 2, … from one node to one task: a gap is a loss
};

/// A batch knows what its sender charged: that much credit it gives back.
struct ElementArrived {
  std::uint32_t input = 0;
  Element element;
  std::int64_t charge = 0;
};
struct CreditArrived {
  std::uint32_t output = 0;
  std::int64_t bytes = 0;
};
struct EpochArrived {
  EpochStart start;
  std::vector<Split> splits;
};
struct RangeEndArrived {};
struct CommitArrived {
  EpochId epoch = 0;
};
using TaskEvent =
    std::variant<ElementArrived, CreditArrived, EpochArrived, RangeEndArrived, CommitArrived>;

class TaskFrameWriter {
 public:
  static constexpr std::size_t kFullBytes = 256u << 10;
  static constexpr std::size_t kMostBatchBytes = 1u << 20;

  /// `first`: of the first frame; those that follow count on from it.
  explicit TaskFrameWriter(TaskFrameHeader first) : header_(std::move(first)) {}

  const TaskFrameHeader& header() const { return header_; }
  void deliver(std::uint32_t input, const Element& element);
  void grant(std::uint32_t output, std::int64_t bytes);
  void begin_epoch(const EpochStart& start, const std::vector<Split>& splits);
  void end_range();
  void commit_epoch(EpochId epoch);

  bool is_empty() const { return frame_.empty() && credits_.empty(); }
  bool is_full() const { return frame_.size() >= kFullBytes; }
  /// The frame of all that was added since the last one. Error: a row is longer than a frame.
  Result<std::string> take();

 private:
  /// The frame that is being written, begun with its header.
  std::string& frame();
  void put_batch(std::uint32_t input, const Batch& batch, std::int64_t charge);

  TaskFrameHeader header_;
  std::string frame_;
  std::map<std::uint32_t, std::int64_t> credits_;  ///< those to one output fall together
  BlockPool pool_;                                 ///< of the pieces of batches that are cut
};

/// Reads the header and leaves the elements in `frame`.
Result<TaskFrameHeader> read_task_frame(std::string_view& frame);
/// Error: damaged, an input or output that the receiver does not have.
Result<std::vector<TaskEvent>> read_task_events(std::string_view elements, std::size_t num_inputs,
                                                std::size_t num_outputs, BlockPool& pool);

}  // namespace stream
