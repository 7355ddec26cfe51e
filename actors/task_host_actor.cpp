#include <actors/caught_error.hpp>
#include <actors/peer_task_actor.hpp>
#include <actors/task_host_actor.hpp>

#include <fmt/format.h>

namespace stream {

TaskHostActor::TaskHostActor(caf::actor_config& config, std::shared_ptr<NodePeers> peers,
                             std::shared_ptr<const ProgramPlanner> planner,
                             std::shared_ptr<const OpenTasks> request)
    : caf::event_based_actor(config),
      peers_(std::move(peers)),
      planner_(std::move(planner)),
      request_(std::move(request)) {}

TaskHostActor::~TaskHostActor() = default;

Result<PlannedQuery> TaskHostActor::plan() const {
  try {
    STREAM_TRY(std::vector<PlannedQuery> planned, (*planner_)(request_->program));
    if (request_->query >= planned.size())
      return fatal(fmt::format("the program has {} queries here, query {} is to run",
                               planned.size(), request_->query));
    PlannedQuery& query = planned[request_->query];
    if (query.plan.parallelism != request_->parallelism) {
      STREAM_TRY(query.plan, with_parallelism(query.plan, request_->parallelism));
    }
    if (fingerprint_of(query.plan) != request_->fingerprint)
      return fatal(
          "the program has another plan here than on its coordinator's node: both must be of one "
          "build and see the same files");
    return std::move(query);
  } catch (...) {
    return caught_error("planning");
  }
}

Result<RestoredState> TaskHostActor::restored() const {
  BlockPool pool;
  return deal_out_state(query_->plan, request_->state_files, [&](const SealedFile& file) {
    return read_state_of(*query_->options.files, request_->checkpoint_directory, file, pool);
  });
}

Result<void> TaskHostActor::open() {
  STREAM_TRY(PlannedQuery planned, plan());
  query_ = std::make_shared<QueryDefinition>();
  query_->plan = std::move(planned.plan);
  query_->options = std::move(planned.options);
  query_->graph = make_task_graph(query_->plan);
  query_->status = std::make_shared<QueryStatus>();
  if (request_->placement.size() != query_->graph.size())
    return fatal("the placement is of another number of tasks");
  std::vector<std::uint32_t> here;
  for (std::uint32_t task = 0; task < query_->graph.size(); ++task) {
    if (request_->placement[task] == peers_->self()) here.push_back(task);
  }
  STREAM_TRY(const RestoredState state, restored());
  unsynced_files_ = std::make_unique<UnsyncedFileSystem>(*query_->options.files);
  FileSystem* sink_files = request_->is_durable ? query_->options.files : unsynced_files_.get();
  local_ = std::make_unique<LocalTasks>(system(), query_);
  STREAM_TRY(local_->open(request_->generation.number, here, state,
                          {request_->query_id, request_->term, request_->is_durable, sink_files,
                           request_->sink_histories}));
  const auto self = caf::actor_cast<caf::actor>(this);
  tasks_ = std::make_shared<std::vector<caf::actor>>(query_->graph.size());
  local_->spawn(*tasks_, self);
  for (std::uint32_t task = 0; task < tasks_->size(); ++task) {
    if ((*tasks_)[task]) continue;
    (*tasks_)[task] =
        system().spawn<PeerTaskActor>(peers_, request_->placement[task], request_->generation, task,
                                      self, local_->gate().make_pass());
  }
  local_->introduce(this, tasks_);
  peers_->listen(request_->generation, tasks_, self);
  return {};
}

/// This node's checkpoint writer: the coordinator lists what is written here.
Result<void> TaskHostActor::write_state(TaskDone& sealed) const {
  for (const SealedState& state : sealed.state) {
    STREAM_TRY(const SealedFile file,
               write_state_of(*query_->options.files, request_->checkpoint_directory,
                              {request_->term, request_->generation.number, sealed.report.task},
                              state.operator_id, sealed.epoch, state.pieces));
    sealed.files.push_back({file.name, file.size_bytes, file.checksum, 0,
                            query_->plan.num_groups - 1, state.operator_id, sealed.epoch, false});
  }
  sealed.state.clear();
  return {};
}

void TaskHostActor::tell(HostReport report) {
  report.generation = request_->generation;
  peers_->send(request_->coordinator, encode_frame(report));
}

void TaskHostActor::fail(Error error) {
  HostReport report;
  report.error = std::move(error);
  tell(std::move(report));
}

caf::behavior TaskHostActor::make_behavior() {
  return {
      [this](const OpenHost&) {
        const Result<void> opened = open();
        TasksOpened answer{request_->generation, peers_->self(), {}};
        if (!opened) answer.error = opened.error();
        peers_->send(request_->coordinator, encode_frame(answer));
      },
      [this](ReportDone& message) {
        HostReport report;
        for (TaskDone& answer : *message.done) {
          if (auto written = write_state(answer); !written) return fail(std::move(written).error());
          report.done.push_back(std::move(answer));
        }
        tell(std::move(report));
      },
      [this](ReportOpenEnd& message) {
        HostReport report;
        report.open_end = {message.epoch, message.source, std::move(message.end)};
        tell(std::move(report));
      },
      [this](const ReportCommitted& message) {
        HostReport report;
        report.committed = message.epoch;
        tell(std::move(report));
      },
      [this](const ReportFailure& message) { fail(*message.error); },
      [this](const ReportExit& message) {
        if (tasks_)
          fail(transient(fmt::format("the actor of task {} has ended by itself", message.task)));
      },
      [this](const RowsArrived&) {
        HostReport report;
        report.has_rows_arrived = true;
        tell(std::move(report));
      },
  };
}

void TaskHostActor::on_exit() {
  peers_->stop_listening(request_->generation);
  if (local_) {
    const auto tasks = std::exchange(tasks_, nullptr);
    local_->end(tasks ? *tasks : std::vector<caf::actor>());
  }
  local_.reset();
  peers_->send(request_->coordinator,
               encode_frame(TasksClosed{request_->generation, peers_->self()}));
}

}  // namespace stream
