#include <libstream/data/date_time.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/row_kernel.hpp>
#include <libstream/plans/window_expressions.hpp>

#include <algorithm>
#include <cstring>

namespace stream {
namespace {

DataType window_type(const DataType& time) {
  return struct_of({{"start", time, true}, {"end", time, true}});
}

Column long_column(const DataType& type, std::size_t num_rows, BlockPool& pool) {
  Column column;
  column.type = type;
  column.num_rows = num_rows;
  column.values = pool.allocate(num_rows * sizeof(std::int64_t) + 8);
  return column;
}

std::int64_t* longs(Column& column) {
  return reinterpret_cast<std::int64_t*>(column.values.data());
}

/// Does every time lie in [begin, begin + size)?
bool are_within(const std::int64_t* times, std::size_t count, std::int64_t begin,
                std::int64_t size) {
  std::int64_t last = 0;
  if (__builtin_add_overflow(begin, size - 1, &last)) return false;
  unsigned outside = 0;
  for (std::size_t i = 0; i < count; ++i)
    outside |= static_cast<unsigned>(times[i] < begin) | static_cast<unsigned>(times[i] > last);
  return outside == 0;
}

/// Windows of all rows; `fill(starts, ends)` writes their bounds.
template <class Fill>
Column window_column(const KernelInput& input, Fill fill) {
  const DataType& time = input.type.children[0].type;
  Column starts = long_column(time, input.num_rows, input.context.pool);
  Column ends = long_column(time, input.num_rows, input.context.pool);
  fill(longs(starts), longs(ends));
  Column column;
  column.type = input.type;
  column.num_rows = input.num_rows;
  column.children.push_back(std::move(starts));
  column.children.push_back(std::move(ends));
  return column;
}

FunctionCall total_call(std::string name, std::vector<TypedExpr> arguments, Kernel kernel) {
  FunctionCall call;
  call.name = std::move(name);
  call.arguments = std::move(arguments);
  call.kernel = std::move(kernel);
  call.can_fail = false;
  return call;
}

/// Of a calendar gap only days and micros count; months were refused.
std::int64_t gap_micros(const Operand& gap, std::size_t row) {
  if (gap.type().kind == TypeKind::calendar_interval) {
    const CalendarInterval& value = gap.column.data<CalendarInterval>()[gap.index(row)];
    return value.days * kMicrosPerDay + value.micros;
  }
  return gap.column.data<std::int64_t>()[gap.index(row)];
}

}  // namespace

std::int64_t windows_per_row(const TimeWindowPlan& window) {
  return (window.size_micros + window.slide_micros - 1) / window.slide_micros;
}

TypedExpr window_of(const TimeWindowPlan& window, std::int64_t index) {
  const std::int64_t size = window.size_micros;
  const std::int64_t slide = window.slide_micros;
  const std::int64_t offset = window.start_micros;
  Kernel kernel = [=](const KernelInput& input) -> Result<Column> {
    const Operand& time = input.arguments[0];
    const std::int64_t* times = time.column.data<std::int64_t>();
    return window_column(input, [&](std::int64_t* starts, std::int64_t* ends) {
      // Rows that follow each other mostly share a window: it is found by comparing, of many at
      // once.
      constexpr std::size_t kRowsAtOnce = 128;
      std::int64_t newest = 0;
      bool is_known = false;
      for (std::size_t first = 0; first < input.num_rows; first += kRowsAtOnce) {
        const std::size_t count = std::min(kRowsAtOnce, input.num_rows - first);
        if (is_known && !time.is_constant && are_within(times + first, count, newest, slide)) {
          std::fill_n(starts + first, count, newest - index * slide);
          std::fill_n(ends + first, count, newest - index * slide + size);
          continue;
        }
        for (std::size_t row = first; row < first + count; ++row) {
          const std::int64_t at = times[time.index(row)];
          const std::uint64_t behind =
              static_cast<std::uint64_t>(at) - static_cast<std::uint64_t>(newest);
          if (!is_known || behind >= static_cast<std::uint64_t>(slide)) {
            newest = at - floor_modulo(at - offset, slide);
            is_known = true;
          }
          starts[row] = newest - index * slide;
          ends[row] = starts[row] + size;
        }
      }
    });
  };
  return make_typed(window_type(window.time->type), window.time->is_nullable,
                    total_call("window", {window.time}, std::move(kernel)));
}

TypedExpr is_in_window(const TypedExpr& time, const TypedExpr& window) {
  FunctionCall call =
      total_call("is_in_window", {time, window}, [](const KernelInput& input) -> Result<Column> {
        const Operand& at = input.arguments[0];
        const Operand& in = input.arguments[1];
        ColumnBuilder builder(input.type, input.context.pool);
        for (std::size_t row = 0; row < input.num_rows; ++row) {
          const std::size_t place = in.index(row);
          const bool is_in = !at.is_null(row) && !in.is_null(row) &&
                             at.column.data<std::int64_t>()[at.index(row)] <
                                 in.column.children[1].data<std::int64_t>()[place];
          builder.append(static_cast<std::uint8_t>(is_in));
        }
        return builder.finish();
      });
  call.nulls = NullHandling::custom;
  return make_typed(primitive(TypeKind::boolean), false, std::move(call));
}

TypedExpr session_of(const SessionWindowPlan& session) {
  Kernel kernel = [](const KernelInput& input) -> Result<Column> {
    const Operand& time = input.arguments[0];
    const Operand& gap = input.arguments[1];
    Column column = window_column(input, [&](std::int64_t* starts, std::int64_t* ends) {
      for (std::size_t row = 0; row < input.num_rows; ++row) {
        starts[row] = time.column.data<std::int64_t>()[time.index(row)];
        ends[row] = input.is_active(row) ? starts[row] + gap_micros(gap, row) : starts[row];
      }
    });
    // A gap that is not positive makes no session.
    const std::int64_t* starts = column.children[0].data<std::int64_t>();
    const std::int64_t* ends = column.children[1].data<std::int64_t>();
    NullMarks nulls(column, input.context.pool);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (ends[row] <= starts[row]) nulls.set(row);
    }
    return column;
  };
  return make_typed(window_type(session.time->type), true,
                    total_call("session_window", {session.time, session.gap}, std::move(kernel)));
}

TypedExpr is_not_null(const TypedExpr& value) {
  FunctionCall call =
      total_call("isnotnull", {value}, [](const KernelInput& input) -> Result<Column> {
        const Operand& argument = input.arguments[0];
        Column column;
        column.type = input.type;
        column.num_rows = input.num_rows;
        column.values = input.context.pool.allocate(input.num_rows + 8);
        std::memset(column.values.data(), 1, input.num_rows);
        if (argument.column.validity) {
          for (std::size_t row = 0; row < input.num_rows; ++row)
            column.values.data()[row] = static_cast<char>(!argument.is_null(row));
        }
        return column;
      });
  call.nulls = NullHandling::custom;
  return make_typed(primitive(TypeKind::boolean), false, std::move(call));
}

}  // namespace stream
