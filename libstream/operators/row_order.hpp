// Order of rows by several columns, as ORDER BY has it. Used by sort and window operators; pure
// functions.
#pragma once

#include <libstream/data/batch.hpp>

namespace stream {

struct RowOrder {
  bool is_descending = false;
  bool nulls_first = true;
};

/// The numbers of rows 0 … num_rows − 1, sorted by the columns, equal ones as they came.
std::vector<std::uint32_t> sorted_rows(std::span<const Column> keys,
                                       std::span<const RowOrder> orders, std::size_t num_rows);

/// Row a against row b by all keys.
int compare_by(std::span<const Column> keys, std::span<const RowOrder> orders, std::size_t a,
               std::size_t b);

}  // namespace stream
