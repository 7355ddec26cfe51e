// Kernels from functions of one row. `row_kernel(f)` for an f over plain values: its parameter
// types say how arguments are read, its return type how the result is written:
//
//   row_kernel([](std::int32_t days, std::int32_t n) -> Result<std::int32_t> { … })
//   row_kernel([](EvaluationContext& context, std::string_view text) -> std::optional<Int128> { …
//   })
//
// Parameters: bool, integers, float, double, Int128, CalendarInterval, std::string_view, ListRow
// (arrays and maps). Results: the same or std::string, each also as std::optional (null) or Result
// of either. `value_kernel` takes boxed values and is for what is rare.
#pragma once

#include <libstream/expressions/evaluate.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace stream {

/// One row's array or map: entries [begin, end) of the children of its column.
struct ListRow {
  const Column* column = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
  const Column& elements() const { return column->children[0]; }
  const Column& values() const { return column->children[1]; }
};

namespace detail {

template <class T>
struct ArgumentReader {
  static T read(const Operand& operand, std::size_t row) {
    return operand.column.data<T>()[operand.index(row)];
  }
};
template <>
struct ArgumentReader<bool> {
  static bool read(const Operand& operand, std::size_t row) {
    return operand.column.data<std::uint8_t>()[operand.index(row)] != 0;
  }
};
template <>
struct ArgumentReader<std::string_view> {
  static std::string_view read(const Operand& operand, std::size_t row) {
    return operand.column.string_at(operand.index(row));
  }
};
template <>
struct ArgumentReader<ListRow> {
  static ListRow read(const Operand& operand, std::size_t row) {
    const std::int64_t* offsets = operand.column.data<std::int64_t>() + operand.index(row);
    return {&operand.column, static_cast<std::size_t>(offsets[0]),
            static_cast<std::size_t>(offsets[1])};
  }
};

template <class T>
void append_result(ColumnBuilder& builder, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    builder.append(static_cast<std::uint8_t>(value));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    builder.append_string(value);
  } else {
    builder.append(value);
  }
}
template <class T>
void append_result(ColumnBuilder& builder, const std::optional<T>& value) {
  if (!value) return builder.append_null();
  append_result(builder, *value);
}

template <class T>
struct IsResult : std::false_type {};
template <class T>
struct IsResult<Result<T>> : std::true_type {};

template <class Function>
struct RowSignature : RowSignature<decltype(&Function::operator())> {};
template <class Class, class Return, class... Parameters>
struct RowSignature<Return (Class::*)(Parameters...) const> {
  using Types = std::tuple<std::decay_t<Parameters>...>;
  static constexpr bool takes_context = false;
};
template <class Class, class Return, class... Parameters>
struct RowSignature<Return (Class::*)(EvaluationContext&, Parameters...) const> {
  using Types = std::tuple<std::decay_t<Parameters>...>;
  static constexpr bool takes_context = true;
};

template <class Function, class Types, std::size_t... I>
Result<Column> run_rows(const Function& function, const KernelInput& input,
                        std::index_sequence<I...>) {
  constexpr bool kTakesContext = RowSignature<Function>::takes_context;
  ColumnBuilder builder(input.type, input.context.pool);
  for (const Operand& argument : input.arguments) builder.adopt(argument.column.blocks);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (!input.is_active(row)) {
      builder.append_null();
      continue;
    }
    auto call = [&] {
      if constexpr (kTakesContext) {
        return function(input.context, ArgumentReader<std::tuple_element_t<I, Types>>::read(
                                           input.arguments[I], row)...);
      } else {
        return function(
            ArgumentReader<std::tuple_element_t<I, Types>>::read(input.arguments[I], row)...);
      }
    };
    auto result = call();
    if constexpr (IsResult<decltype(result)>::value) {
      if (!result) [[unlikely]]
        return std::move(result).error();
      append_result(builder, *result);
    } else {
      append_result(builder, result);
    }
  }
  return builder.finish();
}

}  // namespace detail

/// A kernel that calls `function` for each active row. Requires NullHandling::skip.
template <class Function>
Kernel row_kernel(Function function) {
  using Types = typename detail::RowSignature<Function>::Types;
  return [function = std::move(function)](const KernelInput& input) {
    return detail::run_rows<Function, Types>(function, input,
                                             std::make_index_sequence<std::tuple_size_v<Types>>());
  };
}

/// Boxed arguments of one row (nulls too with NullHandling::custom) to a boxed result of the
/// function's type.
using ValueFunction =
    std::function<Result<Value>(std::span<const Value> arguments, EvaluationContext& context)>;
Kernel value_kernel(ValueFunction function);

}  // namespace stream
