#include <algorithm>

#include "simulated_node.hpp"

namespace stream::simulation {

struct SimulatedNode::Coordinator {
  std::uint64_t number = 0;
  std::uint64_t attempt = 0;
  std::int64_t term = 0;
  std::size_t num_keyed = 1;
  EpochCoordinator loop;
  RecoveredCheckpoint recovered;
  bool has_started = false;
  Layout layout;
  std::set<std::string> opening;  ///< nodes that have not answered
  std::vector<Counts> sealed;
  std::uint64_t tick = 0;
  std::map<std::size_t, std::uint64_t> sequences;
  std::size_t wanted_keyed = 1;  ///< by rescaling
  std::int64_t rescale_request = 0;
};

void SimulatedNode::carry_out(const RescaleSubmission& command) {
  if (!coordinator_ || coordinator_->number != command.number ||
      coordinator_->attempt != command.attempt)
    return;
  rescale(command.parallelism);
}

void SimulatedNode::rescale(std::size_t num_keyed) {
  Coordinator& own = *coordinator_;
  own.wanted_keyed = num_keyed;
  commands(own.loop.on_rescale(++own.rescale_request,
                               cluster_.world().scenario().num_sources + num_keyed, now()));
}

void SimulatedNode::carry_out(const StopSubmission& command) {
  if (coordinator_ && coordinator_->number == command.number &&
      coordinator_->attempt == command.attempt)
    coordinator_.reset();
}

void SimulatedNode::ask_for_tasks() {
  if (!coordinator_ || !coordinator_->opening.empty()) return;
  const Placement& placement = coordinator_->layout.placement;
  for (const std::string& node : std::set<std::string>(placement.begin(), placement.end())) {
    cluster_.send(id_, node, [run = coordinator_->layout.run, from = id_](SimulatedNode& host) {
      host.check_tasks(run, from);
    });
  }
}

void SimulatedNode::report_running(std::size_t num_keyed) {
  SubmissionReport report{coordinator_->number,
                          coordinator_->attempt,
                          SubmissionState::running,
                          {},
                          "",
                          static_cast<std::uint32_t>(num_keyed)};
  handle(board_.report_submission(std::move(report), now()));
}

void SimulatedNode::start_coordinator(const Submission& submission) {
  World& world = cluster_.world();
  const std::int64_t term = world.claim_term();
  world.sweep();
  const RecoveredCheckpoint recovered = world.recover();
  // An uncommitted epoch is finished under the parallelism that it was planned with.
  std::size_t num_keyed = submission.program.parallelism;
  if (recovered.uncommitted) num_keyed = recovered.uncommitted->parallelism;
  CoordinatorOptions options;
  options.trigger = Trigger::processing_time(Duration(10));
  options.num_tasks = world.scenario().num_sources + num_keyed;
  options.checkpoint_interval = world.scenario().checkpoint_interval;
  options.overlaps_commits = world.scenario().overlaps_commits;
  options.durable = true;
  options.max_restores = 1000;
  options.restore_delay = Duration(10);
  options.max_restore_delay = Duration(100);
  if (cluster_.workload() == Workload::windows) {
    options.watermark_delays.assign(world.scenario().num_sources, kDelay);
    options.no_data_epochs = NoDataEpochs::when_watermark_moves;
  }
  coordinator_ = std::make_shared<Coordinator>(Coordinator{
      submission.number,
      submission.attempt,
      term,
      num_keyed,
      EpochCoordinator(options, std::vector<std::string>(world.scenario().num_sources, "0")),
      recovered,
      false,
      {},
      {},
      {},
      0,
      {},
      num_keyed,
      0});
  world.trace("coordinator", term);
  report_running(num_keyed);
  open_tasks(-1, 0);
  if (coordinator_ && num_keyed != submission.program.parallelism)
    rescale(submission.program.parallelism);
}

Result<Placement> SimulatedNode::wanted_placement() const {
  std::vector<PlacementNode> nodes;
  for (const Member& member : board_.view().members) {
    if (!member.is_draining) nodes.push_back({member.node.id, member.node.slots});
  }
  // Sources are a stage of two or more tasks, or of one.
  return place_tasks({static_cast<std::uint32_t>(cluster_.world().scenario().num_sources),
                      static_cast<std::uint32_t>(coordinator_->num_keyed)},
                     nodes, coordinator_->layout.placement);
}

void SimulatedNode::open_tasks(EpochId from, std::int64_t attempt) {
  Coordinator& own = *coordinator_;
  auto placement = wanted_placement();
  if (!placement) return fail(placement.error());
  if (!own.layout.placement.empty() && own.layout.placement != *placement)
    cluster_.happened(ClusterFault::tasks_moved);
  own.layout = {{own.term, attempt},
                id_,
                cluster_.world().scenario().num_sources,
                std::move(*placement),
                from};
  own.sealed.assign(own.num_keyed, {});
  own.sequences.clear();
  own.opening = {own.layout.placement.begin(), own.layout.placement.end()};
  for (const std::string& node : own.opening) {
    cluster_.send(id_, node, [layout = own.layout](SimulatedNode& to) { to.open(layout); });
  }
  // Nodes that do not answer are as good as lost.
  cluster_.later(
      id_,
      [run = own.layout.run](SimulatedNode& self) {
        if (self.coordinator_ && self.coordinator_->layout.run == run &&
            !self.coordinator_->opening.empty())
          self.cluster_.later(
              self.id_,
              [run](SimulatedNode& again) {
                if (again.coordinator_ && again.coordinator_->layout.run == run &&
                    !again.coordinator_->opening.empty())
                  again.fail(transient("no answer of a node that was to open tasks"));
              },
              300);
      },
      300);
}

void SimulatedNode::opened(const Run& run, const std::string& node) {
  if (!coordinator_ || coordinator_->layout.run != run || coordinator_->opening.erase(node) == 0 ||
      !coordinator_->opening.empty())
    return;
  if (!coordinator_->has_started) {
    coordinator_->has_started = true;
    return commands(coordinator_->loop.on_start(now(), coordinator_->recovered));
  }
  commands(coordinator_->loop.on_tasks_restored(now(), run.second));
}

void SimulatedNode::done(const Run& run, const DoneMessage& message) {
  if (!coordinator_ || coordinator_->layout.run != run) return;
  TaskReport report;
  report.task = static_cast<TaskIndex>(message.task);
  report.statistics = message.statistics;
  for (const std::string& name : message.staged) {
    report.sink_messages.push_back({0, report.task, name});
    report.sink_messages.push_back({1, report.task, name});
  }
  if (message.state)
    coordinator_->sealed[message.task - coordinator_->layout.num_sources] = *message.state;
  commands(coordinator_->loop.on_task_done(message.epoch, std::move(report), now(), run.second));
}

void SimulatedNode::task_failed(const Run& run) {
  if (coordinator_ && coordinator_->layout.run == run) fail(transient("a task lost a frame"));
}

void SimulatedNode::check_placement(const std::vector<std::string>& lost) {
  if (!coordinator_) return;
  Coordinator& own = *coordinator_;
  const Placement& placement = own.layout.placement;
  const bool has_lost = std::any_of(lost.begin(), lost.end(), [&](const std::string& node) {
    return std::count(placement.begin(), placement.end(), node) > 0;
  });
  if (!own.opening.empty()) {
    if (has_lost) fail(transient("a node that was to open tasks is lost"));
    return;
  }
  const auto wanted = wanted_placement();
  if (has_lost || (wanted && *wanted != placement)) commands(own.loop.on_tasks_lost(now()));
}

void SimulatedNode::fail(Error error) {
  if (!coordinator_) return;
  coordinator_->opening.clear();
  if (!coordinator_->has_started) {
    // Nothing has begun: the policy of restarts decides.
    const SubmissionReport report{coordinator_->number, coordinator_->attempt,
                                  SubmissionState::failed, error.error_class(), error.message()};
    coordinator_.reset();
    return handle(board_.report_submission(report, now()));
  }
  commands(coordinator_->loop.on_failure(std::move(error), now()));
}

void SimulatedNode::stopped(const std::optional<Error>& error) {
  if (!coordinator_) return;
  cluster_.world().trace("stopped", coordinator_->term);
  if (error && error->error_class() == ErrorClass::fenced)
    cluster_.happened(ClusterFault::refused_owner);
  const SubmissionReport report{
      coordinator_->number, coordinator_->attempt, SubmissionState::failed,
      error ? error->error_class() : ErrorClass::transient, error ? error->message() : ""};
  coordinator_.reset();
  handle(board_.report_submission(report, now()));
}

void SimulatedNode::answer(std::function<Commands(Coordinator&)> event, EpochMillis delay_max) {
  cluster_.later(
      id_,
      [event = std::move(event),
       own = std::weak_ptr<Coordinator>(coordinator_)](SimulatedNode& self) {
        if (const auto alive = own.lock(); alive && alive == self.coordinator_)
          self.commands(event(*alive));
      },
      delay_max);
}

void SimulatedNode::write(std::function<Result<void>()> effect,
                          std::function<Commands(Coordinator&)> event) {
  const bool is_slow = cluster_.world().fault_chance(30);
  if (is_slow) cluster_.happened(ClusterFault::slow_disk);
  // On its way to the store it outlives its coordinator, and even its node.
  cluster_.world().at(now() + cluster_.world().pick(0, is_slow ? 150 : 4),
                      [&cluster = cluster_, id = id_, effect = std::move(effect),
                       event = std::move(event), own = std::weak_ptr<Coordinator>(coordinator_)] {
                        const Result<void> result = effect();
                        cluster.later(
                            id,
                            [result, event, own](SimulatedNode& self) {
                              const auto alive = own.lock();
                              if (!alive || alive != self.coordinator_) return;
                              if (!result) return self.fail(result.error());
                              self.commands(event(*alive));
                            },
                            4);
                      });
}

void SimulatedNode::commands(const Commands& list) {
  const auto own = coordinator_;
  for (const Command& command : list) {
    if (!own || own != coordinator_) return;
    World& world = cluster_.world();
    if (const auto* plan = std::get_if<PlanSources>(&command)) {
      std::vector<std::optional<std::string>> ends;
      for (std::size_t i = 0; i < plan->starts.size(); ++i) {
        const std::int64_t start = std::stoll(plan->starts[i]);
        ends.emplace_back(std::to_string(std::max(
            start, std::min(world.rows_available(i), start + world.scenario().rows_per_epoch))));
      }
      answer([epoch = plan->epoch, ends, this](Coordinator& c) {
        return c.loop.on_offsets_planned(epoch, now(), ends);
      });
    } else if (const auto* offsets = std::get_if<WriteOffsets>(&command)) {
      EpochOffsets entry = offsets->offsets;
      entry.parallelism = static_cast<std::uint32_t>(own->num_keyed);
      write([&world, term = own->term, entry] { return world.write_offsets(term, entry); },
            [epoch = entry.epoch, this](Coordinator& c) {
              return c.loop.on_offsets_written(epoch, now());
            });
    } else if (const auto* epoch = std::get_if<BeginEpoch>(&command)) {
      begin(*epoch);
    } else if (const auto* sinks = std::get_if<CommitSinks>(&command)) {
      commit_sinks(*sinks);
    } else if (const auto* commit = std::get_if<WriteCommit>(&command)) {
      write([&world, term = own->term, entry = commit->commit,
             states = own->sealed] { return world.write_commit(term, entry, states); },
            [number = commit->commit.epoch, this](Coordinator& c) {
              return c.loop.on_commit_written(number, now());
            });
    } else if (const auto* tick_at = std::get_if<ScheduleTick>(&command)) {
      world.at(tick_at->at, [&cluster = cluster_, id = id_, number = ++own->tick,
                             weak = std::weak_ptr<Coordinator>(own)] {
        cluster.later(
            id,
            [number, weak](SimulatedNode& self) {
              const auto alive = weak.lock();
              if (alive && alive == self.coordinator_ && alive->tick == number)
                self.commands(alive->loop.on_tick(self.now()));
            },
            0);
      });
    } else if (const auto* restore = std::get_if<RestoreTasks>(&command)) {
      if (restore->is_rescale) own->num_keyed = own->wanted_keyed;
      open_tasks(restore->from, restore->attempt);
    } else if (std::holds_alternative<Rescaled>(command)) {
      cluster_.happened(ClusterFault::rescale);
      report_running(own->num_keyed);
    } else if (const auto* end = std::get_if<Stopped>(&command)) {
      stopped(end->error);
    } else if (const auto* over = std::get_if<EpochCommitted>(&command)) {
      world.trace("committed", over->epoch);
    }
  }
}

void SimulatedNode::begin(const BeginEpoch& command) {
  Coordinator& own = *coordinator_;
  constexpr std::size_t kCoordinator = 1'000'000;  // as the sender of frames
  for (std::size_t source = 0; source < own.layout.num_sources; ++source) {
    Frame frame;
    frame.from = kCoordinator;
    frame.to = source;
    frame.sequence = own.sequences[source]++;
    frame.begin = command;
    cluster_.send(
        id_, own.layout.placement[source],
        [run = own.layout.run, frame](SimulatedNode& node) { node.take_frame(run, frame); }, true);
  }
}

void SimulatedNode::commit_sinks(const CommitSinks& command) {
  // One manifest and a transaction a task, in any order; a crash may come between any two.
  World& world = cluster_.world();
  std::vector<std::string> names;
  std::vector<std::function<Result<void>()>> effects;
  for (const SinkMessage& message : command.messages) {
    if (message.sink == 0) {
      names.push_back(message.content);
    } else {
      effects.emplace_back([&world, message, epoch = command.epoch] {
        return world.commit_marked(message.task, epoch, message.content);
      });
    }
  }
  effects.emplace_back(
      [&world, names, epoch = command.epoch] { return world.write_manifest(epoch, names); });
  const auto first =
      static_cast<std::size_t>(world.pick(0, static_cast<std::int64_t>(effects.size()) - 1));
  std::rotate(effects.begin(), effects.begin() + static_cast<std::ptrdiff_t>(first), effects.end());
  std::function<Commands(Coordinator&)> next = [this, epoch = command.epoch,
                                                attempt = command.attempt](Coordinator& c) {
    return c.loop.on_sinks_committed(epoch, now(), attempt);
  };
  for (const auto& effect : effects) {
    next = [this, effect, then = std::move(next)](Coordinator&) {
      write(effect, then);
      return Commands{};
    };
  }
  next(*coordinator_);
}

}  // namespace stream::simulation
