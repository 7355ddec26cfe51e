#include <actors/caught_error.hpp>
#include <actors/coordinator_actor.hpp>
#include <actors/interruptible.hpp>
#include <libstream/base/log.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

// A clock that jumps is noticed within a minute.
constexpr std::int64_t kLongestWaitMillis = 60'000;

bool may_block(const PhysicalPlan& plan, const TaskNode& node) {
  const Stage& stage = plan.stages[node.stage];
  return (stage.sink && plan.sinks[*stage.sink]->may_block()) ||
         (stage.source && plan.sources[*stage.source]->may_block());
}

}  // namespace

CoordinatorActor::CoordinatorActor(caf::actor_config& config,
                                   std::shared_ptr<CoordinatorSetup> setup)
    : caf::blocking_actor(config), query_(setup->query), setup_(std::move(setup)) {}

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
        if (message.generation != generation_->number) return;
        take([&] {
          for (TaskDone& report : *message.done) loop_->on_task_done(std::move(report));
        });
      },
      [this](const ReportCommitted& message) {
        if (message.generation != generation_->number) return;
        take([&] { loop_->on_task_committed(message.epoch); });
      },
      [this](ReportOpenEnd& message) {
        if (message.generation != generation_->number) return;
        take([&] {
          loop_->on_open_range_ended(message.epoch, message.source, std::move(message.end));
        });
      },
      [this](ReportFailure& message) {
        if (message.generation != generation_->number) return;
        take([&] { loop_->on_task_failed(std::move(*message.error)); });
      },
      [this](const ReportExit& message) {
        if (message.generation != generation_->number || !tasks_) return;
        take([&] {
          loop_->on_task_failed(transient(fmt::format(
              "the actor of task {} has ended by itself; its query goes on from the last commit",
              message.task)));
        });
      },
      [this](const RowsArrived&) { take([this] { loop_->on_rows_available(); }); },
      [this](const RunEpochs& message) { take([&] { loop_->run_epochs(message.epochs); }); },
      [this](const CatchUp& message) { take([&] { loop_->catch_up(message.request); }); },
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
      loop_->on_task_failed(caught_error("a callback of the query"));
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
        return [this, error = std::move(error)] { loop_->on_task_failed(error); };
      },
      services_gate_->make_pass());
  loop_ = std::make_unique<QueryLoop>(query_->plan, query_->options, query_->run_id,
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

Result<void> CoordinatorActor::restore_tasks(const RestoredState& state) {
  end_tasks();
  const std::uint64_t number = generation_ ? generation_->number + 1 : 0;
  generation_ = std::make_shared<TaskGeneration>(number, query_->graph.size());
  std::vector<std::shared_ptr<TaskSetup>> setups;
  for (std::uint32_t task = 0; task < query_->graph.size(); ++task) {
    STREAM_TRY(auto setup, open_task(task, state));
    setups.push_back(std::move(setup));
  }
  spawn_tasks(std::move(setups));
  return {};
}

Result<std::shared_ptr<TaskSetup>> CoordinatorActor::open_task(std::uint32_t number,
                                                               const RestoredState& state) {
  auto setup = std::make_shared<TaskSetup>();
  setup->query = query_;
  setup->generation = generation_;
  setup->number = number;
  setup->wake = std::make_shared<WakeTarget>();
  setup->outside = std::make_unique<TaskOutside>();
  TaskOptions task_options;
  task_options.files = options().files;
  task_options.sink_files = &loop_->services().sink_files();
  task_options.clock = options().clock;
  task_options.query_id = loop_->services().query_id();
  task_options.term = loop_->services().term();
  const TaskNode& node = query_->graph[number];
  if (const auto sink = query_->plan.stages[node.stage].sink)
    task_options.sink_history = loop_->sink_history(*sink, node.index);
  task_options.seals_state = loop_->services().is_durable();
  task_options.batch_rows = options().batch_rows;
  task_options.channel_bytes = options().channel_bytes;
  task_options.wake = [wake = setup->wake] { wake->wake(); };
  setup->task = std::make_unique<Task>(query_->plan, query_->graph[number], number,
                                       std::move(task_options), *setup->outside);
  const auto found = state.find(number);
  try {
    STREAM_TRY(
        setup->task->open(found == state.end() ? std::vector<SealedState>{} : found->second));
  } catch (...) {
    return caught_error("an operator, source or sink that was being opened");
  }
  return setup;
}

void CoordinatorActor::spawn_tasks(std::vector<std::shared_ptr<TaskSetup>> setups) {
  auto tasks = std::make_shared<std::vector<caf::actor>>();
  std::vector<std::shared_ptr<WakeTarget>> wakes;
  for (const std::shared_ptr<TaskSetup>& setup : setups) {
    setup->coordinator = self();
    setup->pass = task_gate_->make_pass();
    wakes.push_back(setup->wake);
    if (may_block(query_->plan, query_->graph[setup->number])) {
      tasks->push_back(system().spawn<TaskActor, caf::detached>(setup));
    } else {
      tasks->push_back(system().spawn<TaskActor>(setup));
    }
  }
  tasks_ = tasks;
  // Each task knows all others before anything else reaches it: this actor's messages keep order,
  // and no task speaks before a source has been told to begin.
  for (std::size_t i = 0; i < tasks->size(); ++i) {
    caf_compat::send(this, (*tasks)[i], StartTask{tasks_});
    wakes[i]->aim((*tasks)[i], self());
  }
}

void CoordinatorActor::end_tasks() {
  if (!tasks_) return;
  generation_->is_cancelled.store(true);
  for (const auto& sink : query_->plan.sinks) {
    if (const auto* blocked = dynamic_cast<const Interruptible*>(sink.get())) blocked->interrupt();
  }
  for (const caf::actor& task : *tasks_) caf::anon_send_exit(task, caf::exit_reason::user_shutdown);
  tasks_.reset();
  task_gate_->wait_until_empty();
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
