#include <actors/caught_error.hpp>
#include <actors/coordinator_actor.hpp>
#include <libstream/base/log.hpp>
#include <libstream/connectors/standard/shown_sink.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

// A clock that jumps is noticed within a minute.
constexpr std::int64_t kLongestWaitMillis = 60'000;

std::vector<std::uint32_t> parallelisms(const PhysicalPlan& plan) {
  std::vector<std::uint32_t> tasks;
  for (const Stage& stage : plan.stages) tasks.push_back(stage.parallelism);
  return tasks;
}

}  // namespace

CoordinatorActor::CoordinatorActor(caf::actor_config& config,
                                   std::shared_ptr<CoordinatorSetup> setup)
    : caf::blocking_actor(config),
      started_as_(setup->query),
      query_(setup->query),
      setup_(std::move(setup)),
      nodes_(setup_->nodes),
      local_(system(), query_) {}

CoordinatorActor::~CoordinatorActor() = default;

void CoordinatorActor::act() {
  while (!is_over_) {
    receive_one();
    take([] {});  // a tick may have come due
  }
}

/// Waits for a message, or for the next tick on this thread: CAF's clock would be one more to wake.
void CoordinatorActor::receive_one() {
  receive(
      [this](const StartLoop&) { start(); },
      [this](TakeAnswer& message) { take([&] { message.answer(); }); },
      [this](ReportDone& message) {
        if (message.generation != local_.generation()) return;
        take([&] {
          for (TaskDone& report : *message.done) loop_->on_task_done(std::move(report));
        });
      },
      [this](const ReportCommitted& message) {
        if (message.generation != local_.generation()) return;
        take([&] { loop_->on_task_committed(message.epoch); });
      },
      [this](ReportOpenEnd& message) {
        if (message.generation != local_.generation()) return;
        take([&] {
          loop_->on_open_range_ended(message.epoch, message.source, std::move(message.end));
        });
      },
      [this](ReportFailure& message) {
        if (message.generation != local_.generation()) return;
        take([&] { loop_->on_task_failed(std::move(*message.error)); });
      },
      [this](const ReportExit& message) {
        if (message.generation != local_.generation() || !tasks_) return;
        take([&] {
          loop_->on_task_failed(transient(fmt::format(
              "the actor of task {} has ended by itself; its query goes on from the last commit",
              message.task)));
        });
      },
      [this](const PlaceAgain& message) { place_again(message); },
      [this](const RowsArrived&) { take([this] { loop_->on_rows_available(); }); },
      [this](const RunEpochs& message) { take([&] { loop_->run_epochs(message.epochs); }); },
      [this](const CatchUp& message) { take([&] { loop_->catch_up(message.request); }); },
      [this](const RescaleQuery& message) {
        take([&] { loop_->rescale(message.request, message.parallelism); });
      },
      [this](const StopQuery& message) { take([&] { loop_->stop(message.gracefully); }); },
      [this](const caf::exit_msg& message) {
        if (message.reason) is_over_ = true;
      },
      caf::after(time_to_tick()) >> [] {});
}

template <class Event>
void CoordinatorActor::take(Event event) {
  if (!loop_ || has_stopped_) return;
  {
    const QueryStatus::OwnThread working(*query_->status);
    try {
      event();
    } catch (...) {
      loop_->on_work_failed(caught_error("a callback of the query"));
    }
    take_due_tick();
  }
  if (has_stopped_) is_over_ = true;
}

void CoordinatorActor::take_due_tick() {
  if (has_stopped_ || !tick_at_ || options().clock->wall_millis() < *tick_at_) return;
  tick_at_.reset();
  loop_->on_tick();
}

