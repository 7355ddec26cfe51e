// TypedFrame<T>: a frame whose rows are C++ values: frame.as<Payment>().map(…).to_df(). Spark's
// Dataset. Columns are found by the names of the record's fields, or by position for pairs, tuples
// and single values; casts that could lose something are refused.
#pragma once

#include <libstream/api/data_frame.hpp>
#include <libstream/api/typed_group_state.hpp>
#include <libstream/api/typed_processor.hpp>
#include <libstream/plans/typed_operator.hpp>

namespace stream {

namespace detail {

/// Calls step(row, collector) for each row.
template <class T, class U, class Step>
class TypedRowsOperator final : public Operator {
 public:
  explicit TypedRowsOperator(Step step) : step_(std::move(step)) {}
  Result<void> open(const OperatorContext& context) override {
    emitter_.emplace(context.pool, context.batch_rows);
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    STREAM_TRY(refuse_nulls<T>(batch));
    Collector<U> collector(*emitter_, output);
    STREAM_TRY(
        for_each_row(batch, [&](std::size_t row) { step_(owned_row<T>(batch, row), collector); }));
    return emitter_->flush(output);
  }

 private:
  Step step_;
  std::optional<BatchEmitter<U>> emitter_;
};

template <class T>
void describe_input(TypedOperator& op) {
  op.record = *row_schema<T>();
  op.is_by_position = !Record<T>;
}

}  // namespace detail

template <class Key, class T>
class KeyedFrame;

template <class T>
class TypedFrame {
 public:
  explicit TypedFrame(DataFrame frame) : frame_(std::move(frame)) {}

  /// As columns again.
  const DataFrame& to_df() const { return frame_; }

  template <class F>
  auto map(F function) const {
    using U = OwnedOf<std::invoke_result_t<F, const T&>>;
    return rows<U>("map", [function = std::move(function)](const T& row, Collector<U>& output) {
      output.push(U(function(row)));
    });
  }
  template <class F>
  TypedFrame filter(F function) const {
    return rows<T>("filter", [function = std::move(function)](const T& row, Collector<T>& output) {
      if (function(row)) output.push(row);
    });
  }
  /// `function` gives a range of rows.
  template <class F>
  auto flat_map(F function) const {
    using Range = std::invoke_result_t<F, const T&>;
    using U = OwnedOf<decltype(*std::begin(std::declval<Range&>()))>;
    return rows<U>("flat_map",
                   [function = std::move(function)](const T& row, Collector<U>& output) {
                     for (const auto& made : function(row)) output.push(U(made));
                   });
  }
  /// By columns; Key is their C++ type (a record, tuple or single value).
  template <class Key>
  KeyedFrame<Key, T> group_by_key(std::vector<std::string> columns) const {
    return {frame_, std::move(columns)};
  }
  /// Runs the (bounded) frame.
  std::vector<T> collect() const {
    BoundedOptions options;
    options.parallelism = frame_.session()->parallelism();
    const DataFrame records = filter([](const T&) { return true; }).to_df();
    return value_or_throw(owned_rows<T>(
        value_or_throw(stream::collect(*frame_.session(), records.relation(), options)).batches));
  }

 private:
  template <class U, class Step>
  TypedFrame<U> rows(const char* name, Step step) const {
    auto op = std::make_shared<TypedOperator>();
    op->name = name;
    detail::describe_input<T>(*op);
    op->output = row_schema<U>();
    op->function = TypedRowFunction{[step = std::move(step)]() -> std::unique_ptr<Operator> {
      return std::make_unique<detail::TypedRowsOperator<T, U, Step>>(step);
    }};
    return TypedFrame<U>(DataFrame(
        frame_.session(), make_relation(TypedOperatorRelation{frame_.relation(), std::move(op)})));
  }

  DataFrame frame_;
};

/// Rows by key, with state that outlives epochs.
template <class Key, class T>
class KeyedFrame {
 public:
  KeyedFrame(DataFrame frame, std::vector<std::string> columns)
      : frame_(std::move(frame)), columns_(std::move(columns)) {}

  /// function(key, rows, state, output): once a key with rows in an epoch, with all of them, and
  /// once a key that timed out, without rows. `mode` is that of the rows it makes.
  template <class State, class Out, class F>
  TypedFrame<Out> flat_map_groups_with_state(OutputMode mode, GroupTimeout timeout,
                                             F function) const {
    return groups<State, Out>("flat_map_groups_with_state", mode, timeout, false,
                              std::move(function));
  }
  /// function(key, rows, state) gives one row a call. In update mode only.
  template <class State, class Out, class F>
  TypedFrame<Out> map_groups_with_state(GroupTimeout timeout, F function) const {
    return groups<State, Out>(
        "map_groups_with_state", OutputMode::update, timeout, true,
        [function = std::move(function)](const Key& key, const std::vector<T>& rows,
                                         TypedGroupState<State>& state, Collector<Out>& output) {
          output.push(function(key, rows, state));
        });
  }
  /// A Processor (a KeyedProcessor<Key, T, Out>) a task, copied from this one. `event_time`: the
  /// column of the output that is its event time; operators behind then know the watermark.
  template <class Out, class Processor>
  TypedFrame<Out> transform_with_state(const Processor& processor, TimeMode mode,
                                       const std::string& event_time = "") const {
    TypedProcessor typed;
    typed.mode = mode;
    typed.event_time = event_time;
    typed.make = [processor]() -> std::unique_ptr<StatefulProcessor> {
      return std::make_unique<TypedProcessorAdapter<Key, T, Out>>(
          std::make_unique<Processor>(processor));
    };
    return made<Out>("transform_with_state", std::move(typed));
  }

 private:
  template <class State, class Out, class F>
  TypedFrame<Out> groups(const char* name, OutputMode mode, GroupTimeout timeout, bool is_map,
                         F function) const {
    TypedGroupFunction typed;
    typed.state_type = ValueTraits<State>::type();
    typed.timeout = timeout;
    typed.mode = mode;
    typed.is_map = is_map;
    typed.codec = TypedGroupState<State>::codec();
    typed.make = [function = std::move(function)](std::size_t first_column) {
      return std::make_unique<TypedGroupFunctionAdapter<Key, T, State, Out, F>>(function,
                                                                                first_column);
    };
    return made<Out>(name, std::move(typed));
  }

  template <class Out, class Function>
  TypedFrame<Out> made(const char* name, Function function) const {
    auto op = std::make_shared<TypedOperator>();
    op->name = name;
    detail::describe_input<T>(*op);
    op->keys = columns_;
    op->key = *row_schema<Key>();
    op->output = row_schema<Out>();
    op->function = std::move(function);
    return TypedFrame<Out>(DataFrame(
        frame_.session(), make_relation(TypedOperatorRelation{frame_.relation(), std::move(op)})));
  }

  DataFrame frame_;
  std::vector<std::string> columns_;
};

template <class T>
TypedFrame<T> DataFrame::as() const {
  return TypedFrame<T>(*this);
}

}  // namespace stream
