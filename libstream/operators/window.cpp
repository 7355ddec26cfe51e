#include <libstream/operators/window.hpp>
#include <libstream/state/epoch_ring.hpp>

#include <optional>

namespace stream {
namespace {

class WindowOperator final : public Operator {
 public:
  WindowOperator(std::int64_t length, std::int64_t slide) : length_(length), slide_(slide) {}

  Result<void> open(const OperatorContext& context) override {
    groups_ = context.groups;
    num_groups_ = context.num_groups;
    ring_.emplace("window", context.groups.first, context.pool);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    start_ = start;
    is_emitting_ = false;
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output&) override {
    ring_->add(start_.interval, batch);
    return {};
  }

  Result<bool> end(const EpochStart& start, Output& output) override {
    const std::int64_t oldest_needed = start.interval - length_;
    if (start.interval % slide_ == 0) {
      if (!is_emitting_) {
        is_emitting_ = true;
        window_ = ring_->between(oldest_needed, start.interval);
        next_ = 0;
      }
      if (next_ < window_.size()) {
        STREAM_TRY(output.push(window_[next_++]));
        return false;
      }
      window_.clear();
    }
    // The next window ends at the next multiple of the slide.
    const std::int64_t next_end = (start.interval / slide_ + 1) * slide_;
    ring_->drop_through(next_end - length_);
    return true;
  }

  bool is_stateful() const override { return true; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    ring_->seal(pieces);
    return {};
  }
  Result<void> restore(const StatePiece& piece) override {
    return ring_->restore(
        piece, [this](std::uint64_t hash) { return groups_.contains(hash, num_groups_); });
  }
  StateCounts state_counts() const override { return {ring_->num_rows(), 0, 0, ring_->bytes()}; }

 private:
  std::int64_t length_;
  std::int64_t slide_;
  KeyGroupRange groups_;
  std::uint32_t num_groups_ = kDefaultKeyGroups;
  std::optional<EpochRing> ring_;
  EpochStart start_;
  std::vector<Batch> window_;
  std::size_t next_ = 0;
  bool is_emitting_ = false;
};

}  // namespace

OperatorFactory make_window(std::int64_t length, std::int64_t slide) {
  return [=] { return std::make_unique<WindowOperator>(length, slide); };
}

}  // namespace stream
