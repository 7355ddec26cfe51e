#include <libstream/data/value.hpp>
#include <libstream/expressions/row_kernel.hpp>

namespace stream {

Kernel value_kernel(ValueFunction function) {
  return [function = std::move(function)](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    std::vector<Value> arguments(input.arguments.size());
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const Operand& operand = input.arguments[i];
      if (operand.is_constant) arguments[i] = value_at(operand.column, 0);
    }
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Operand& operand = input.arguments[i];
        if (!operand.is_constant) arguments[i] = value_at(operand.column, row);
      }
      STREAM_TRY(const Value result, function(arguments, input.context));
      append_value(builder, result);
    }
    return builder.finish();
  };
}

}  // namespace stream
