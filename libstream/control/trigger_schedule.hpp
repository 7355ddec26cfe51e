// When a trigger's epochs begin: pure arithmetic on wall milliseconds, used by the coordinator.
#pragma once

#include <libstream/base/clock.hpp>

#include <cstdint>

namespace stream {

/// Processing time with interval zero: how long to wait before looking for new rows again.
inline constexpr Duration kIdlePoll{10};
/// Open ranges without an interval: how long rows flow before the epoch is ended.
inline constexpr Duration kOpenRangeSpan{100};
/// A graceful stop of an interval trigger waits at most so many intervals.
inline constexpr std::int64_t kGracefulStopIntervals = 10;

/// The multiple of `interval` at or before `time`; `time` itself when the interval is zero.
EpochMillis floor_to_interval(EpochMillis time, Duration interval);

/// The first multiple of `interval` after `now`; `now` when the interval is zero.
EpochMillis next_multiple(EpochMillis now, Duration interval);

/// Batch time of epoch `epoch`: zero_time + (epoch + 1) · interval.
EpochMillis interval_batch_time(EpochMillis zero_time, std::int64_t epoch, Duration interval);

/// The zero time under which `next_epoch` is the first interval after `last_batch_time`.
EpochMillis rebased_zero_time(EpochMillis last_batch_time, std::int64_t next_epoch,
                              Duration interval);

}  // namespace stream