void CoordinatorActor::start() {
  auto setup = std::exchange(setup_, nullptr);
  services_actor_ = system().spawn<ServicesActor, caf::detached>(
      self(), query_->status,
      [this](Error error) -> Answer {
        return [this, error = std::move(error)] { loop_->on_work_failed(error); };
      },
      services_gate_->make_pass());
  loop_ = std::make_unique<QueryLoop>(plan_of(query_), query_->options, query_->run_id,
                                      std::move(setup->services), std::move(setup->initial_offsets),
                                      *this);
  if (auto restored = restore_tasks({}); !restored) {
    end_all();
    loop_.reset();
    setup->started.set_value(std::move(restored).error());
    is_over_ = true;
    return;
  }
  tell_listeners([&](QueryListener& listener) {
    listener.on_query_started(loop_->services().query_id(), query_->run_id, options().name);
  });
  setup->started.set_value({});
  take([this] { loop_->start(); });
}

void CoordinatorActor::run_blocking(std::function<Answer()> work) {
  caf_compat::send(this, services_actor_, DoWork{std::move(work)});
}

void CoordinatorActor::begin_epoch(const EpochAssignment& assignment) {
  for (const auto& [task, splits] : assignment.splits)
    caf_compat::send(this, (*tasks_)[task], BeginSources{assignment.start, splits});
}

void CoordinatorActor::end_open_ranges() {
  for (const caf::actor& task : *tasks_) caf_compat::send(this, task, EndRanges{});
}

std::size_t CoordinatorActor::commit_tasks(EpochId epoch) {
  std::size_t asked = 0;
  for (std::uint32_t number = 0; number < query_->graph.size(); ++number) {
    if (!query_->plan.has_marker_sink(query_->plan.stages[query_->graph[number].stage])) continue;
    ++asked;
    caf_compat::send(this, (*tasks_)[number], CommitTask{epoch});
  }
  return asked;
}

void CoordinatorActor::change_plan(std::shared_ptr<const PhysicalPlan> plan) {
  end_tasks();
  auto changed = std::make_shared<QueryDefinition>(*query_);
  changed->plan = *plan;
  changed->graph = make_task_graph(changed->plan);
  query_ = std::move(changed);
  placement_.clear();
  local_.change_query(query_);
}

Result<void> CoordinatorActor::restore_tasks(const RestoredState& state) {
  end_tasks();
  const std::uint64_t number = local_.has_generation() ? local_.generation() + 1 : 0;
  STREAM_TRY(const auto here, place_tasks_here());
  QueryServices& services = loop_->services();
  STREAM_TRY(local_.open(number, here, state,
                         {services.query_id(), services.term(), services.is_durable(),
                          &services.sink_files(), sink_histories()}));
  auto tasks = std::make_shared<std::vector<caf::actor>>(query_->graph.size());
  local_.spawn(*tasks, self());
  tasks_ = tasks;
  for (std::uint32_t task = 0; task < tasks->size(); ++task) {
    if (!(*tasks)[task])
      (*tasks)[task] =
          nodes_->reach(number, task, placement_[task], self(), local_.gate().make_pass());
  }
  // Each task knows all others before anything else reaches it: this actor's messages keep order,
  // and no task speaks before a source has been told to begin.
  local_.introduce(this, tasks_);
  if (!nodes_) return {};
  nodes_->listen(number, tasks_, self());
  const bool has_state = !state.empty();
  return nodes_->open(
      {number, &query_->plan, services.query_id(), services.term(), services.is_durable(),
       has_state ? services.committed_files() : std::vector<StateFile>(), sink_histories()},
      placement_, self());
}

std::map<std::uint32_t, SinkHistory> CoordinatorActor::sink_histories() const {
  std::map<std::uint32_t, SinkHistory> histories;
  for (std::uint32_t task = 0; task < query_->graph.size(); ++task) {
    const TaskNode& node = query_->graph[task];
    if (const auto sink = query_->plan.stages[node.stage].sink)
      histories[task] = loop_->sink_history(*sink, node.index);
  }
  return histories;
}

