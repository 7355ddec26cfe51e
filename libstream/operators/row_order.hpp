// Order of rows by several columns, as ORDER BY has it. Used by sort and window operators; pure
// functions.
#pragma once

#include <libstream/data/batch.hpp>

#include <algorithm>
#include <iterator>
#include <vector>

namespace stream {

struct RowOrder {
  bool is_descending = false;
  bool nulls_first = true;
};

/// The numbers of rows 0 … num_rows − 1, sorted by the columns, equal ones as they came.
std::vector<std::uint32_t> sorted_rows(std::span<const Column> keys,
                                       std::span<const RowOrder> orders, std::size_t num_rows);

/// Sorts rows, equal ones as they came. Quick where only a few are out of order, as event times
/// are.
template <class IsBefore>
void sort_rows(std::vector<std::uint32_t>& rows, IsBefore is_before) {
  std::vector<std::uint32_t> straight(rows.size()), stray;
  std::size_t num_straight = 0;
  for (const std::uint32_t row : rows) {
    if (num_straight > 0 && is_before(row, straight[num_straight - 1])) [[unlikely]]
      stray.push_back(row);
    else
      straight[num_straight++] = row;
  }
  if (stray.empty()) return;
  straight.resize(num_straight);
  if (stray.size() > rows.size() / 8) {
    std::stable_sort(rows.begin(), rows.end(), is_before);
    return;
  }
  std::stable_sort(stray.begin(), stray.end(), is_before);
  // A stray came after what is equal to it and straight.
  rows.clear();
  std::merge(straight.begin(), straight.end(), stray.begin(), stray.end(), std::back_inserter(rows),
             is_before);
}

/// Row a against row b by all keys.
int compare_by(std::span<const Column> keys, std::span<const RowOrder> orders, std::size_t a,
               std::size_t b);

}  // namespace stream
