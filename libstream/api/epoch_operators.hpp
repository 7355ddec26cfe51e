// Typed operators that take a whole epoch of their input before they go on: functions over
// partitions (glom, map_partitions, transform, transform_with, for_each_batch) and cogroup with the
// joins made of it.
#pragma once

#include <libstream/api/key_table.hpp>
#include <libstream/api/rdd.hpp>
#include <libstream/api/typed_rows.hpp>

namespace stream {

/// What a function over an epoch is told besides the rows.
struct EpochTime {
  EpochMillis batch_time = 0;
  std::int64_t epoch = 0;
};

/// One input's rows of the running epoch, a partition for each upstream task.
template <class T>
class RddBuffer {
 public:
  void begin(std::size_t num_partitions) { partitions_.assign(num_partitions, {}); }
  void add(std::size_t partition, const Batch& batch) {
    auto& rows = partitions_[partition % partitions_.size()];
    for (std::size_t row = 0; row < batch.num_rows(); ++row)
      rows.push_back(ValueTraits<T>::own(read_row<T>(batch, row)));
  }
  Rdd<T> take() { return Rdd<T>(std::move(partitions_)); }

 private:
  std::vector<std::vector<T>> partitions_;
};

/// What a function over an epoch returned: made once an epoch, emitted a batch at a time.
template <class Out>
class RddResult {
 public:
  void open(const OperatorContext& context) { emitter_.emplace(context.pool, context.batch_rows); }
  void begin() { is_made_ = false; }
  /// Calls make() on the first call of the epoch; true when all is emitted.
  template <class Make>
  Result<bool> emit_some(Make make, Output& output) {
    if (!is_made_) {
      STREAM_TRY(guard([&]() -> Result<void> {
        Rdd<Out> made = make();
        elements_ = made.collect();
        return {};
      }));
      is_made_ = true;
      position_ = 0;
    }
    while (position_ < elements_.size() && !emitter_->is_full())
      emitter_->append(elements_[position_++]);
    STREAM_TRY(emitter_->flush(output));
    if (position_ < elements_.size()) return false;
    elements_.clear();
    return true;
  }

 private:
  std::vector<Out> elements_;
  std::size_t position_ = 0;
  bool is_made_ = false;
  std::optional<BatchEmitter<Out>> emitter_;
};

/// Calls function(Rdd<A>, EpochTime) once an epoch with the rows of this task, one partition for
/// each upstream task, and emits the elements of the Rdd<Out> it returns.
template <class A, class Out, class F>
class RddOperator final : public Operator {
 public:
  RddOperator(F function, std::string name)
      : function_(std::move(function)), name_(std::move(name)) {}

  Result<void> open(const OperatorContext& context) override {
    num_partitions_ = context.num_partitions;
    result_.open(context);
    return {};
  }
  Result<void> begin(const EpochStart&) override {
    rows_.begin(num_partitions_);
    result_.begin();
    return {};
  }
  Result<void> push(InputPlace place, Batch batch, Output&) override {
    rows_.add(place.partition, batch);
    return {};
  }
  Result<bool> end(const EpochStart& start, Output& output) override {
    const EpochTime time{start.batch_time, start.epoch};
    return result_.emit_some([&] { return call_user(name_, function_, rows_.take(), time); },
                             output);
  }

 private:
  F function_;
  std::string name_;
  std::size_t num_partitions_ = 1;
  RddBuffer<A> rows_;
  RddResult<Out> result_;
};

/// The same over two inputs: function(Rdd<A>, Rdd<B>, EpochTime).
template <class A, class B, class Out, class F>
class TwoRddOperator final : public Operator {
 public:
  TwoRddOperator(F function, std::string name)
      : function_(std::move(function)), name_(std::move(name)) {}

  Result<void> open(const OperatorContext& context) override {
    num_partitions_ = context.num_partitions;
    result_.open(context);
    return {};
  }
  Result<void> begin(const EpochStart&) override {
    left_.begin(num_partitions_);
    right_.begin(num_partitions_);
    result_.begin();
    return {};
  }
  Result<void> push(InputPlace place, Batch batch, Output&) override {
    if (place.ordinal == 0)
      left_.add(place.partition, batch);
    else
      right_.add(place.partition, batch);
    return {};
  }
  Result<bool> end(const EpochStart& start, Output& output) override {
    const EpochTime time{start.batch_time, start.epoch};
    return result_.emit_some(
        [&] { return call_user(name_, function_, left_.take(), right_.take(), time); }, output);
  }

 private:
  F function_;
  std::string name_;
  std::size_t num_partitions_ = 1;
  RddBuffer<A> left_;
  RddBuffer<B> right_;
  RddResult<Out> result_;
};

/// Gathers the values of each key from two inputs of pairs, exchanged by key; at the end
/// emit_key(key, left values, right values, append) writes the key's results.
template <class K, class V, class W, class Out, class EmitKey>
class CogroupOperator final : public Operator {
 public:
  explicit CogroupOperator(EmitKey emit_key) : emit_key_(std::move(emit_key)) {}

  Result<void> open(const OperatorContext& context) override {
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }
  Result<void> begin(const EpochStart&) override {
    position_ = 0;
    return {};
  }
  Result<void> push(InputPlace place, Batch batch, Output&) override {
    bool is_new = false;
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      if (place.ordinal == 0) {
        auto pair = read_row<std::pair<K, V>>(batch, row);
        table_.find_or_insert(pair.first, is_new)
            .first.push_back(ValueTraits<V>::own(std::move(pair.second)));
      } else {
        auto pair = read_row<std::pair<K, W>>(batch, row);
        table_.find_or_insert(pair.first, is_new)
            .second.push_back(ValueTraits<W>::own(std::move(pair.second)));
      }
    }
    return {};
  }
  Result<bool> end(const EpochStart&, Output& output) override {
    while (auto* entry = table_.next(position_)) {
      auto& [left, right] = Table::value(*entry);
      emit_key_(Table::key(*entry), left, right, [&](const auto& row) { emitter_->append(row); });
      if (emitter_->is_full()) {
        STREAM_TRY(emitter_->flush(output));
        return false;
      }
    }
    STREAM_TRY(emitter_->flush(output));
    table_.clear();
    return true;
  }

 private:
  using Table = KeyTable<K, std::pair<std::vector<V>, std::vector<W>>>;
  EmitKey emit_key_;
  Table table_;
  std::size_t position_ = 0;
  std::optional<BatchEmitter<Out>> emitter_;
};

}  // namespace stream
