// The operators a typed chain ends in: plain rows, or a combination by key. Erasure happens here,
// once a batch.
#pragma once

#include <libstream/api/key_table.hpp>
#include <libstream/api/typed_rows.hpp>

#include <array>

namespace stream {

/// Runs the chain `Step` over rows of In and writes rows of Out.
template <class In, class Step, class Out>
class ChainOperator final : public Operator {
 public:
  explicit ChainOperator(Step step) : step_(std::move(step)) {}

  Result<void> open(const OperatorContext& context) override {
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output& output) override {
    emitter_->writer().adopt(batch);
    Result<void> pushed;
    STREAM_TRY(for_each_row(batch, [&](std::size_t row) {
      step_(read_row<In>(batch, row), [&](auto&& element) { emitter_->append(element); });
      if (emitter_->is_full() && pushed) {
        pushed = emitter_->flush(output);
        emitter_->writer().adopt(batch);
      }
    }));
    STREAM_TRY(std::move(pushed));
    return emitter_->flush(output);
  }

 private:
  Step step_;
  std::optional<BatchEmitter<Out>> emitter_;
};

/// Combines the values of each key over an epoch: the chain `Step` gives pairs (K, V); `Create`
/// makes a combination C of a key's first value, `Merge` adds a further one. Emits (K, C) at the
/// end. As the first of two phases it hands over early when its table is full or does not reduce.
template <class In, class Step, class K, class C, class Create, class Merge>
class CombineOperator final : public Operator {
 public:
  CombineOperator(Step step, Create create, Merge merge, std::string name, bool is_partial)
      : step_(std::move(step)),
        create_(std::move(create)),
        merge_(std::move(merge)),
        name_(std::move(name)),
        is_partial_(is_partial) {}

  Result<void> open(const OperatorContext& context) override {
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }

  Result<void> begin(const EpochStart&) override {
    position_ = 0;
    num_pairs_ = 0;
    return {};
  }

  Result<void> push(InputPlace, Batch batch, Output& output) override {
    STREAM_TRY(for_each_row(batch, [&](std::size_t row) {
      step_(read_row<In>(batch, row),
            [&](auto&& pair) { add(pair.first, std::move(pair.second)); });
    }));
    STREAM_TRY(guard([&]() -> Result<void> {
      add_pending();
      return {};
    }));
    if (is_partial_ && should_hand_over()) {
      STREAM_TRY(bool is_done, emit_some(output));
      while (!is_done) {
        STREAM_TRY(is_done, emit_some(output));
      }
    }
    return {};
  }

  Result<bool> end(const EpochStart&, Output& output) override { return emit_some(output); }

 private:
  static constexpr std::size_t kMaxTableBytes = 256u << 20;
  static constexpr std::size_t kMinPairsToJudge = 32'768;

  using Table = KeyTable<K, C>;
  static constexpr std::size_t kMaxPending = 64;
  struct Pending {
    ByteKey key;
    std::size_t hash;
    C value;
  };
  // Plain values wait a little, so that the table's memory arrives before they are looked up.
  static constexpr bool kDelays = Table::kKeepsBytes && std::is_arithmetic_v<C>;

  template <class Key, class V>
  void add(const Key& key, V&& value) {
    if constexpr (kDelays && std::is_convertible_v<V, C>) {
      const ByteKey bytes = Table::bytes_of(key);
      if (bytes.is_inline()) [[likely]] {
        const std::size_t hash = bytes.hash();
        table_.prefetch(hash);
        pending_[num_pending_] = {bytes, hash, static_cast<C>(value)};
        if (++num_pending_ == kMaxPending) add_pending();
        return;
      }
    }
    ++num_pairs_;
    bool is_new = false;
    C& combined = table_.find_or_insert(key, is_new);
    put(combined, is_new, std::forward<V>(value));
  }

  void add_pending() {
    if constexpr (kDelays) {
      for (std::size_t i = 0; i < num_pending_; ++i) {
        bool is_new = false;
        C& combined = table_.find_or_insert_bytes(pending_[i].key, pending_[i].hash, is_new);
        put(combined, is_new, C(pending_[i].value));
      }
      num_pairs_ += num_pending_;
      num_pending_ = 0;
    }
  }

  template <class V>
  void put(C& combined, bool is_new, V&& value) {
    if (is_new)
      combined = call_user(name_, create_, std::forward<V>(value));
    else
      merge_into(combined, std::forward<V>(value));
  }

  template <class V>
  void merge_into(C& combined, V&& value) {
    if constexpr (std::is_void_v<detail::UserResult<Merge, C&, V>>) {
      call_user(name_, merge_, combined, std::forward<V>(value));
    } else {
      combined =
          static_cast<C>(call_user(name_, merge_, std::as_const(combined), std::forward<V>(value)));
    }
  }

  bool should_hand_over() const {
    if (table_.bytes() > kMaxTableBytes) return true;
    return num_pairs_ > kMinPairsToJudge && table_.size() * 10 > num_pairs_ * 9;
  }

  /// One batch of results; true when the table is emptied.
  Result<bool> emit_some(Output& output) {
    while (auto* entry = table_.next(position_)) {
      emitter_->append(
          std::pair<typename Table::KeyView, const C&>(Table::key(*entry), Table::value(*entry)));
      if (emitter_->is_full()) {
        STREAM_TRY(emitter_->flush(output));
        return false;
      }
    }
    STREAM_TRY(emitter_->flush(output));
    table_.clear();
    position_ = 0;
    num_pairs_ = 0;
    return true;
  }

  Step step_;
  Create create_;
  Merge merge_;
  std::string name_;
  bool is_partial_;
  Table table_;
  std::size_t position_ = 0;
  std::size_t num_pairs_ = 0;
  std::array<Pending, kDelays ? kMaxPending : 0> pending_;
  std::size_t num_pending_ = 0;
  std::optional<BatchEmitter<std::pair<K, C>>> emitter_;
};

/// Counts the elements of an epoch; also an empty one gives a 0. With is_final it adds up
/// the counts of the first phase.
template <class In, class Step, bool is_final>
class CountOperator final : public Operator {
 public:
  explicit CountOperator(Step step) : step_(std::move(step)) {}

  Result<void> open(const OperatorContext& context) override {
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }
  Result<void> begin(const EpochStart&) override {
    count_ = 0;
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override {
    return for_each_row(batch, [&](std::size_t row) {
      step_(read_row<In>(batch, row), [&](auto&& element) {
        if constexpr (is_final)
          count_ += element;
        else
          ++count_;
      });
    });
  }
  Result<bool> end(const EpochStart&, Output& output) override {
    emitter_->append(count_);
    STREAM_TRY(emitter_->flush(output));
    return true;
  }

 private:
  Step step_;
  std::int64_t count_ = 0;
  std::optional<BatchEmitter<std::int64_t>> emitter_;
};

}  // namespace stream
