#include <libstream/data/date_time.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/time_zone.hpp>

namespace stream {
namespace {

/// Midnight of a day, as a wall clock or in the session's zone.
Kernel date_cast(bool has_zone) {
  return [has_zone](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, find_time_zone(input.context.settings.time_zone));
    return map_checked<std::int32_t, std::int64_t>(
        input, OnFailure::error,
        [&](std::int32_t days, std::int64_t& out) -> std::int32_t {
          if (__builtin_mul_overflow(std::int64_t{days}, kMicrosPerDay, &out)) return -1;
          if (has_zone) out = to_utc_micros(*zone, out);
          return 0;
        },
        [](std::int32_t) { return runtime_error("DATETIME_OVERFLOW", "long overflow"); });
  };
}

/// `convert(zone, micros)` for timestamps.
template <class Out, class Convert>
Kernel zoned_cast(Convert convert) {
  return [convert](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, find_time_zone(input.context.settings.time_zone));
    return map_values<std::int64_t, Out>(
        input, [&](std::int64_t micros) { return static_cast<Out>(convert(*zone, micros)); });
  };
}

}  // namespace

Kernel make_time_cast(const DataType& from, const DataType& to) {
  if (from.kind == TypeKind::date) return date_cast(to.kind == TypeKind::timestamp);
  const bool is_instant = from.kind == TypeKind::timestamp;
  if (to.kind == TypeKind::date) {
    return zoned_cast<std::int32_t>([is_instant](const TimeZone& zone, std::int64_t micros) {
      return floor_divide(is_instant ? to_local_micros(zone, micros) : micros, kMicrosPerDay);
    });
  }
  if (is_instant) return zoned_cast<std::int64_t>(to_local_micros);
  return zoned_cast<std::int64_t>(to_utc_micros);
}

}  // namespace stream
