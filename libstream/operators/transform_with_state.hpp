// transformWithState: a user's processor with named values, lists, maps, timers and TTL per key
// (R-111 … R-118). Type-erased: rows are batches, state is Value. Exchanged by add_hash of the
// keys.
#pragma once

#include <libstream/data/value.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

#include <map>

namespace stream {

enum class TimeMode { none, processing_time, event_time };

/// A variable of a processor.
struct StateVariable {
  enum class Kind { value, list, map };
  std::string name;
  Kind kind = Kind::value;
  DataType type;                           ///< of the value, the element, or the map's value
  DataType key_type;                       ///< maps
  std::optional<std::int64_t> ttl_millis;  ///< processing time mode only (R-113)
};

/// The variables of the key at hand, by number in StatefulProcessor::variables. Expired values are
/// not seen. Errors are class user_code.
class ProcessorState {
 public:
  virtual ~ProcessorState() = default;

  virtual bool exists(std::size_t variable) const = 0;
  virtual void clear(std::size_t variable) = 0;

  /// Values. Null when there is none.
  virtual Value get(std::size_t variable) const = 0;
  virtual Result<void> update(std::size_t variable, Value value) = 0;

  /// Lists.
  virtual std::vector<Value> get_list(std::size_t variable) const = 0;
  virtual Result<void> put_list(std::size_t variable, std::vector<Value> values) = 0;
  virtual Result<void> append(std::size_t variable, Value value) = 0;

  /// Maps.
  virtual Value get(std::size_t variable, const Value& key) const = 0;
  virtual Result<void> update(std::size_t variable, const Value& key, Value value) = 0;
  virtual void remove(std::size_t variable, const Value& key) = 0;
  virtual std::vector<std::pair<Value, Value>> entries(std::size_t variable) const = 0;

  /// Timers, in milliseconds of the time mode. Registering one twice does nothing. Error:
  /// no time mode, or called from init.
  virtual Result<void> register_timer(EpochMillis expiry) = 0;
  virtual void delete_timer(EpochMillis expiry) = 0;
  virtual std::vector<EpochMillis> timers() const = 0;

  virtual EpochMillis current_processing_time() const = 0;
  virtual EpochMillis current_watermark() const = 0;
};

/// A user's code; one object a task. Life: variables, then for each epoch the keys' rows, then due
/// timers.
class StatefulProcessor {
 public:
  virtual ~StatefulProcessor() = default;
  /// Called once, first.
  virtual Result<std::vector<StateVariable>> variables(TimeMode mode) = 0;
  /// For every row of the initial state, before epoch 0's rows.
  virtual Result<void> initial_state(const Batch& /*key*/, const Batch& /*row*/,
                                     ProcessorState& /*state*/) {
    return {};
  }
  /// All rows of a key in an epoch.
  virtual Result<void> rows(const Batch& key, const std::vector<Batch>& rows, ProcessorState& state,
                            Output& output) = 0;
  virtual Result<void> timer(const Batch& /*key*/, EpochMillis /*expiry*/,
                             ProcessorState& /*state*/, Output& /*output*/) {
    return {};
  }
};

struct TransformWithStateSpec {
  std::vector<std::size_t> keys;  ///< input columns
  std::vector<Field> key_fields;  ///< their names and types
  TimeMode mode = TimeMode::none;
  std::optional<std::size_t>
      event_time;  ///< with a watermark: late rows are dropped in event time mode
  WatermarkAtInput watermark;
  std::shared_ptr<const Batch> initial_state;  ///< key columns first; nullptr: none
  std::function<std::unique_ptr<StatefulProcessor>()> make_processor;
  std::string name;
  std::shared_ptr<const Schema> schema;
  /// Output event times behind the watermark fail the query: a column of the output.
  std::optional<std::size_t> output_event_time;
};
OperatorFactory make_transform_with_state(TransformWithStateSpec spec);

}  // namespace stream
