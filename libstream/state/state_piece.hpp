// Sealed state on its way to and from a checkpoint.
#pragma once

#include <libstream/data/batch.hpp>

#include <cstdint>
#include <string>

namespace stream {

/// A piece of sealed state. Rows are keyed by the leading columns: column 0 `hash` BIGINT (the key
/// group is hash % num_groups), column 1 `deleted` BOOLEAN, then num_key_columns key columns, then
/// the value's. Restoring replays pieces from the oldest to the newest; a later row replaces an
/// earlier one of the same key, a deleted row removes it.
struct StatePiece {
  std::string table;  ///< name of the table within the operator
  std::uint32_t num_key_columns = 0;
  Batch batch;
};

struct StateCounts {
  std::int64_t rows = 0, updated = 0, removed = 0, bytes = 0;
  std::int64_t dropped_by_watermark = 0;  ///< late rows of the running epoch
  std::int64_t dropped_duplicates = 0;    ///< of the running epoch
};

}  // namespace stream
