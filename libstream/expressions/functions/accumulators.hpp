// What the aggregate functions' accumulators are built from: states in one vector, loops over a
// column with the group vector, storage of values of any type. Included by the families of
// aggregate functions only.
#pragma once

#include <libstream/base/large_array.hpp>
#include <libstream/data/compare.hpp>
#include <libstream/expressions/aggregate_function.hpp>

#include <type_traits>

namespace stream {

/// Keeps one State a group. `Derived` adds update, merge, append_state and append_result.
template <class State>
class GroupedAccumulator : public Accumulator {
 public:
  void resize(std::size_t num_groups) override { states_.resize(num_groups); }
  void prefetch(std::span<const std::uint32_t> groups) const override {
    const auto* states = states_.data();
    for (const std::uint32_t group : groups) __builtin_prefetch(states + group, 1);
  }
  void clear(std::span<const std::uint32_t> groups) override {
    auto* states = states_.data();
    for (const std::uint32_t group : groups) {
      if constexpr (requires(const State& state) { state.heap_bytes(); })
        heap_bytes_ -= states[group].heap_bytes();
      states[group] = State{};
    }
  }
  std::size_t bytes() const override { return states_.capacity() * sizeof(State) + heap_bytes_; }

 protected:
  std::conditional_t<std::is_trivially_copyable_v<State>, LargeArray<State>, std::vector<State>>
      states_;
  /// What the states keep outside of the vector; grown by update and merge.
  std::size_t heap_bytes_ = 0;
};

/// How values of one C++ type lie in columns. Value stands for nested types and VOID.
template <class T>
struct Storage {
  using View = T;
  struct Reader {
    explicit Reader(const Column& column) : values(column.values ? column.data<T>() : nullptr) {}
    T operator()(std::size_t row) const { return values[row]; }
    const T* values;
  };
  static int compare(const T& a, const T& b) {
    if constexpr (std::is_floating_point_v<T>) {
      return compare_floats(a, b);
    } else if constexpr (std::is_same_v<T, CalendarInterval>) {
      return compare_values({a}, {b});
    } else {
      return a < b ? -1 : static_cast<int>(b < a);
    }
  }
  static void append(ColumnBuilder& builder, const T& value) { builder.append(value); }
  static std::size_t heap_bytes(const T&) { return 0; }
};

template <>
struct Storage<bool> {
  using View = bool;
  struct Reader {
    explicit Reader(const Column& column)
        : values(column.values ? column.data<std::uint8_t>() : nullptr) {}
    bool operator()(std::size_t row) const { return values[row] != 0; }
    const std::uint8_t* values;
  };
  static int compare(bool a, bool b) { return static_cast<int>(a) - static_cast<int>(b); }
  static void append(ColumnBuilder& builder, bool value) {
    builder.append(static_cast<std::uint8_t>(value));
  }
  static std::size_t heap_bytes(bool) { return 0; }
};

template <>
struct Storage<std::string> {
  using View = std::string_view;
  struct Reader {
    explicit Reader(const Column& of) : column(&of) {}
    std::string_view operator()(std::size_t row) const { return column->string_at(row); }
    const Column* column;
  };
  static int compare(std::string_view a, std::string_view b) { return a.compare(b); }
  static void append(ColumnBuilder& builder, std::string_view value) {
    builder.append_string(value);
  }
  static std::size_t heap_bytes(const std::string& value) {
    return value.capacity() > 15 ? value.capacity() : 0;
  }
};

/// Bytes a boxed value keeps beside itself, roughly.
std::size_t heap_bytes_of(const Value& value);

template <>
struct Storage<Value> {
  /// A row that is boxed only where its value is kept.
  struct View {
    operator Value() const { return value_at(*column, row); }
    const Column* column;
    std::size_t row;
  };
  struct Reader {
    explicit Reader(const Column& of) : column(&of) {}
    View operator()(std::size_t row) const { return {column, row}; }
    const Column* column;
  };
  static int compare(const View& a, const Value& b) {
    return compare_to_value(*a.column, a.row, b);
  }
  static void append(ColumnBuilder& builder, const Value& value) { append_value(builder, value); }
  static std::size_t heap_bytes(const Value& value) { return heap_bytes_of(value); }
};

/// Calls visitor(std::type_identity<T>) with the T that stores values of `type`.
template <class Visitor>
auto visit_storage(const DataType& type, Visitor visitor) {
  switch (type.kind) {
    case TypeKind::boolean:
      return visitor(std::type_identity<bool>{});
    case TypeKind::int8:
      return visitor(std::type_identity<std::int8_t>{});
    case TypeKind::int16:
      return visitor(std::type_identity<std::int16_t>{});
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return visitor(std::type_identity<std::int32_t>{});
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return visitor(std::type_identity<std::int64_t>{});
    case TypeKind::float32:
      return visitor(std::type_identity<float>{});
    case TypeKind::float64:
      return visitor(std::type_identity<double>{});
    case TypeKind::decimal:
      return visitor(std::type_identity<Int128>{});
    case TypeKind::calendar_interval:
      return visitor(std::type_identity<CalendarInterval>{});
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      return visitor(std::type_identity<std::string>{});
    default:
      return visitor(std::type_identity<Value>{});
  }
}

/// Calls add(group, row) for each row that has a group; `row` is a place in the operand's column.
template <class Add>
void for_each_row(const Operand& argument, std::span<const std::uint32_t> groups, Add add) {
  const std::size_t num_rows = groups.size();
  const std::uint32_t* group = groups.data();
  if (argument.is_constant) {
    for (std::size_t row = 0; row < num_rows; ++row) {
      if (group[row] != Accumulator::kNoGroup) add(group[row], std::size_t{0});
    }
    return;
  }
  for (std::size_t row = 0; row < num_rows; ++row) {
    if (group[row] != Accumulator::kNoGroup) add(group[row], row);
  }
}

/// Calls add(group, value) for each row that has a group and a value that is not null.
template <class T, class Add>
void for_each_value(const Column& column, bool is_constant, std::span<const std::uint32_t> groups,
                    Add add) {
  const typename Storage<T>::Reader read(column);
  const std::size_t num_rows = groups.size();
  const std::uint32_t* group = groups.data();
  if (is_constant) {
    if (column.is_null(0)) return;
    for (std::size_t row = 0; row < num_rows; ++row) {
      if (group[row] != Accumulator::kNoGroup) add(group[row], read(0));
    }
    return;
  }
  if (!column.validity) {
    for (std::size_t row = 0; row < num_rows; ++row) {
      if (group[row] != Accumulator::kNoGroup) add(group[row], read(row));
    }
    return;
  }
  const auto* bits = reinterpret_cast<const unsigned char*>(column.validity.data());
  for (std::size_t row = 0; row < num_rows; ++row) {
    if ((bits[row >> 3] >> (row & 7) & 1u) != 0 && group[row] != Accumulator::kNoGroup)
      add(group[row], read(row));
  }
}
template <class T, class Add>
void for_each_value(const Operand& argument, std::span<const std::uint32_t> groups, Add add) {
  for_each_value<T>(argument.column, argument.is_constant, groups, add);
}

/// What ResolvedAggregate::make calls: a new A(arguments…).
template <class A, class... Arguments>
std::function<std::unique_ptr<Accumulator>()> maker(Arguments... arguments) {
  return [=]() -> std::unique_ptr<Accumulator> { return std::make_unique<A>(arguments...); };
}

/// The type a numeric parameter has: the argument's own when numeric, DOUBLE for NULL and text.
/// nullopt: neither.
inline std::optional<DataType> numeric_parameter(const DataType& type) {
  if (is_numeric(type.kind)) return type;
  if (type.kind == TypeKind::null || type.kind == TypeKind::string)
    return primitive(TypeKind::float64);
  return std::nullopt;
}
/// The same for sum and avg, which take times too, as seconds.
inline std::optional<DataType> summed_type(const DataType& type) {
  if (type.kind == TypeKind::timestamp) return primitive(TypeKind::float64);
  return numeric_parameter(type);
}

}  // namespace stream
