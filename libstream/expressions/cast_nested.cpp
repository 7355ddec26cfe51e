#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/column_loop.hpp>

namespace stream {
namespace {

/// A copy of a bit a row, all set where there is none.
BlockRef copy_bits(const BlockRef& bits, std::size_t num_rows, BlockPool& pool) {
  BlockRef copy = pool.allocate(num_rows / 8 + 8);
  if (bits) {
    std::memcpy(copy.data(), bits.data(), (num_rows + 7) / 8);
  } else {
    std::memset(copy.data(), 0xff, num_rows / 8 + 8);
  }
  return copy;
}

void clear_bit(BlockRef& bits, std::size_t row) {
  bits.data()[row >> 3] &= static_cast<char>(~(1u << (row & 7)));
}

/// The rows of child `index` that belong to rows that count and are not null.
BlockRef active_children(const KernelInput& input, const Column& column, std::size_t index) {
  const Column& child = column.children[index];
  if (!input.active) return child.validity;
  BlockRef active = copy_bits(child.validity, child.num_rows, input.context.pool);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (input.is_active(row)) continue;
    if (!is_list(column.type.kind)) {
      clear_bit(active, row);
      continue;
    }
    const std::int64_t* offsets = column.data<std::int64_t>() + row;
    for (std::int64_t i = offsets[0]; i < offsets[1]; ++i)
      clear_bit(active, static_cast<std::size_t>(i));
  }
  return active;
}

void add_nulls(Column& column, const BlockRef& active, BlockPool& pool) {
  if (!active) return;
  if (!column.validity) {
    column.validity = active;
    return;
  }
  BlockRef both = copy_bits(active, column.num_rows, pool);
  for (std::size_t i = 0; i < (column.num_rows + 7) / 8; ++i)
    both.data()[i] &= column.validity.data()[i];
  column.validity = std::move(both);
}

Result<Column> cast_child(const KernelInput& input, const Column& column, std::size_t index,
                          const DataType& to, const Kernel& kernel) {
  const Column& child = column.children[index];
  if (child.type == to) return child;
  BlockRef active = active_children(input, column, index);
  const Operand operand{child, false};
  const KernelInput inner{{&operand, 1}, {}, child.num_rows, to, input.context, active};
  STREAM_TRY(Column result, kernel(inner));
  add_nulls(result, active, input.context.pool);
  return result;
}

}  // namespace

Result<Kernel> make_nested_cast(const DataType& from, const DataType& to, CastMode mode) {
  std::vector<Kernel> kernels;
  for (std::size_t i = 0; i < from.children.size(); ++i) {
    STREAM_TRY(Kernel kernel, make_cast(from.children[i].type, to.children[i].type, mode));
    kernels.push_back(std::move(kernel));
  }
  return Kernel([to, kernels = std::move(kernels)](const KernelInput& input) -> Result<Column> {
    const Column& column = input.arguments[0].column;
    Column result;
    result.type = to;
    result.num_rows = column.num_rows;
    result.validity = column.validity;
    result.values = column.values;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      STREAM_TRY(Column child, cast_child(input, column, i, to.children[i].type, kernels[i]));
      result.children.push_back(std::move(child));
    }
    return result;
  });
}

}  // namespace stream
