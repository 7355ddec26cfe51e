// What processes of a cluster say to one another, apart from rows (task_frame.hpp): plain records
// and their bytes. A frame is one byte for its kind and a packed record. Hostile bytes give errors.
//
//   node   -> node     Heartbeat, JoinRequest, ClusterView, SubmissionReport, ForwardedRequest
//   client -> node     ClientRequest;   node -> client  ClientReply
//   coordinator's node -> node with tasks    OpenTasks, CloseTasks, CheckTasks
//   node with tasks -> coordinator's node    TasksOpened, TasksClosed, HostReport
//   coordinator's node -> nodes  RunWorker;  node -> it  WorkerReport
//   node -> its worker  WorkerSetup;  worker -> its node  WorkerReport
#pragma once

#include <libstream/control/cluster_board.hpp>
#include <libstream/control/placement.hpp>
#include <libstream/control/program_log.hpp>
#include <libstream/execution/task.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// No frame is longer: neither made nor read.
inline constexpr std::size_t kMaxFrameBytes = 16u << 20;

enum class FrameKind : std::uint8_t {
  heartbeat,
  join,
  view,
  report,
  forwarded,
  request,
  reply,
  open_tasks,
  close_tasks,
  check_tasks,
  tasks_opened,
  tasks_closed,
  host_report,
  run_worker,
  worker_report,
  worker_setup,
  task,  ///< task_frame.hpp
};

struct Heartbeat {
  static constexpr FrameKind kKind = FrameKind::heartbeat;
  std::string from;
  Pulse pulse;
};

struct JoinRequest {
  static constexpr FrameKind kKind = FrameKind::join;
  NodeInfo node;
  std::string build;  ///< only nodes of one build run queries together
  Standing standing;
};

struct ViewMessage {
  static constexpr FrameKind kKind = FrameKind::view;
  std::string from;
  ClusterView view;
};

struct ReportMessage {
  static constexpr FrameKind kKind = FrameKind::report;
  std::string from;
  SubmissionReport report;
};

/// What a client of a cluster may ask.
struct ClientRequest {
  static constexpr FrameKind kKind = FrameKind::request;
  enum class What : std::uint8_t { submit, status, drain, stop, rescale, follow };
  What what = What::status;
  std::uint64_t ticket = 0;       ///< the client's own number; answers carry it
  QueryProgram program;           ///< of submit
  std::string node;               ///< of drain: an id or HOST:PORT
  std::uint64_t submission = 0;   ///< of stop, rescale and follow
  std::uint32_t parallelism = 1;  ///< of rescale
  ProgramCursor cursor;           ///< of follow
};

/// A client's request on its way to the node that can answer it, by way of `home`.
struct ForwardedRequest {
  static constexpr FrameKind kKind = FrameKind::forwarded;
  std::string home;
  ClientRequest request;
};

struct ClientReply {
  static constexpr FrameKind kKind = FrameKind::reply;
  enum class What : std::uint8_t {
    accepted,  ///< submission has its number
    page,      ///< the answer to follow: page, state, nodes and, if it failed or waits, error
    event,     ///< to the node that coordinates the submission: for its followers
    view,
    refused,  ///< error
  };
  What what = What::accepted;
  std::uint64_t ticket = 0;
  std::uint64_t submission = 0;
  std::optional<Error> error;
  std::optional<ClusterView> view;
  std::optional<ProgramPage> page;
  std::optional<ProgramEvent> event;
  SubmissionState state = SubmissionState::placed;
  std::vector<NodeInfo> nodes;  ///< that know of it, too
};

/// Names one generation of a query's tasks.
struct GenerationKey {
  std::uint64_t run = 0;  ///< hash of the coordinator's run id
  std::uint64_t number = 0;
  auto operator<=>(const GenerationKey&) const = default;
};

/// Open the tasks of `placement` that are `to`'s and answer TasksOpened.
struct OpenTasks {
  static constexpr FrameKind kKind = FrameKind::open_tasks;
  GenerationKey generation;
  std::uint64_t submission = 0;
  std::string coordinator;  ///< node
  QueryProgram program;
  std::uint32_t query = 0;        ///< which of the program's
  std::uint32_t parallelism = 1;  ///< of this generation
  std::uint64_t fingerprint = 0;
  std::string query_id;
  std::int64_t term = 0;
  bool is_durable = false;
  std::string checkpoint_directory;
  std::vector<StateFile> state_files;                   ///< to restore from
  std::map<std::uint32_t, SinkHistory> sink_histories;  ///< by task, of those with sinks
  Placement placement;
};

struct TasksOpened {
  static constexpr FrameKind kKind = FrameKind::tasks_opened;
  GenerationKey generation;
  std::string from;
  std::optional<Error> error;
};

struct CloseTasks {
  static constexpr FrameKind kKind = FrameKind::close_tasks;
  GenerationKey generation;
  std::string from;
};

/// Are they still there? A node that has thrown them away, for it was cut off, answers by an error.
struct CheckTasks {
  static constexpr FrameKind kKind = FrameKind::check_tasks;
  GenerationKey generation;
  std::string from;
};

struct TasksClosed {
  static constexpr FrameKind kKind = FrameKind::tasks_closed;
  GenerationKey generation;
  std::string from;
};

/// What tasks of another node tell their coordinator. One of the fields is set.
struct HostReport {
  static constexpr FrameKind kKind = FrameKind::host_report;
  struct OpenEnd {
    EpochId epoch = 0;
    std::uint32_t source = 0;
    std::string end;
  };
  GenerationKey generation;
  std::vector<TaskDone> done;  ///< with state files, without sealed state
  std::optional<OpenEnd> open_end;
  std::optional<EpochId> committed;  ///< by the task of a marker sink
  std::optional<Error> error;
  bool has_rows_arrived = false;
};

/// Run a worker of the submission's program, or go on running it: said again and again by the node
/// that coordinates the submission, for a worker that is not asked for any more ends.
struct RunWorker {
  static constexpr FrameKind kKind = FrameKind::run_worker;
  std::uint64_t submission = 0;
  std::uint64_t attempt = 0;
  std::string from;  ///< node
  std::string join;  ///< HOST:PORT of its first worker
  ProgramBinary binary;
  bool is_over = false;  ///< end it instead
};

/// Of a worker to its node, and of that to the coordinating one. Without an error: it is ready.
struct WorkerReport {
  static constexpr FrameKind kKind = FrameKind::worker_report;
  std::uint64_t submission = 0;
  std::uint64_t attempt = 0;
  std::string from;     ///< node
  std::string address;  ///< HOST:PORT where workers of the program meet it
  std::optional<Error> error;
};

/// Of a node to a worker that it has started.
struct WorkerSetup {
  static constexpr FrameKind kKind = FrameKind::worker_setup;
  ProgramBinary binary;
  std::string host;  ///< to listen on
  std::string join;  ///< HOST:PORT of another worker; empty: it is the first
  std::uint32_t slots = 1;
  std::int64_t heartbeat_millis = 2000;
  std::string certificate;  ///< paths of what the node shows to others; empty: nothing
  std::string key;
  std::string authority;
};

/// The kind of a frame; nullopt: no frame begins so, or it is too long.
std::optional<FrameKind> kind_of_frame(std::string_view frame);

/// Message is one of the records above.
template <class Message>
std::string encode_frame(const Message& message);
template <class Message>
Result<Message> decode_frame(std::string_view frame);

}  // namespace stream
