#include <libstream/control/trigger_schedule.hpp>

namespace stream {

EpochMillis floor_to_interval(EpochMillis time, Duration interval) {
  const std::int64_t step = interval.count();
  if (step <= 0) return time;
  const std::int64_t rest = time % step;
  return time - (rest < 0 ? rest + step : rest);
}

EpochMillis next_multiple(EpochMillis now, Duration interval) {
  return interval.count() <= 0 ? now : floor_to_interval(now, interval) + interval.count();
}

EpochMillis interval_batch_time(EpochMillis zero_time, std::int64_t epoch, Duration interval) {
  return zero_time + (epoch + 1) * interval.count();
}

EpochMillis rebased_zero_time(EpochMillis last_batch_time, std::int64_t next_epoch,
                              Duration interval) {
  return floor_to_interval(last_batch_time, interval) - next_epoch * interval.count();
}

}  // namespace stream
