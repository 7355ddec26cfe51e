#include <libstream/data/compare.hpp>
#include <libstream/operators/row_order.hpp>

#include <algorithm>
#include <numeric>

namespace stream {

int compare_by(std::span<const Column> keys, std::span<const RowOrder> orders, std::size_t a,
               std::size_t b) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Column& key = keys[i];
    const bool a_null = key.is_null(a);
    const bool b_null = key.is_null(b);
    if (a_null || b_null) {
      if (a_null == b_null) continue;
      return a_null == orders[i].nulls_first ? -1 : 1;
    }
    const int order = compare_rows(key, a, key, b);
    if (order != 0) return orders[i].is_descending ? -order : order;
  }
  return 0;
}

namespace {

/// One integer key without nulls, the common case, sorts by plain numbers.
template <class T>
void sort_by_number(const Column& key, bool is_descending, std::vector<std::uint32_t>& rows) {
  const T* values = key.data<T>();
  if (is_descending) {
    sort_rows(rows, [values](auto a, auto b) { return values[a] > values[b]; });
  } else {
    sort_rows(rows, [values](auto a, auto b) { return values[a] < values[b]; });
  }
}

}  // namespace

std::vector<std::uint32_t> sorted_rows(std::span<const Column> keys,
                                       std::span<const RowOrder> orders, std::size_t num_rows) {
  std::vector<std::uint32_t> rows(num_rows);
  std::iota(rows.begin(), rows.end(), 0u);
  if (keys.empty()) return rows;
  if (keys.size() == 1 && !keys[0].validity) {
    switch (keys[0].type.kind) {
      case TypeKind::int32:
      case TypeKind::date:
        sort_by_number<std::int32_t>(keys[0], orders[0].is_descending, rows);
        return rows;
      case TypeKind::int64:
      case TypeKind::timestamp:
        sort_by_number<std::int64_t>(keys[0], orders[0].is_descending, rows);
        return rows;
      default:
        break;
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    return compare_by(keys, orders, a, b) < 0;
  });
  return rows;
}

}  // namespace stream
