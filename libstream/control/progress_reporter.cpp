#include <libstream/control/progress_reporter.hpp>

#include <algorithm>
#include <utility>

namespace stream {
namespace {

double per_second(std::int64_t rows, std::int64_t millis) {
  return static_cast<double>(rows) * 1000.0 /
         static_cast<double>(std::max<std::int64_t>(1, millis));
}

EventTimeProgress event_time_of(const EpochCommitted& epoch) {
  EventTimeProgress progress{epoch.watermark, {}};
  for (const EventTimes& seen : epoch.statistics.event_times) {
    if (!progress.seen || seen.watermark_node < progress.seen->watermark_node) progress.seen = seen;
  }
  return progress;
}

}  // namespace

ProgressReporter::ProgressReporter(Query query) : query_(std::move(query)) {}

const QueryProgress& ProgressReporter::on_epoch_committed(const EpochCommitted& epoch,
                                                          EpochMillis now,
                                                          std::vector<SourceStanding> standings) {
  const EpochStatistics& statistics = epoch.statistics;
  const auto total = statistics.duration_millis.find("triggerExecution");
  QueryProgress progress;
  progress.id = query_.id;
  progress.run_id = query_.run_id;
  progress.name = query_.name;
  progress.batch_id = epoch.epoch;
  progress.batch_duration_millis =
      total == statistics.duration_millis.end() ? 0 : std::max<std::int64_t>(0, total->second);
  progress.timestamp = now - progress.batch_duration_millis;
  progress.duration_millis = statistics.duration_millis;
  progress.num_rejected_rows = statistics.rejected_rows;
  for (const EventTimes& seen : statistics.event_times)
    progress.num_rows_ahead_of_clock += seen.num_ahead;
  if (query_.has_watermarks) progress.event_time = event_time_of(epoch);
  for (const std::string& id : query_.operators) {
    const auto found = statistics.operators.find(id);
    if (found != statistics.operators.end() && found->second.is_stateful)
      progress.state_operators.push_back(found->second);
  }
  query_.start_offsets.resize(query_.sources.size());
  for (std::size_t i = 0; i < query_.sources.size(); ++i) {
    SourceProgress source;
    source.description = query_.sources[i];
    source.end_offset = i < epoch.ends.size() ? epoch.ends[i] : "";
    source.start_offset = std::exchange(query_.start_offsets[i], source.end_offset);
    source.num_input_rows = i < statistics.source_rows.size() ? statistics.source_rows[i] : 0;
    source.processed_rows_per_second =
        per_second(source.num_input_rows, progress.batch_duration_millis);
    if (previous_trigger_start_) {
      source.input_rows_per_second =
          per_second(source.num_input_rows, progress.timestamp - *previous_trigger_start_);
    }
    if (i < standings.size()) {
      source.latest_offset = std::move(standings[i].latest_offset);
      source.metrics = std::move(standings[i].metrics);
    }
    const bool is_static = i < query_.static_sources.size() && query_.static_sources[i];
    if (!is_static) progress.sources.push_back(std::move(source));
  }
  for (std::size_t i = 0; i < query_.sinks.size(); ++i) {
    progress.sinks.push_back(
        {query_.sinks[i], i < statistics.sink_rows.size() ? statistics.sink_rows[i] : 0});
  }
  previous_trigger_start_ = progress.timestamp;
  recent_.push_back(std::move(progress));
  if (recent_.size() > 1 && recent_.size() >= query_.num_kept) recent_.pop_front();
  return recent_.back();
}

std::optional<QueryProgress> ProgressReporter::last() const {
  if (recent_.empty()) return {};
  return recent_.back();
}

}  // namespace stream
