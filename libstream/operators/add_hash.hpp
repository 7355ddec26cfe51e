// Puts a column `hash` BIGINT of the key columns in front, by which a hash exchange deals rows out.
// Keyed operators that keep state file it under key_group_hash of the same columns.
#pragma once

#include <libstream/base/hash.hpp>
#include <libstream/operators/operator.hpp>

namespace stream {

struct AddHashSpec {
  std::vector<std::size_t> key_columns;  ///< of the input; their order counts
};
/// Output: `hash`, then all input columns.
OperatorFactory make_add_hash(AddHashSpec spec);

/// The output's schema.
std::shared_ptr<const Schema> schema_with_hash(const Schema& input);

/// The hash whose key group owns rows with this value of the `hash` column, as the exchange sees
/// it.
inline std::uint64_t key_group_hash(std::uint64_t row_hash) { return hash_integer(row_hash); }

}  // namespace stream
