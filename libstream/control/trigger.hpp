// When epochs begin. A trigger decides nothing else.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/result.hpp>

#include <string_view>

namespace stream {

struct Trigger {
  enum class Kind {
    processing_time,  ///< Spark's ProcessingTime: multiples of the interval, R-138; 0: at once
    interval,         ///< DStreams: every interval is planned, also while earlier ones run, R-200
    available_now,    ///< what is there at the start, then stop, R-142
    manual,           ///< tests and embedding: on_run_epochs
  };
  Kind kind = Kind::processing_time;
  Duration interval{0};

  static Trigger processing_time(Duration interval);
  static Trigger every(Duration interval);
  static Trigger available_now();
  static Trigger manual();
};

/// Whether epochs run although no source has new rows, because state may have come of age.
enum class NoDataEpochs {
  never,
  when_watermark_moves,  ///< one after each epoch that moved the watermark (R-022)
  always,                ///< whenever the trigger fires: processing-time timeouts
};

/// "available-now" or a duration ("500ms": processing time). Error: bad_option.
Result<Trigger> parse_trigger(std::string_view text);

}  // namespace stream
