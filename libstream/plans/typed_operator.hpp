// An operator over typed records as the planner sees it: which columns it reads, what rows it
// makes, and the type-erased function. Made by the typed API (api/typed_frame.hpp). Immutable.
#pragma once

#include <libstream/operators/group_state.hpp>
#include <libstream/operators/transform_with_state.hpp>

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace stream {

/// Rows to rows: map, filter, flat_map.
struct TypedRowFunction {
  OperatorFactory make;
};
/// (flat)MapGroupsWithState.
struct TypedGroupFunction {
  /// For rows whose record's fields begin at that column.
  std::function<std::unique_ptr<GroupFunction>(std::size_t first_column)> make;
  StateCodec codec;
  DataType state_type;
  GroupTimeout timeout = GroupTimeout::none;
  OutputMode mode = OutputMode::update;  ///< of the function's rows
  bool is_map = false;                   ///< one row a call
};
/// transformWithState.
struct TypedProcessor {
  std::function<std::unique_ptr<StatefulProcessor>()> make;
  TimeMode mode = TimeMode::none;
  std::string event_time;  ///< a column of the output; empty: none
};

struct TypedOperator {
  std::string name;  ///< "map", "flat_map_groups_with_state"
  /// What the record needs: columns by name, or by position (pairs, tuples, single values).
  Schema record;
  bool is_by_position = false;
  /// The grouping columns and the types of the key's fields, in order.
  std::vector<std::string> keys;
  Schema key;
  std::shared_ptr<const Schema> output;
  std::variant<TypedRowFunction, TypedGroupFunction, TypedProcessor> function;
};

}  // namespace stream
