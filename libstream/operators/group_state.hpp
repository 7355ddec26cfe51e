// (flat)MapGroupsWithState: a user function over the rows of a key and a state that outlives
// epochs, with time-outs (R-100 … R-110). Type-erased: rows are batches, the state one Value.
// Exchanged by add_hash of the keys.
#pragma once

#include <libstream/data/value.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

enum class GroupTimeout { none, processing_time, event_time };

/// What a function sees of its key's state (Spark's GroupState). Errors are class user_code.
class GroupState {
 public:
  virtual ~GroupState() = default;
  virtual bool exists() const = 0;
  /// Error: there is no state.
  virtual Result<Value> get() const = 0;
  /// Error: null.
  virtual Result<void> update(Value value) = 0;
  virtual void remove() = 0;
  virtual bool has_timed_out() const = 0;
  /// Processing time: milliseconds from the epoch's time on. Error: other kinds, <= 0.
  virtual Result<void> set_timeout_duration(std::int64_t millis) = 0;
  /// Event time. Error: other kinds, <= 0, before the watermark.
  virtual Result<void> set_timeout_timestamp(std::int64_t millis) = 0;
  /// Error: no watermark.
  virtual Result<EpochMillis> current_watermark() const = 0;
  virtual EpochMillis current_processing_time() const = 0;
};

/// Called at most once per key with rows in an epoch, all of them together; then once for every key
/// that timed out, with no rows. `key`: one row, the key columns. `rows`: batches of all input
/// columns. `output` takes batches of the spec's schema.
using GroupFunction = std::function<Result<void>(const Batch& key, const std::vector<Batch>& rows,
                                                 GroupState& state, Output& output)>;

struct GroupStateSpec {
  std::vector<std::size_t> keys;  ///< input columns
  std::vector<Field> key_fields;  ///< their names and types
  DataType state_type;
  GroupTimeout timeout = GroupTimeout::none;
  std::optional<std::size_t>
      event_time;  ///< with a watermark; late rows go with event_time time-outs
  bool has_watermark = false;
  WatermarkAtInput watermark;
  /// One row a key: key columns, then the state; taken over in epoch 0. nullptr: none.
  std::shared_ptr<const Batch> initial_state;
  bool calls_for_initial_keys = true;  ///< in epoch 0 also for its keys that have no rows
  GroupFunction function;
  std::string name;  ///< of the function, for errors
  std::shared_ptr<const Schema> schema;
};
OperatorFactory make_group_state(GroupStateSpec spec);

}  // namespace stream
