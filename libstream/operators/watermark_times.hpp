// How event-time columns are compared with watermarks: a TIMESTAMP by itself, a window struct by
// its end; "at or before" counts, null never. Pure functions.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/data/batch.hpp>

#include <limits>
#include <optional>

namespace stream {

/// The column of times in microseconds: the column itself, or the end of windows.
inline const Column& time_column(const Column& column) {
  return column.type.kind == TypeKind::structure ? column.children[1] : column;
}

inline std::optional<std::int64_t> event_micros(const Column& column, std::size_t row) {
  const Column& times = time_column(column);
  if (column.is_null(row) || times.is_null(row)) return std::nullopt;
  return times.data<std::int64_t>()[row];
}

/// The last microsecond that is at or before the watermark.
inline std::int64_t watermark_micros(EpochMillis watermark) {
  constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / 1000;
  if (watermark > kLimit) return std::numeric_limits<std::int64_t>::max();
  if (watermark < -kLimit) return std::numeric_limits<std::int64_t>::min();
  return watermark * 1000;
}

inline bool is_passed(const Column& column, std::size_t row, EpochMillis watermark) {
  const auto micros = event_micros(column, row);
  return micros && *micros <= watermark_micros(watermark);
}

/// The rows of `column` that are after the watermark or null; false when these are all.
inline bool rows_after(const Column& column, std::size_t num_rows, EpochMillis watermark,
                       std::vector<std::uint32_t>& rows) {
  rows.clear();
  const Column& times = time_column(column);
  if (!column.validity && !times.validity) {
    // Mostly no row is late: found without looking at each by itself.
    const std::int64_t* micros = times.data<std::int64_t>();
    const std::int64_t limit = watermark_micros(watermark);
    std::size_t num_late = 0;
    for (std::size_t row = 0; row < num_rows; ++row) num_late += micros[row] <= limit;
    if (num_late == 0) return false;
  }
  for (std::size_t row = 0; row < num_rows; ++row) {
    if (!is_passed(column, row, watermark)) rows.push_back(static_cast<std::uint32_t>(row));
  }
  return rows.size() != num_rows;
}

}  // namespace stream
