// Runs an operator over epochs of rows in every way a query might: batches cut anywhere, inputs
// interleaved, state sealed and restored after each epoch, partitioned by key group with the number
// of tasks changing. All ways must give the same rows.
#pragma once

#include <libstream/data/value.hpp>
#include <libstream/operators/operator.hpp>

#include <string>
#include <vector>

namespace stream::testing {

using Row = std::vector<Value>;

struct InputRows {
  std::uint32_t ordinal = 0;
  std::vector<Row> rows;
};

struct EpochScript {
  std::vector<InputRows> inputs;
  EpochMillis watermark = 0;
  EpochMillis batch_time = 0;
};

struct OperatorCase {
  OperatorFactory make;
  std::vector<std::shared_ptr<const Schema>> inputs;
  /// Key columns of each input, in the order of the exchange; empty: a single task only.
  std::vector<std::vector<std::size_t>> partition_by;
  std::vector<EpochScript> epochs;
  bool is_ordered = false;  ///< the order of output rows counts
  /// DStreams: rows are dealt out by their key columns, not by a column that holds their hash.
  bool is_dealt_by_keys = false;
};

struct EpochOutput {
  std::vector<std::string> rows;  ///< "1|a|null", sorted unless the order counts
  StateCounts counts;             ///< over all tasks
};

/// Each epoch's output, batches as the script has them, one task. An error ends the test.
std::vector<EpochOutput> run_operator(const OperatorCase& script);

/// Requires that every way of running gives `expected`, the rows of each epoch, and the same
/// counts.
std::vector<EpochOutput> verify_operator(const OperatorCase& script,
                                         std::vector<std::vector<std::string>> expected);

/// A value from plain C++: nullptr is null.
inline Value to_value(std::nullptr_t) { return {}; }
inline Value to_value(const char* text) { return {std::string(text)}; }
inline Value to_value(Value value) { return value; }
inline Value to_value(int value) { return {std::int64_t{value}}; }
template <class T>
Value to_value(T value) {
  return {value};
}
template <class... T>
Row row(T... values) {
  return {to_value(values)...};
}
/// A TIMESTAMP, in seconds.
inline Value seconds(std::int64_t value) { return {value * 1'000'000}; }
/// A window struct, in seconds.
inline Value window_value(std::int64_t start, std::int64_t end) {
  return {ValueList{seconds(start), seconds(end)}};
}
std::shared_ptr<const Schema> schema_of(std::vector<std::pair<std::string, DataType>> fields);
DataType window_type();

std::string row_text(const Row& row);

}  // namespace stream::testing
