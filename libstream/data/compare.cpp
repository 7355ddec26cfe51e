#include <libstream/base/check.hpp>
#include <libstream/data/compare.hpp>

#include <algorithm>
#include <tuple>

namespace stream {
namespace {

template <class T>
int order(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    return compare_floats(a, b);
  } else {
    return a < b ? -1 : static_cast<int>(b < a);
  }
}

template <class T>
int order_at(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  return order(a.data<T>()[i], b.data<T>()[j]);
}

int order_intervals(const CalendarInterval& a, const CalendarInterval& b) {
  return order(std::tie(a.months, a.days, a.micros), std::tie(b.months, b.days, b.micros));
}

/// The entries of both lists side by side, the shorter first when one begins the other.
int order_lists(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  const std::int64_t* left = a.data<std::int64_t>() + i;
  const std::int64_t* right = b.data<std::int64_t>() + j;
  const std::int64_t num_shared = std::min(left[1] - left[0], right[1] - right[0]);
  for (std::int64_t k = 0; k < num_shared; ++k) {
    for (std::size_t child = 0; child < a.children.size(); ++child) {
      const int result = compare_rows(a.children[child], static_cast<std::size_t>(left[0] + k),
                                      b.children[child], static_cast<std::size_t>(right[0] + k));
      if (result != 0) return result;
    }
  }
  return order(left[1] - left[0], right[1] - right[0]);
}

bool equal_maps(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  const std::int64_t* left = a.data<std::int64_t>() + i;
  const std::int64_t* right = b.data<std::int64_t>() + j;
  if (left[1] - left[0] != right[1] - right[0]) return false;
  for (std::int64_t k = left[0]; k < left[1]; ++k) {
    bool is_found = false;
    for (std::int64_t m = right[0]; m < right[1] && !is_found; ++m) {
      is_found = equal_rows(a.children[0], static_cast<std::size_t>(k), b.children[0],
                            static_cast<std::size_t>(m)) &&
                 equal_rows(a.children[1], static_cast<std::size_t>(k), b.children[1],
                            static_cast<std::size_t>(m));
    }
    if (!is_found) return false;
  }
  return true;
}

bool contains_map(const DataType& type) {
  return type.kind == TypeKind::map ||
         std::any_of(type.children.begin(), type.children.end(),
                     [](const Field& field) { return contains_map(field.type); });
}

}  // namespace

int compare_rows(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  const bool is_null = a.is_null(i);
  if (is_null || b.is_null(j)) return static_cast<int>(b.is_null(j)) - static_cast<int>(is_null);
  switch (a.type.kind) {
    case TypeKind::null:
      return 0;
    case TypeKind::boolean:
      return order_at<std::uint8_t>(a, i, b, j);
    case TypeKind::int8:
      return order_at<std::int8_t>(a, i, b, j);
    case TypeKind::int16:
      return order_at<std::int16_t>(a, i, b, j);
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return order_at<std::int32_t>(a, i, b, j);
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return order_at<std::int64_t>(a, i, b, j);
    case TypeKind::float32:
      return order_at<float>(a, i, b, j);
    case TypeKind::float64:
      return order_at<double>(a, i, b, j);
    case TypeKind::decimal:
      return order_at<Int128>(a, i, b, j);
    case TypeKind::calendar_interval:
      return order_intervals(a.data<CalendarInterval>()[i], b.data<CalendarInterval>()[j]);
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      return a.string_at(i).compare(b.string_at(j));
    case TypeKind::array:
    case TypeKind::map:
      return order_lists(a, i, b, j);
    case TypeKind::structure:
      for (std::size_t child = 0; child < a.children.size(); ++child) {
        const int result = compare_rows(a.children[child], i, b.children[child], j);
        if (result != 0) return result;
      }
      return 0;
  }
  STREAM_UNREACHABLE("type kind");
}

bool equal_rows(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  if (a.type.children.empty() || !contains_map(a.type)) return compare_rows(a, i, b, j) == 0;
  if (a.is_null(i) || b.is_null(j)) return a.is_null(i) == b.is_null(j);
  if (a.type.kind == TypeKind::map) return equal_maps(a, i, b, j);
  if (a.type.kind == TypeKind::structure) {
    for (std::size_t child = 0; child < a.children.size(); ++child) {
      if (!equal_rows(a.children[child], i, b.children[child], j)) return false;
    }
    return true;
  }
  const std::int64_t* left = a.data<std::int64_t>() + i;
  const std::int64_t* right = b.data<std::int64_t>() + j;
  if (left[1] - left[0] != right[1] - right[0]) return false;
  for (std::int64_t k = 0; k < left[1] - left[0]; ++k) {
    if (!equal_rows(a.children[0], static_cast<std::size_t>(left[0] + k), b.children[0],
                    static_cast<std::size_t>(right[0] + k)))
      return false;
  }
  return true;
}

int compare_values(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null())
    return static_cast<int>(b.is_null()) - static_cast<int>(a.is_null());
  STREAM_CHECK(a.content.index() == b.content.index(), "values of different types");
  return std::visit(
      [&b](const auto& left) -> int {
        using T = std::decay_t<decltype(left)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return 0;
        } else if constexpr (std::is_same_v<T, CalendarInterval>) {
          return order_intervals(left, b.as<T>());
        } else if constexpr (std::is_same_v<T, std::string>) {
          return left.compare(b.as<T>());
        } else if constexpr (std::is_same_v<T, ValueList>) {
          const ValueList& right = b.as<ValueList>();
          for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
            if (const int result = compare_values(left[i], right[i]); result != 0) return result;
          }
          return order(left.size(), right.size());
        } else {
          return order(left, b.as<T>());
        }
      },
      a.content);
}

int compare_to_value(const Column& a, std::size_t i, const Value& b) {
  const bool is_null = a.is_null(i) || a.type.kind == TypeKind::null;
  if (is_null || b.is_null()) return static_cast<int>(b.is_null()) - static_cast<int>(is_null);
  return std::visit(
      [&](const auto& right) -> int {
        using T = std::decay_t<decltype(right)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return 0;
        } else if constexpr (std::is_same_v<T, bool>) {
          return order(a.data<std::uint8_t>()[i] != 0, right);
        } else if constexpr (std::is_same_v<T, CalendarInterval>) {
          return order_intervals(a.data<T>()[i], right);
        } else if constexpr (std::is_same_v<T, std::string>) {
          return a.string_at(i).compare(right);
        } else if constexpr (std::is_same_v<T, ValueList>) {
          if (a.type.kind != TypeKind::structure) return compare_values(value_at(a, i), b);
          for (std::size_t child = 0; child < right.size(); ++child) {
            const int result = compare_to_value(a.children[child], i, right[child]);
            if (result != 0) return result;
          }
          return 0;
        } else {
          return order(a.data<T>()[i], right);
        }
      },
      b.content);
}

void hash_column(const Column& column, std::span<std::uint64_t> hashes) {
  const Batch batch(std::make_shared<const Schema>(Schema{{Field{"", column.type, true}}}),
                    {column}, column.num_rows);
  const std::size_t index = 0;
  hash_rows(batch, {&index, 1}, hashes);
}

bool is_orderable(const DataType& type) {
  if (type.kind == TypeKind::map || type.kind == TypeKind::variant ||
      type.kind == TypeKind::calendar_interval)
    return false;
  return std::all_of(type.children.begin(), type.children.end(),
                     [](const Field& field) { return is_orderable(field.type); });
}

}  // namespace stream
