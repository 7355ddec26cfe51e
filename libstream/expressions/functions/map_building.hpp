// Maps put together entry by entry, with Spark's rules for keys: not NULL, each once.
#pragma once

#include <libstream/expressions/functions/collections.hpp>

#include <span>

namespace stream {

/// Where a key and its value lie.
struct EntryPlace {
  const Column* keys = nullptr;
  std::size_t key = 0;
  const Column* values = nullptr;
  std::size_t value = 0;
};

/// Appends one map. Error: [NULL_MAP_KEY]; [DUPLICATED_MAP_KEY] unless
/// spark.sql.mapKeyDedupPolicy is LAST_WIN, when the last value counts.
Result<void> append_map(ColumnBuilder& builder, std::span<const EntryPlace> entries,
                        const SqlSettings& settings);

/// Error: maps cannot have such keys.
Result<void> check_key_type(std::string_view function, const DataType& type);

}  // namespace stream
