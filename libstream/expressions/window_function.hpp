// Functions that are only allowed with OVER: rank, row_number, lag, …. Computed over one sorted
// partition at a time by the window operator.
#pragma once

#include <libstream/expressions/function.hpp>

namespace stream {

/// One partition, in the order of the window.
struct WindowPartition {
  std::span<const Column> arguments;  ///< rows of the partition only
  std::size_t num_rows = 0;
  /// Rows i and j are equal in the ORDER BY when peer_group[i] == peer_group[j]; ascending from 0.
  std::span<const std::uint32_t> peer_group;
};

struct ResolvedWindowFunction {
  std::vector<DataType> parameter_types;
  DataType type;
  bool is_nullable = true;
  /// Appends num_rows values.
  std::function<Result<void>(const WindowPartition&, ColumnBuilder&, EvaluationContext&)> compute;
};

struct WindowFunction {
  std::string name;
  std::string usage;
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
  std::function<Result<ResolvedWindowFunction>(Arguments, bool ignores_nulls, const SqlSettings&)>
      resolve;
};

}  // namespace stream
