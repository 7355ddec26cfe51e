// reduce_by_key_and_window with an inverse function: each window's value is the previous
// one less what left plus what came. Input: pairs (K, V) reduced by key in each interval.
#pragma once

#include <libstream/api/keyed_state.hpp>
#include <libstream/api/typed_rows.hpp>
#include <libstream/state/epoch_ring.hpp>

#include <span>
#include <vector>

namespace stream {

template <class K, class V, class Reduce, class Inverse, class Keep>
class InverseWindowOperator final : public Operator {
 public:
  /// `keep` decides which pairs stay; without a filter it accepts all, and keys stay for ever.
  InverseWindowOperator(Reduce reduce, Inverse inverse, Keep keep, std::int64_t length,
                        std::int64_t slide, std::string name)
      : reduce_(std::move(reduce)),
        inverse_(std::move(inverse)),
        keep_(std::move(keep)),
        length_(length),
        slide_(slide),
        name_(std::move(name)) {}

  Result<void> open(const OperatorContext& context) override {
    groups_ = context.groups;
    num_groups_ = context.num_groups;
    state_.open(context);
    ring_.emplace("reduced", context.groups.first, context.pool);
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }

  Result<void> begin(const EpochStart& start) override {
    state_.begin_epoch();
    interval_ = start.interval;
    position_ = 0;
    is_updated_ = false;
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output&) override {
    ring_->add(interval_, batch, key_hashes(batch));
    return {};
  }

  Result<bool> end(const EpochStart& start, Output& output) override {
    if (start.interval % slide_ != 0) return true;
    auto& slots = state_.slots();
    if (!is_updated_) {
      is_updated_ = true;
      STREAM_TRY(slide_window(start.interval));
      // The next slide still takes away what lies behind this window's beginning.
      ring_->drop_through(start.interval - length_);
    }
    for (; position_ < slots.size() && !emitter_->is_full(); ++position_) {
      const auto& slot = slots[position_];
      if (slot.value) emitter_->append(std::pair<const K&, const V&>(slot.key, *slot.value));
    }
    STREAM_TRY(emitter_->flush(output));
    return position_ == slots.size();
  }

  bool is_stateful() const override { return true; }
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    state_.seal(pieces);
    ring_->seal(pieces);
    return {};
  }
  Result<void> restore(const StatePiece& piece) override {
    STREAM_TRY(state_.restore(piece));
    return ring_->restore(
        piece, [this](std::uint64_t hash) { return groups_.contains(hash, num_groups_); });
  }
  StateCounts state_counts() const override { return state_.counts(); }

 private:
  /// Current window (now − length, now], previous one a slide earlier.
  Result<void> slide_window(std::int64_t now) {
    for (const Batch& batch : ring_->between(now - slide_ - length_, now - length_))
      STREAM_TRY(apply(batch, true));
    for (const Batch& batch : ring_->between(std::max(now - slide_, now - length_), now))
      STREAM_TRY(apply(batch, false));
    STREAM_TRY(guard([&]() -> Result<void> {
      for (auto& slot : state_.slots()) {
        if (!slot.value) continue;
        if (!call_user(name_, keep_, std::pair<K, V>(slot.key, *slot.value))) state_.remove(slot);
      }
      return {};
    }));
    return {};
  }

  std::span<const std::uint64_t> key_hashes(const Batch& batch) {
    constexpr std::size_t kKeyColumn[] = {0};
    hashes_.resize(batch.num_rows());
    hash_rows(batch, kKeyColumn, hashes_);
    return hashes_;
  }

  Result<void> apply(const Batch& batch, bool is_leaving) {
    key_hashes(batch);
    return for_each_row(batch, [&](std::size_t row) {
      auto pair = read_row<std::pair<K, V>>(batch, row);
      auto& slot = state_.find_or_insert(pair.first, hashes_[row]);
      if (is_leaving) {
        // A key that the filter has dropped has nothing to take away from.
        if (slot.value)
          state_.set(slot, V(call_user(name_, inverse_, std::as_const(*slot.value), pair.second)));
      } else if (slot.value) {
        state_.set(slot, V(call_user(name_, reduce_, std::as_const(*slot.value), pair.second)));
      } else {
        state_.set(slot, ValueTraits<V>::own(std::move(pair.second)));
      }
    });
  }

  Reduce reduce_;
  Inverse inverse_;
  Keep keep_;
  std::int64_t length_;
  std::int64_t slide_;
  std::string name_;
  KeyGroupRange groups_;
  std::uint32_t num_groups_ = kDefaultKeyGroups;
  KeyedState<K, V> state_{"window"};
  std::optional<EpochRing> ring_;
  std::vector<std::uint64_t> hashes_;
  std::int64_t interval_ = 0;
  std::size_t position_ = 0;
  bool is_updated_ = false;
  std::optional<BatchEmitter<std::pair<K, V>>> emitter_;
};

}  // namespace stream
