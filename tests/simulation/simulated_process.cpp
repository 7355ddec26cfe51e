#include "simulated_process.hpp"

#include <algorithm>

namespace stream::simulation {
namespace {

CoordinatorOptions coordinator_options(const Scenario& scenario) {
  CoordinatorOptions options;
  options.trigger = scenario.trigger;
  options.num_tasks = scenario.num_tasks;
  options.checkpoint_interval = scenario.checkpoint_interval;
  options.overlaps_commits = scenario.overlaps_commits;
  options.durable = true;
  options.max_queued_epochs = 5;
  if (scenario.has_watermarks) {
    options.watermark_delays.assign(scenario.num_sources, kDelay);
    options.no_data_epochs = NoDataEpochs::when_watermark_moves;
  }
  return options;
}

}  // namespace

Process::Process(World& world)
    : world_(world),
      term_(world.claim_term()),
      coordinator_(coordinator_options(world.scenario()),
                   std::vector<std::string>(world.scenario().num_sources, "0")) {}

void Process::start() {
  world_.sweep();
  for (std::size_t i = 0; i < world_.scenario().num_sources; ++i) {
    planned_ends_.push_back(world_.rows_available(i));
  }
  attempt_ = std::make_shared<Attempt>();
  attempt_->tasks.resize(world_.scenario().num_tasks);
  attempt_->sealed.resize(world_.scenario().num_tasks);
  world_.trace("start", term_);
  handle(coordinator_.on_start(world_.now(), world_.recover()));
}

void Process::crash() {
  world_.trace("crash", term_);
  world_.happened(Fault::crash);
  if (writes_on_their_way_ > 0) world_.happened(Fault::crash_during_write);
  is_alive_ = false;
}

void Process::lose_tasks() {
  deliver("lose tasks", [this] {
    world_.happened(Fault::lost_tasks);
    attempt_ = std::make_shared<Attempt>(Attempt{-1, {}, {}});
    handle(coordinator_.on_tasks_lost(world_.now()));
  });
}

void Process::stop_gracefully() {
  deliver("stop", [this] { handle(coordinator_.on_stop(true, world_.now())); });
}

void Process::run_epochs(std::size_t epochs) {
  deliver("run epochs",
          [this, epochs] { handle(coordinator_.on_run_epochs(epochs, world_.now())); });
}

void Process::catch_up() {
  deliver("catch up",
          [this] { handle(coordinator_.on_catch_up(++catch_up_requests_, world_.now())); });
}

// ---- time ----

void Process::deliver(const char* what, std::function<void()> event) {
  if (!is_alive_) return;
  if (world_.now() < asleep_until_) {
    world_.at(asleep_until_, [self = shared_from_this(), what, event = std::move(event)] {
      self->deliver(what, event);
    });
    return;
  }
  world_.trace(what, term_);
  if (asleep_until_ != 0 && !is_over() && !std::exchange(is_woken_, true)) {
    world_.happened(Fault::woken_owner);
  }
  event();
}

void Process::later(const char* what, std::function<void()> event, EpochMillis delay_max) {
  world_.at(
      world_.now() + world_.pick(0, delay_max),
      [self = shared_from_this(), what, event = std::move(event)] { self->deliver(what, event); });
}

void Process::fail(Error error) { handle(coordinator_.on_failure(std::move(error), world_.now())); }

void Process::write(const char* what, std::function<Result<void>()> effect,
                    std::function<void()> answer) {
  const bool is_remote = world_.chance(50);
  const EpochMillis slow = world_.chance(10) ? 60 : 5;
  ++writes_on_their_way_;
  auto happen = [this, what, slow, effect = std::move(effect), answer = std::move(answer)] {
    --writes_on_their_way_;
    if (world_.fault_chance(15)) {
      world_.happened(Fault::failed_command);
      return later(
          "failed", [this] { fail(transient("the store is away")); }, slow);
    }
    const Result<void> result = effect();
    world_.trace(what, result ? 1 : 0);
    if (!result)
      return later(
          "refused", [this, error = result.error()] { fail(error); }, slow);
    if (world_.fault_chance(10)) {
      world_.happened(Fault::unclear_write);
      return later(
          "unclear", [this] { fail(transient("no answer from the store")); }, slow);
    }
    later(what, answer, slow);
  };
  world_.at(world_.now() + world_.pick(0, slow),
            [self = shared_from_this(), what, is_remote, happen = std::move(happen)] {
              if (!self->is_alive_) return;
              if (is_remote) return happen();
              self->deliver(what, happen);
            });
}

// ---- commands ----

void Process::handle(Commands commands) {
  for (const Command& command : commands) {
    std::visit([this](const auto& one) { carry_out(one); }, command);
  }
}

void Process::carry_out(const PlanSources& command) {
  later("plan", [this, command] {
    if (world_.fault_chance(10)) {
      world_.happened(Fault::failed_command);
      return fail(transient("the broker is away"));
    }
    std::vector<std::optional<std::string>> ends;
    for (std::size_t i = 0; i < command.starts.size(); ++i) {
      const bool is_fixed = world_.scenario().trigger.kind == Trigger::Kind::available_now;
      const std::int64_t newest = is_fixed ? planned_ends_[i] : world_.rows_available(i);
      const std::int64_t start = std::stoll(command.starts[i]);
      ends.emplace_back(std::to_string(
          std::max(start, std::min(newest, start + world_.scenario().rows_per_epoch))));
    }
    handle(coordinator_.on_offsets_planned(command.epoch, world_.now(), std::move(ends)));
  });
}

void Process::carry_out(const WriteOffsets& command) {
  if (world_.scenario().bug == Bug::writes_offsets_late) {
    // Says that they are written, and writes them only with the commit, which is forgotten here.
    later("offsets",
          [this, command] { handle(coordinator_.on_offsets_written(command.offsets.epoch)); });
    return;
  }
  write(
      "offsets", [this, command] { return world_.write_offsets(term_, command.offsets); },
      [this, command] {
        handle(coordinator_.on_offsets_written(command.offsets.epoch, world_.now()));
      });
}

void Process::carry_out(const BeginEpoch& command) {
  is_beside_commit_ = committing_ >= 0;
  for (Task& task : attempt_->tasks) {
    task.sources_left = command.offsets.ranges.size();
    task.event_times.assign(task.sources_left, {});
  }
  for (std::size_t i = 0; i < command.offsets.ranges.size(); ++i) send_range(command, i);
}

/// Cuts the range into chunks and sends each task its rows, on one ordered channel a task.
void Process::send_range(const BeginEpoch& begin, std::size_t source) {
  const SourceRange& range = begin.offsets.ranges[source];
  std::int64_t number = std::stoll(range.start);
  const std::int64_t end = std::stoll(range.end);
  std::vector<EpochMillis> channels(attempt_->tasks.size(), world_.now());
  const auto send = [&](std::size_t task, std::function<void()> event) {
    channels[task] += world_.pick(0, 3);
    world_.at(channels[task], [self = shared_from_this(), event = std::move(event)] {
      self->deliver("chunk", event);
    });
  };
  while (number < end) {
    const std::int64_t chunk_end = std::min(end, number + world_.pick(1, 40));
    std::vector<std::vector<Row>> rows(attempt_->tasks.size());
    for (; number < chunk_end; ++number) {
      const Row row = world_.row(source, number);
      if (!rows.empty()) rows[world_.task_of(row)].push_back(row);
    }
    for (std::size_t task = 0; task < rows.size(); ++task) {
      send(task, [this, late = begin.late_watermark, attempt = attempt_, task,
                  chunk = std::move(rows[task])] {
        for (const Row& row : chunk) take_row(attempt->tasks[task], row, late);
      });
    }
  }
  for (std::size_t task = 0; task < attempt_->tasks.size(); ++task) {
    send(task, [this, begin, task, attempt = attempt_] { finish_source(begin, task, attempt); });
  }
}

void Process::take_row(Task& task, const Row& row, EpochMillis late) {
  if (!world_.scenario().has_watermarks) {
    task.rows.push_back(World::output_of(row, ++task.counts[{row.source, row.key}]));
    return;
  }
  const auto node = static_cast<std::uint32_t>(row.source);
  task.event_times[row.source].watermark_node = node;
  task.event_times[row.source].add({node, row.time, row.time, row.time, 1});
  const std::size_t window = World::window_of(row);
  if (end_of(window) > late) ++task.counts[{window, row.key}];
}

void Process::emit_windows(Task& task, EpochMillis watermark) {
  if (!world_.scenario().has_watermarks) return;
  if (world_.scenario().bug == Bug::evicts_early) watermark += 2 * kWindow;
  while (!task.counts.empty() && end_of(task.counts.begin()->first.first) <= watermark) {
    const auto& [group, count] = *task.counts.begin();
    if (group.first < kFirstClosingWindow)
      task.rows.push_back(World::output_of_window(group.first, group.second, count));
    task.counts.erase(task.counts.begin());
  }
}

void Process::finish_source(const BeginEpoch& begin, std::size_t task,
                            const std::shared_ptr<Attempt>& attempt) {
  if (--attempt->tasks[task].sources_left == 0) send_done(begin, task, attempt);
}

void Process::send_done(const BeginEpoch& begin, std::size_t task,
                        const std::shared_ptr<Attempt>& attempt) {
  TaskReport report;
  report.task = static_cast<TaskIndex>(task);
  Task& state = attempt->tasks[task];
  emit_windows(state, begin.offsets.watermark);
  report.statistics.event_times = std::exchange(state.event_times, {});
  if (begin.is_checkpoint) {
    const std::string name = std::to_string(term_) + "-" + std::to_string(begin.attempt) + "-" +
                             std::to_string(task) + "-" + std::to_string(begin.offsets.epoch);
    world_.stage(name, std::exchange(state.rows, {}));
    attempt->sealed[task] = state.counts;
    report.sink_messages.push_back({0, report.task, name});
    report.sink_messages.push_back({1, report.task, name});
  }
  if (world_.fault_chance(10)) {
    world_.happened(Fault::lost_answer);
    later(
        "silence",
        [this, attempt] {
          if (attempt == attempt_) lose_tasks();
        },
        80);
    return;
  }
  const auto answer = [this, report, begin, attempt] {
    if (attempt != attempt_) world_.happened(Fault::late_answer);
    handle(coordinator_.on_task_done(begin.offsets.epoch, report, world_.now(), begin.attempt));
  };
  const EpochMillis delay = world_.fault_chance(50) ? 100 : 5;
  later("done", answer, delay);
  if (world_.fault_chance(50)) {
    world_.happened(Fault::repeated_answer);
    later("done", answer, 100);
  }
}

void Process::carry_out(const EndOpenRanges&) {}

void Process::write_sinks(const CommitSinks& command, std::function<void()> answer) {
  // One manifest, then one transaction a task: a crash may come between any two.
  std::vector<std::function<Result<void>()>> effects;
  std::vector<std::string> names;
  for (const SinkMessage& message : command.messages) {
    if (message.sink == 0) {
      names.push_back(message.content);
    } else {
      effects.push_back([this, message, epoch = command.epoch] {
        return world_.commit_marked(message.task, epoch, message.content);
      });
    }
  }
  effects.push_back(
      [this, names, epoch = command.epoch] { return world_.write_manifest(epoch, names); });
  std::shuffle(effects.begin(), effects.end(),
               std::mt19937_64(static_cast<std::uint64_t>(world_.pick(0, 1 << 30))));
  for (std::size_t i = 0; i < effects.size(); ++i) {
    answer = [this, effect = effects[i], next = std::move(answer)] { write("sink", effect, next); };
  }
  answer();
}

void Process::carry_out(const CommitSinks& command) {
  committing_ = command.epoch;
  const auto attempt = command.attempt;
  const auto answer = [this, epoch = command.epoch, attempt] {
    handle(coordinator_.on_sinks_committed(epoch, world_.now(), attempt));
  };
  if (world_.scenario().bug == Bug::commits_before_sinks) {
    later("sinks", answer);
    world_.at(world_.now() + 50, [self = shared_from_this(), command] {
      self->deliver("sinks", [self, command] { self->write_sinks(command, [] {}); });
    });
    return;
  }
  write_sinks(command, answer);
}

void Process::carry_out(const WriteCommit& command) {
  write(
      "commit",
      [this, command, states = attempt_->sealed] {
        return world_.write_commit(term_, command.commit, states);
      },
      [this, command] {
        handle(coordinator_.on_commit_written(command.commit.epoch, world_.now()));
      });
}

void Process::carry_out(const EpochCommitted& command) {
  world_.trace("committed", command.epoch);
  if (command.epoch == committing_) committing_ = -1;
}

void Process::carry_out(const ScheduleTick& command) {
  world_.at(command.at, [self = shared_from_this(), tick = ++tick_] {
    self->deliver("tick", [self, tick] {
      if (tick == self->tick_) self->handle(self->coordinator_.on_tick(self->world_.now()));
    });
  });
}

void Process::carry_out(const RestoreTasks& command) {
  if (std::exchange(committing_, -1) >= 0 && is_beside_commit_)
    world_.happened(Fault::loss_beside_commit);
  auto attempt = std::make_shared<Attempt>();
  attempt->number = command.attempt;
  attempt_ = attempt;
  later(
      "restored",
      [this, command, attempt] {
        std::vector<Counts> states = world_.states_of(command.from);
        if (world_.scenario().bug == Bug::forgets_state) states.assign(states.size(), {});
        for (Counts& counts : states) attempt->tasks.push_back({std::move(counts), {}, 0, {}});
        attempt->sealed.resize(attempt->tasks.size());
        handle(coordinator_.on_tasks_restored(world_.now(), command.attempt));
      },
      30);
}

void Process::carry_out(const Stopped& command) {
  world_.trace("stopped", term_);
  error_ = command.error;
}

}  // namespace stream::simulation
