// The fields of the records that travel between nodes, each list written once for both directions
// (record_archive.hpp). Included by peer_messages.cpp and task_frame.cpp.
#pragma once

#include <libstream/execution/peer_messages.hpp>
#include <libstream/execution/record_archive.hpp>

namespace stream {

constexpr SubmissionState last_of(SubmissionState) { return SubmissionState::failed; }
constexpr ErrorClass last_of(ErrorClass) { return ErrorClass::fenced; }
constexpr ClientRequest::What last_of(ClientRequest::What) { return ClientRequest::What::follow; }
constexpr ClientReply::What last_of(ClientReply::What) { return ClientReply::What::refused; }
constexpr ProgramEvent::What last_of(ProgramEvent::What) { return ProgramEvent::What::dropped; }

template <class Archive>
void describe(Archive& archive, NodeInfo& r) {
  archive(r.id, r.host, r.port, r.slots);
}
template <class Archive>
void describe(Archive& archive, Member& r) {
  archive(r.node, r.rank, r.is_draining);
}
template <class Archive>
void describe(Archive& archive, ProgramBinary& r) {
  archive(r.name, r.arguments, r.directory, r.build, r.query, r.fingerprint);
}
template <class Archive>
void describe(Archive& archive, QueryProgram& r) {
  archive(r.text, r.name, r.parallelism, r.trigger, r.checkpoint_directory, r.binary);
}
template <class Archive>
void describe(Archive& archive, Submission& r) {
  archive(r.number, r.program, r.home, r.coordinator, r.attempt, r.state, r.message, r.restart_at,
          r.parallelism);
}
template <class Archive>
void describe(Archive& archive, ClusterView& r) {
  archive(r.term, r.version, r.leader, r.next_rank, r.next_submission, r.full_size, r.members,
          r.submissions);
}
template <class Archive>
void describe(Archive& archive, SubmissionReport& r) {
  archive(r.number, r.attempt, r.state, r.error, r.message, r.parallelism);
}
template <class Archive>
void describe(Archive& archive, Error& r) {
  ErrorClass error_class = r.error_class();
  std::string message = r.message();
  archive(error_class, message);
  r = Error(error_class, std::move(message));
}
template <class Archive>
void describe(Archive& archive, GenerationKey& r) {
  archive(r.run, r.number);
}
template <class Archive>
void describe(Archive& archive, StateFile& r) {
  archive(r.name, r.size_bytes, r.checksum, r.first_group, r.last_group, r.operator_id, r.epoch,
          r.is_snapshot);
}
template <class Archive>
void describe(Archive& archive, SinkMessage& r) {
  archive(r.sink, r.task, r.content);
}
template <class Archive>
void describe(Archive& archive, OperatorStatistics& r) {
  archive(r.name, r.rows_in, r.rows_out, r.state_rows, r.state_rows_updated, r.state_rows_removed,
          r.state_bytes, r.dropped_by_watermark, r.dropped_duplicates, r.is_stateful);
}
template <class Archive>
void describe(Archive& archive, Int128& r) {
  auto high = static_cast<std::int64_t>(r >> 64);
  auto low = static_cast<std::uint64_t>(r);
  archive(high, low);
  const Int128 whole = (Int128{high} << 64) | low;
  if (r != whole) r = whole;
}
template <class Archive>
void describe(Archive& archive, EventTimes& r) {
  archive(r.watermark_node, r.max_millis, r.min_millis, r.sum_millis, r.count, r.num_ahead,
          r.max_of_others_millis);
}
template <class Archive>
void describe(Archive& archive, EpochStatistics& r) {
  archive(r.source_rows, r.operators, r.event_times, r.rejected_rows, r.sink_rows,
          r.duration_millis);
}
template <class Archive>
void describe(Archive& archive, TaskReport& r) {
  archive(r.task, r.statistics, r.sink_messages);
}
template <class Archive>
void describe(Archive& archive, Reject& r) {
  archive(r.bytes, r.place, r.reason);
}
template <class Archive>
void describe(Archive& archive, TaskDone& r) {
  archive(r.epoch, r.report, r.files, r.rejects);
}
template <class Archive>
void describe(Archive& archive, HostReport::OpenEnd& r) {
  archive(r.epoch, r.source, r.end);
}
template <class Archive>
void describe(Archive& archive, EpochStart& r) {
  archive(r.epoch, r.interval, r.batch_time, r.is_checkpoint, r.watermark, r.late_watermark);
}
template <class Archive>
void describe(Archive& archive, Split& r) {
  archive(r.content, r.index);
}

template <class Archive>
void describe(Archive& archive, Standing& r) {
  archive(r.is_settled, r.term, r.version);
}
template <class Archive>
void describe(Archive& archive, Pulse& r) {
  archive(r.leader, r.term, r.version);
}
template <class Archive>
void describe(Archive& archive, Heartbeat& r) {
  archive(r.from, r.pulse);
}
template <class Archive>
void describe(Archive& archive, JoinRequest& r) {
  archive(r.node, r.build, r.standing);
}
template <class Archive>
void describe(Archive& archive, ViewMessage& r) {
  archive(r.from, r.view);
}
template <class Archive>
void describe(Archive& archive, ReportMessage& r) {
  archive(r.from, r.report);
}
template <class Archive>
void describe(Archive& archive, ProgramCursor& r) {
  archive(r.attempt, r.records, r.lines, r.is_started);
}
template <class Archive>
void describe(Archive& archive, ProgramEvent& r) {
  archive(r.what, r.text, r.is_error, r.lines);
}
template <class Archive>
void describe(Archive& archive, ProgramPage& r) {
  archive(r.from, r.next, r.events, r.is_all);
}
template <class Archive>
void describe(Archive& archive, ClientRequest& r) {
  archive(r.what, r.ticket, r.program, r.node, r.submission, r.parallelism, r.cursor);
}
template <class Archive>
void describe(Archive& archive, ForwardedRequest& r) {
  archive(r.home, r.request);
}
template <class Archive>
void describe(Archive& archive, ClientReply& r) {
  archive(r.what, r.ticket, r.submission, r.error, r.view, r.page, r.event, r.state, r.nodes);
}
template <class Archive>
void describe(Archive& archive, SinkHistory& r) {
  archive(r.last_committed, r.unfinished, r.last_message);
}
template <class Archive>
void describe(Archive& archive, OpenTasks& r) {
  archive(r.generation, r.submission, r.coordinator, r.program, r.query, r.parallelism,
          r.fingerprint, r.query_id, r.term, r.is_durable, r.checkpoint_directory, r.state_files,
          r.sink_histories, r.placement);
}
template <class Archive>
void describe(Archive& archive, TasksOpened& r) {
  archive(r.generation, r.from, r.error);
}
template <class Archive>
void describe(Archive& archive, CloseTasks& r) {
  archive(r.generation, r.from);
}
template <class Archive>
void describe(Archive& archive, CheckTasks& r) {
  archive(r.generation, r.from);
}
template <class Archive>
void describe(Archive& archive, TasksClosed& r) {
  archive(r.generation, r.from);
}
template <class Archive>
void describe(Archive& archive, RunWorker& r) {
  archive(r.submission, r.attempt, r.from, r.join, r.binary, r.is_over);
}
template <class Archive>
void describe(Archive& archive, WorkerReport& r) {
  archive(r.submission, r.attempt, r.from, r.address, r.error);
}
template <class Archive>
void describe(Archive& archive, WorkerSetup& r) {
  archive(r.binary, r.host, r.join, r.slots, r.heartbeat_millis, r.certificate, r.key, r.authority);
}
template <class Archive>
void describe(Archive& archive, HostReport& r) {
  archive(r.generation, r.done, r.open_end, r.committed, r.error, r.has_rows_arrived);
}

}  // namespace stream