/// What shows rows to the submitter runs here, whence the submitter is told.
Result<Placement> CoordinatorActor::wanted_placement() const {
  STREAM_TRY(Placement placement, nodes_->place(parallelisms(query_->plan), placement_));
  for (std::uint32_t task = 0; task < query_->graph.size(); ++task) {
    const auto sink = query_->plan.stages[query_->graph[task].stage].sink;
    if (sink && dynamic_cast<const ShownSink*>(query_->plan.sinks[*sink].get()) != nullptr)
      placement[task] = nodes_->self();
  }
  return placement;
}

/// Decides where all tasks run; gives those of this process.
Result<std::vector<std::uint32_t>> CoordinatorActor::place_tasks_here() {
  std::vector<std::uint32_t> here;
  if (nodes_) {
    STREAM_TRY(placement_, wanted_placement());
  }
  for (std::uint32_t task = 0; task < query_->graph.size(); ++task) {
    if (!nodes_ || placement_[task] == nodes_->self()) here.push_back(task);
  }
  return here;
}

void CoordinatorActor::place_again(const PlaceAgain& message) {
  if (!nodes_ || !tasks_) return;
  if (message.lost) {
    if (*message.lost != local_.generation()) return;
    return take([&] { loop_->on_task_failed(transient(message.reason)); });
  }
  // Moving tasks costs an epoch that runs again; without a checkpoint it would cost their state.
  if (!loop_ || !loop_->services().is_durable()) return;
  const auto wanted = wanted_placement();
  if (wanted && *wanted != placement_) take([this] { loop_->on_tasks_lost(); });
}

void CoordinatorActor::end_tasks() {
  if (!tasks_) return;
  local_.cancel();
  if (nodes_) nodes_->close(local_.generation());
  const auto tasks = std::exchange(tasks_, nullptr);
  local_.end(*tasks);
}

Duration CoordinatorActor::time_to_tick() const {
  if (!tick_at_) return Duration(kLongestWaitMillis);
  return Duration(
      std::clamp<std::int64_t>(*tick_at_ - options().clock->wall_millis(), 0, kLongestWaitMillis));
}

template <class Call>
void CoordinatorActor::tell_listeners(Call call) {
  const QueryStatus::OwnThread working(*query_->status);
  for (const auto& listener : options().listeners) {
    try {
      call(*listener);
    } catch (...) {
      STREAM_LOG(warning, "query '{}' goes on: {}", options().name,
                 caught_error("a listener").message());
    }
  }
}

void CoordinatorActor::epoch_committed(const QueryProgress& progress) {
  tell_listeners([&](QueryListener& listener) { listener.on_query_progress(progress); });
  query_->status->epoch_committed(progress);
}

void CoordinatorActor::caught_up(std::int64_t request) { query_->status->caught_up(request); }

void CoordinatorActor::rescaled(std::int64_t request, const std::optional<Error>& error) {
  if (error && request == 0)
    STREAM_LOG(warning, "query '{}' keeps its parallelism: {}", options().name, error->message());
  query_->status->rescaled(request, error);
}

void CoordinatorActor::stopped(const std::optional<Error>& error) {
  has_stopped_ = true;
  stop_error_ = error;
}

void CoordinatorActor::end_all() {
  end_tasks();
  if (!services_actor_) return;
  // Work that was asked for is finished: a clean-up after the last commit, for one.
  caf_compat::send_from_outside(services_actor_, FinishWork{});
  services_actor_ = nullptr;
  services_gate_->wait_until_empty();
}

void CoordinatorActor::on_exit() {
  end_all();
  if (!has_stopped_)
    stop_error_ = fatal("the query's coordinator was ended from outside; start the query again");
  if (loop_) {
    tell_listeners([&](QueryListener& listener) {
      listener.on_query_terminated(loop_->services().query_id(), query_->run_id, stop_error_);
    });
  }
  loop_.reset();  // gives the checkpoint's lock back before anyone hears of the end
  query_->status->ended(stop_error_);
}

}  // namespace stream
