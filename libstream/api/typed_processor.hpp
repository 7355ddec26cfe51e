// A stateful processor with C++ types, for transform_with_state: a class with variables (values,
// lists, maps), timers and TTL per key. Spark's StatefulProcessor. One object a task, one thread.
#pragma once

#include <libstream/api/typed_values.hpp>
#include <libstream/operators/transform_with_state.hpp>

#include <memory>
#include <optional>

namespace stream {

template <class V>
class ValueState;
template <class V>
class ListState;
template <class K, class V>
class MapState;

/// Gives the variables in init, and timers in calls.
class ProcessorHandle {
 public:
  /// In init only. `ttl` (processing time mode only): entries go that long after their last write.
  template <class V>
  ValueState<V> value_state(const std::string& name, std::optional<Duration> ttl = {}) {
    return {this, declare(name, StateVariable::Kind::value, ValueTraits<V>::type(), {}, ttl)};
  }
  template <class V>
  ListState<V> list_state(const std::string& name, std::optional<Duration> ttl = {}) {
    return {this, declare(name, StateVariable::Kind::list, ValueTraits<V>::type(), {}, ttl)};
  }
  template <class K, class V>
  MapState<K, V> map_state(const std::string& name, std::optional<Duration> ttl = {}) {
    return {this, declare(name, StateVariable::Kind::map, ValueTraits<V>::type(),
                          ValueTraits<K>::type(), ttl)};
  }

  /// Not in init. Milliseconds of the time mode; registering one twice does nothing.
  void register_timer(EpochMillis expiry) { value_or_throw(current().register_timer(expiry)); }
  void delete_timer(EpochMillis expiry) { current().delete_timer(expiry); }
  std::vector<EpochMillis> timers() { return current().timers(); }
  EpochMillis current_processing_time() { return current().current_processing_time(); }
  EpochMillis current_watermark() { return current().current_watermark(); }

  /// The state of the key at hand. Throws in init.
  ProcessorState& current() const {
    if (!current_)
      throw user_code("state and timers cannot be used in init; declare variables there");
    return *current_;
  }

 private:
  template <class Key, class Row, class Out>
  friend class TypedProcessorAdapter;

  std::size_t declare(const std::string& name, StateVariable::Kind kind, DataType type,
                      DataType key_type, std::optional<Duration> ttl) {
    if (is_sealed_) throw user_code("variable " + name + ": declare variables in init");
    StateVariable variable{name, kind, std::move(type), std::move(key_type), {}};
    if (ttl) variable.ttl_millis = ttl->count();
    variables_.push_back(std::move(variable));
    return variables_.size() - 1;
  }

  std::vector<StateVariable> variables_;
  ProcessorState* current_ = nullptr;
  bool is_sealed_ = false;
};

namespace detail {

/// What all kinds of variables can do.
class StateOfKey {
 public:
  StateOfKey() = default;
  StateOfKey(ProcessorHandle* handle, std::size_t variable)
      : handle_(handle), variable_(variable) {}
  bool exists() const { return state().exists(variable_); }
  void clear() { state().clear(variable_); }

 protected:
  ProcessorState& state() const {
    if (!handle_) throw user_code("a variable is used that init did not make");
    return handle_->current();
  }
  std::size_t variable() const { return variable_; }

 private:
  ProcessorHandle* handle_ = nullptr;
  std::size_t variable_ = 0;
};

}  // namespace detail

template <class V>
class ValueState : public detail::StateOfKey {
 public:
  using StateOfKey::StateOfKey;
  std::optional<V> get() const {
    const Value value = state().get(variable());
    return value.is_null() ? std::nullopt : std::optional(from_value<V>(value));
  }
  void update(const V& value) { value_or_throw(state().update(variable(), to_value(value))); }
};

template <class V>
class ListState : public detail::StateOfKey {
 public:
  using StateOfKey::StateOfKey;
  std::vector<V> get() const {
    std::vector<V> values;
    for (const Value& value : state().get_list(variable())) values.push_back(from_value<V>(value));
    return values;
  }
  void append(const V& value) { value_or_throw(state().append(variable(), to_value(value))); }
  void put(const std::vector<V>& values) {
    std::vector<Value> list;
    for (const V& value : values) list.push_back(to_value(value));
    value_or_throw(state().put_list(variable(), std::move(list)));
  }
};

template <class K, class V>
class MapState : public detail::StateOfKey {
 public:
  using StateOfKey::StateOfKey;
  std::optional<V> get(const K& key) const {
    const Value value = state().get(variable(), to_value(key));
    return value.is_null() ? std::nullopt : std::optional(from_value<V>(value));
  }
  bool contains(const K& key) const { return get(key).has_value(); }
  void update(const K& key, const V& value) {
    value_or_throw(state().update(variable(), to_value(key), to_value(value)));
  }
  void remove(const K& key) { state().remove(variable(), to_value(key)); }
  std::vector<std::pair<K, V>> entries() const {
    std::vector<std::pair<K, V>> all;
    for (const auto& [key, value] : state().entries(variable()))
      all.emplace_back(from_value<K>(key), from_value<V>(value));
    return all;
  }
};

/// Derive from it; variables are members that init fills.
template <class Key, class Row, class Out>
class KeyedProcessor {
 public:
  virtual ~KeyedProcessor() = default;
  virtual void init(ProcessorHandle& handle, TimeMode mode) = 0;
  /// All rows of a key in an epoch.
  virtual void rows(const Key& key, const std::vector<Row>& rows, ProcessorHandle& handle,
                    Collector<Out>& output) = 0;
  virtual void timer(const Key& /*key*/, EpochMillis /*expiry*/, ProcessorHandle& /*handle*/,
                     Collector<Out>& /*output*/) {}
};

/// A typed processor as the operator sees it.
template <class Key, class Row, class Out>
class TypedProcessorAdapter final : public StatefulProcessor {
 public:
  explicit TypedProcessorAdapter(std::unique_ptr<KeyedProcessor<Key, Row, Out>> processor)
      : processor_(std::move(processor)) {}

  Result<std::vector<StateVariable>> variables(TimeMode mode) override {
    STREAM_TRY(guard([&]() -> Result<void> {
      processor_->init(handle_, mode);
      return {};
    }));
    handle_.is_sealed_ = true;
    return handle_.variables_;
  }
  Result<void> rows(const Batch& key, const std::vector<Batch>& batches, ProcessorState& state,
                    Output& output) override {
    STREAM_TRY(const std::vector<Row> rows, owned_rows<Row>(batches));
    return call(state, output, [&](Collector<Out>& collector) {
      processor_->rows(owned_row<Key>(key, 0), rows, handle_, collector);
    });
  }
  Result<void> timer(const Batch& key, EpochMillis expiry, ProcessorState& state,
                     Output& output) override {
    return call(state, output, [&](Collector<Out>& collector) {
      processor_->timer(owned_row<Key>(key, 0), expiry, handle_, collector);
    });
  }

 private:
  template <class Body>
  Result<void> call(ProcessorState& state, Output& output, Body body) {
    BatchEmitter<Out> emitter(pool_, kRowsAtOnce);
    Collector<Out> collector(emitter, output);
    handle_.current_ = &state;
    Result<void> called = guard([&]() -> Result<void> {
      body(collector);
      return {};
    });
    handle_.current_ = nullptr;
    if (!called) return called;
    return emitter.flush(output);
  }

  static constexpr std::size_t kRowsAtOnce = 1024;
  BlockPool pool_;
  std::unique_ptr<KeyedProcessor<Key, Row, Out>> processor_;
  ProcessorHandle handle_;
};

}  // namespace stream
