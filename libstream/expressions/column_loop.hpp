// Loops over the plain values of fixed-width columns, written so that the compiler can vectorise
// them: no branch a row, constants kept in a register, failures collected in one flag a batch and
// looked for row by row only when there was one. Used by casts and operators.
#pragma once

#include <libstream/base/check.hpp>
#include <libstream/expressions/evaluate.hpp>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace stream {

/// A column of `num_rows` unset values of a fixed-width type.
inline Column unset_column(const DataType& type, std::size_t num_rows, BlockPool& pool) {
  Column column;
  column.type = type;
  column.num_rows = num_rows;
  column.values = pool.allocate(std::max<std::size_t>(16, num_rows * value_width(type.kind)));
  return column;
}
template <class T>
T* values_of(Column& column) {
  return reinterpret_cast<T*>(column.values.data());
}

/// Makes rows of a column that is being built null.
class NullMarks {
 public:
  NullMarks(Column& column, BlockPool& pool) : column_(&column), pool_(&pool) {}

  void set(std::size_t row) {
    if (!column_->validity) {
      column_->validity = pool_->allocate(column_->num_rows / 8 + 8);
      std::memset(column_->validity.data(), 0xff, column_->num_rows / 8 + 8);
    }
    column_->validity.data()[row >> 3] &= static_cast<char>(~(1u << (row & 7)));
  }

 private:
  Column* column_;
  BlockPool* pool_;
};

enum class OnFailure { error, null };

/// out[i] = convert(in[i]).
template <class In, class Out, class Convert>
Column map_values(const KernelInput& input, Convert convert) {
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  const In* in = input.arguments[0].column.data<In>();
  Out* __restrict out = values_of<Out>(result);
  for (std::size_t i = 0; i < input.num_rows; ++i) out[i] = convert(in[i]);
  return result;
}

/// `convert(in, out)` returns a negative number where it fails; it is also called for rows that do
/// not count. `describe(in)` makes the error.
template <class In, class Out, class Convert, class Describe>
Result<Column> map_checked(const KernelInput& input, OnFailure on_failure, Convert convert,
                           Describe describe) {
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  const In* in = input.arguments[0].column.data<In>();
  Out* out = values_of<Out>(result);
  decltype(convert(in[0], out[0])) flags = 0;
  for (std::size_t i = 0; i < input.num_rows; ++i) flags |= convert(in[i], out[i]);
  if (flags >= 0) [[likely]]
    return result;
  NullMarks nulls(result, input.context.pool);
  for (std::size_t i = 0; i < input.num_rows; ++i) {
    Out ignored;
    if (!input.is_active(i) || convert(in[i], ignored) >= 0) continue;
    if (on_failure == OnFailure::error) return describe(in[i]);
    nulls.set(i);
  }
  return result;
}

namespace detail {

/// Runs op(left, right, out) over two operands; returns the flags of all rows together.
template <class Left, class Right, class Out, class Op>
auto run_pairs(const Operand& left, const Operand& right, std::size_t num_rows, Out* __restrict out,
               Op op) {
  const Left* a = left.column.data<Left>();
  const Right* b = right.column.data<Right>();
  decltype(op(*a, *b, *out)) flags = 0;
  if (right.is_constant) {
    const Right value = *b;
    for (std::size_t i = 0; i < num_rows; ++i) flags |= op(a[i], value, out[i]);
  } else if (left.is_constant) {
    const Left value = *a;
    for (std::size_t i = 0; i < num_rows; ++i) flags |= op(value, b[i], out[i]);
  } else {
    for (std::size_t i = 0; i < num_rows; ++i) flags |= op(a[i], b[i], out[i]);
  }
  return flags;
}

}  // namespace detail

/// The same for two arguments: `op(a, b, out)` returns a negative number where it fails,
/// `describe(a, b)` makes the error.
template <class Left, class Right, class Out, class Op, class Describe>
Result<Column> combine_checked(const KernelInput& input, OnFailure on_failure, Op op,
                               Describe describe) {
  const Operand& left = input.arguments[0];
  const Operand& right = input.arguments[1];
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  const auto flags =
      detail::run_pairs<Left, Right>(left, right, input.num_rows, values_of<Out>(result), op);
  if (flags >= 0) [[likely]]
    return result;
  NullMarks nulls(result, input.context.pool);
  for (std::size_t i = 0; i < input.num_rows; ++i) {
    if (!input.is_active(i)) continue;
    const Left a = left.column.data<Left>()[left.index(i)];
    const Right b = right.column.data<Right>()[right.index(i)];
    Out ignored;
    if (op(a, b, ignored) >= 0) continue;
    if (on_failure == OnFailure::error) return describe(a, b);
    nulls.set(i);
  }
  return result;
}

/// out[i] = op(a[i], b[i]).
template <class Left, class Right, class Out, class Op>
Column combine_values(const KernelInput& input, Op op) {
  Column result = unset_column(input.type, input.num_rows, input.context.pool);
  detail::run_pairs<Left, Right>(input.arguments[0], input.arguments[1], input.num_rows,
                                 values_of<Out>(result), [op](Left a, Right b, Out& out) {
                                   out = static_cast<Out>(op(a, b));
                                   return 0;
                                 });
  return result;
}

/// Calls f(std::type_identity<T>{}) with the C++ type of integers, floats and doubles.
template <class Function>
auto visit_number(TypeKind kind, Function f) {
  switch (kind) {
    case TypeKind::int8:
      return f(std::type_identity<std::int8_t>{});
    case TypeKind::int16:
      return f(std::type_identity<std::int16_t>{});
    case TypeKind::int32:
      return f(std::type_identity<std::int32_t>{});
    case TypeKind::int64:
      return f(std::type_identity<std::int64_t>{});
    case TypeKind::float32:
      return f(std::type_identity<float>{});
    case TypeKind::float64:
      return f(std::type_identity<double>{});
    default:
      STREAM_UNREACHABLE("not a plain number");
  }
}

/// The same for integers only.
template <class Function>
auto visit_integer(TypeKind kind, Function f) {
  switch (kind) {
    case TypeKind::int8:
      return f(std::type_identity<std::int8_t>{});
    case TypeKind::int16:
      return f(std::type_identity<std::int16_t>{});
    case TypeKind::int32:
      return f(std::type_identity<std::int32_t>{});
    case TypeKind::int64:
      return f(std::type_identity<std::int64_t>{});
    default:
      STREAM_UNREACHABLE("not an integer");
  }
}

}  // namespace stream
