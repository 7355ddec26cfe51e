// (flat)MapGroupsWithState: a user function over the rows of a key and a state that outlives
// epochs, with time-outs (R-100 … R-110). Type-erased: rows lie in batches, the state is an object
// that only the function and a codec know. Exchanged by add_hash of the keys.
#pragma once

#include <libstream/data/column_builder.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/key_rows.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

enum class GroupTimeout { none, processing_time, event_time };

/// What a function sees of its key's state (Spark's GroupState). Errors are class user_code.
class GroupState {
 public:
  virtual ~GroupState() = default;
  /// The state; empty: there is none. Whoever changes it in place calls touch.
  virtual const std::shared_ptr<void>& object() const = 0;
  virtual void touch() = 0;
  /// Replaces it. Requires an object.
  virtual void update(std::shared_ptr<void> object) = 0;
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

/// How states are written into checkpoints and read again.
struct StateCodec {
  std::function<void(ColumnBuilder& builder, const void* object)> append;
  std::function<std::shared_ptr<void>(const Column& column, std::size_t row)> read;
};

/// A key: the given columns of a row.
struct GroupKey {
  const Batch& batch;
  std::size_t row;
  std::span<const std::size_t> columns;
};
/// Rows of one key among all rows of an epoch; none when it timed out.
struct GroupRows {
  std::span<const Batch> batches;  ///< of all input columns
  std::span<const RowPlace> places;
};

/// A user's function; one object a task.
class GroupFunction {
 public:
  virtual ~GroupFunction() = default;
  /// At most once per key with rows in an epoch, with all of them; then once for every key that
  /// timed out, with none. `output` takes batches of the spec's schema; rows may wait for `flush`.
  virtual Result<void> call(const GroupKey& key, const GroupRows& rows, GroupState& state,
                            Output& output) = 0;
  virtual Result<void> flush(Output& /*output*/) { return {}; }
};

struct GroupStateSpec {
  std::vector<std::size_t> keys;  ///< input columns
  std::vector<Field> key_fields;  ///< their names and types
  DataType state_type;
  StateCodec codec;
  GroupTimeout timeout = GroupTimeout::none;
  std::optional<std::size_t>
      event_time;  ///< with a watermark; late rows go with event_time time-outs
  bool has_watermark = false;
  WatermarkAtInput watermark;
  /// One row a key: key columns, then the state; taken over in epoch 0. nullptr: none.
  std::shared_ptr<const Batch> initial_state;
  bool calls_for_initial_keys = true;  ///< in epoch 0 also for its keys that have no rows
  std::function<std::unique_ptr<GroupFunction>()> make_function;
  std::string name;  ///< of the function, for errors
  std::shared_ptr<const Schema> schema;
};
OperatorFactory make_group_state(GroupStateSpec spec);

}  // namespace stream
