// The protocol of a query's actors, all in one place. Who sends what to whom:
//
//   task        -> task         DeliverElement, GrantCredit
//   task        -> itself       ContinueSteps (at most one on its way)
//   coordinator -> task         StartTask, BeginSources, EndRanges, CommitTask; an exit message
//                               ends it
//   task        -> coordinator  ReportDone, ReportCommitted, ReportOpenEnd, ReportFailure,
//                               ReportExit
//   coordinator -> services     DoWork, FinishWork
//   services    -> coordinator  TakeAnswer
//   node agent  -> task         DeliverFrame;  -> coordinator  PlaceAgain, reports of other nodes
//   all of a process -> node agent  CallNode;  peer task -> itself  FlushFrame
//   callers     -> coordinator  StopQuery, RunEpochs, CatchUp, RescaleQuery; RowsArrived from a
//                               reader's wake
//   caller's actor <-> source and sink of pipeline.hpp: QueryInput, InputCredit, QueryOutput,
//   OutputTaken
//
// Reports carry the generation of the tasks they come from; those of an older one are dropped.
#pragma once

#include <actors/caf_compat.hpp>
#include <actors/pipeline_messages.hpp>
#include <libstream/execution/query_loop.hpp>
#include <libstream/execution/task.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

struct DeliverElement {
  std::uint32_t input = 0;
  Element element;
};

struct GrantCredit {
  std::uint32_t output = 0;
  std::int64_t bytes = 0;
};

struct ContinueSteps {};

/// All tasks of the generation, by number; the first message a task gets.
struct StartTask {
  std::shared_ptr<const std::vector<caf::actor>> tasks;
};

struct BeginSources {
  EpochStart start;
  DealtSplits splits;
};

struct EndRanges {};

/// To a marker sink's task: what it finished becomes visible; answered by ReportCommitted.
struct CommitTask {
  EpochId epoch = 0;
};

/// A reader has new rows: its task steps again.
struct WakeTask {};

/// Of one or more tasks, see epoch_reports.hpp.
struct ReportDone {
  std::uint64_t generation = 0;
  std::shared_ptr<std::vector<TaskDone>> done;
};

struct ReportCommitted {
  std::uint64_t generation = 0;
  EpochId epoch = 0;
};

struct ReportOpenEnd {
  std::uint64_t generation = 0;
  EpochId epoch = 0;
  std::uint32_t source = 0;
  std::string end;
};

struct ReportFailure {
  std::uint64_t generation = 0;
  std::shared_ptr<Error> error;
};

/// The actor of a task has ended, asked or not.
struct ReportExit {
  std::uint64_t generation = 0;
  std::uint32_t task = 0;
};

/// Elements for a task from another node: a task frame (execution/task_frame) behind its header.
struct DeliverFrame {
  std::shared_ptr<const std::string> frame;
  std::size_t elements_at = 0;
};

/// The nodes have changed: tasks may have to run elsewhere. With `generation` that lost a node.
struct PlaceAgain {
  std::optional<std::uint64_t> lost;
  std::string reason;
};

/// A peer task's own: what has gathered goes out now.
struct FlushFrame {};

/// Work for the node agent from actors and threads of its process.
struct CallNode {
  std::function<void(class NodeAgent&)> call;
};

/// A node agent's own: half a heartbeat has passed.
struct NodeTick {};

/// Of the node agent to a new task host.
struct OpenHost {};

struct DoWork {
  std::function<QueryHost::Answer()> work;
};

/// Nothing comes after it.
struct FinishWork {};

struct TakeAnswer {
  QueryHost::Answer answer;
};

struct StartLoop {};

struct StopQuery {
  bool gracefully = false;
};

struct RunEpochs {
  std::size_t epochs = 0;
};

/// Requests count up.
struct CatchUp {
  std::int64_t request = 0;
};

/// Requests count up.
struct RescaleQuery {
  std::int64_t request = 0;
  std::uint32_t parallelism = 1;
};

struct RowsArrived {};

}  // namespace stream

STREAM_MESSAGES_BEGIN(stream_query)
STREAM_MESSAGE(stream_query, stream::DeliverElement)
STREAM_MESSAGE(stream_query, stream::GrantCredit)
STREAM_MESSAGE(stream_query, stream::ContinueSteps)
STREAM_MESSAGE(stream_query, stream::StartTask)
STREAM_MESSAGE(stream_query, stream::BeginSources)
STREAM_MESSAGE(stream_query, stream::EndRanges)
STREAM_MESSAGE(stream_query, stream::CommitTask)
STREAM_MESSAGE(stream_query, stream::WakeTask)
STREAM_MESSAGE(stream_query, stream::ReportDone)
STREAM_MESSAGE(stream_query, stream::ReportCommitted)
STREAM_MESSAGE(stream_query, stream::ReportOpenEnd)
STREAM_MESSAGE(stream_query, stream::ReportFailure)
STREAM_MESSAGE(stream_query, stream::ReportExit)
STREAM_MESSAGE(stream_query, stream::DoWork)
STREAM_MESSAGE(stream_query, stream::DeliverFrame)
STREAM_MESSAGE(stream_query, stream::PlaceAgain)
STREAM_MESSAGE(stream_query, stream::FlushFrame)
STREAM_MESSAGE(stream_query, stream::CallNode)
STREAM_MESSAGE(stream_query, stream::NodeTick)
STREAM_MESSAGE(stream_query, stream::OpenHost)
STREAM_MESSAGE(stream_query, stream::FinishWork)
STREAM_MESSAGE(stream_query, stream::TakeAnswer)
STREAM_MESSAGE(stream_query, stream::StartLoop)
STREAM_MESSAGE(stream_query, stream::StopQuery)
STREAM_MESSAGE(stream_query, stream::RunEpochs)
STREAM_MESSAGE(stream_query, stream::CatchUp)
STREAM_MESSAGE(stream_query, stream::RescaleQuery)
STREAM_MESSAGE(stream_query, stream::RowsArrived)
STREAM_MESSAGE(stream_query, stream::QueryInput)
STREAM_MESSAGE(stream_query, stream::InputCredit)
STREAM_MESSAGE(stream_query, stream::QueryOutput)
STREAM_MESSAGE(stream_query, stream::OutputTaken)
STREAM_MESSAGES_END(stream_query)
