// Kernels that need the session's time zone or the epoch's time. Used by the datetime functions.
#pragma once

#include <libstream/expressions/function.hpp>
#include <libstream/expressions/row_kernel.hpp>
#include <libstream/expressions/time_zone.hpp>

namespace stream {

inline Result<const TimeZone*> session_zone(const EvaluationContext& context) {
  return find_time_zone(context.settings.time_zone);
}

inline std::int64_t now_micros(const EvaluationContext& context) {
  return context.batch_time * 1000;
}

/// The zone of the session, or none for wall clocks.
inline Result<const TimeZone*> zone_for(TypeKind kind, const EvaluationContext& context) {
  if (kind == TypeKind::timestamp) return session_zone(context);
  return &utc_zone();
}

/// A row kernel of the function that `make(zone)` gives, made anew for every batch. `kind` says
/// whether the zone is the session's.
template <class Make>
Kernel zoned_kernel(TypeKind kind, Make make) {
  return [kind, make = std::move(make)](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, zone_for(kind, input.context));
    return row_kernel(make(*zone))(input);
  };
}

inline Error datetime_overflow(std::string_view what) {
  return runtime_error("DATETIME_OVERFLOW", "Datetime operation overflow: " + std::string(what));
}

}  // namespace stream
