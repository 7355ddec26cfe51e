#include <libstream/execution/query_loop.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {

namespace {

NoDataEpochs most_wanted(const PhysicalPlan& plan) {
  NoDataEpochs wanted = NoDataEpochs::never;
  for (const Stage& stage : plan.stages) {
    for (const PhysicalOperator& op : stage.operators) wanted = std::max(wanted, op.no_data_epochs);
  }
  return wanted;
}

/// The stage's rows lie where the splits were read, so another division into splits moves them.
bool is_dealt_by_split(const PhysicalPlan& plan, const Stage& stage) {
  if (stage.parallelism == 1) return false;
  if (stage.source) return true;
  return std::any_of(stage.inputs.begin(), stage.inputs.end(), [&](const StageInput& input) {
    return input.exchange == Exchange::forward && is_dealt_by_split(plan, plan.stages[input.from]);
  });
}

/// Commands are being carried out, until they are or one throws.
class Handling {
 public:
  explicit Handling(bool& flag) : flag_(flag) { flag_ = true; }
  ~Handling() { flag_ = false; }

 private:
  bool& flag_;
};

bool has_marker_sinks_by_split(const PhysicalPlan& plan) {
  return std::any_of(plan.stages.begin(), plan.stages.end(), [&](const Stage& stage) {
    return plan.has_marker_sink(stage) && is_dealt_by_split(plan, stage);
  });
}

}  // namespace

CoordinatorOptions coordinator_options(const PhysicalPlan& plan, const QueryOptions& options,
                                       const QueryServices& services) {
  CoordinatorOptions made;
  made.trigger = options.trigger;
  made.num_tasks = plan.num_tasks();
  for (const auto& source : plan.sources) {
    made.open_ranges.push_back(source->has_open_ranges());
    made.static_sources.push_back(source->is_static());
    made.makes_empty_first_epoch |= source->makes_empty_first_epoch();
  }
  made.watermark_delays = plan.watermark_delays;
  made.watermark_policy = plan.watermark_policy;
  made.idle_timeout_millis = plan.idle_timeout_millis;
  if (options.no_data_epochs) made.no_data_epochs = most_wanted(plan);
  // A restart plans the rows since the last checkpoint anew: other splits, other tasks.
  const bool must_commit_each = has_marker_sinks_by_split(plan);
  const bool is_fast = options.trigger.kind == Trigger::Kind::processing_time &&
                       options.trigger.interval < Duration(50);
  made.checkpoint_interval = options.checkpoint_interval.value_or(Duration(is_fast ? 1000 : 0));
  if (must_commit_each) made.checkpoint_interval = Duration(0);
  made.durable = services.is_durable();
  made.overlaps_commits = made.checkpoint_interval > Duration(0) && !plan.has_marker_sinks() &&
                          !services.blocks_to_commit_sinks();
  made.run_empty_epochs = options.run_empty_epochs;
  return made;
}

namespace {

ProgressReporter::Query describe(const PhysicalPlan& plan, const QueryOptions& options,
                                 std::string id, std::string run_id,
                                 std::vector<std::string> start_offsets) {
  ProgressReporter::Query query;
  query.id = std::move(id);
  query.run_id = std::move(run_id);
  query.name = options.name;
  for (const auto& source : plan.sources) query.sources.push_back(source->description());
  for (const auto& sink : plan.sinks) query.sinks.push_back(sink->description());
  query.start_offsets = std::move(start_offsets);
  query.operators = operators_from_sinks(plan);
  for (const auto& source : plan.sources) query.static_sources.push_back(source->is_static());
  query.has_watermarks = !plan.watermark_delays.empty();
  return query;
}

}  // namespace

QueryLoop::QueryLoop(std::shared_ptr<const PhysicalPlan> plan, const QueryOptions& options,
                     std::string run_id, std::unique_ptr<QueryServices> services,
                     std::vector<std::string> initial_offsets, QueryHost& host)
    : plan_(std::move(plan)),
      parallelism_(options.parallelism),
      options_(options),
      services_(std::move(services)),
      coordinator_(coordinator_options(*plan_, options, *services_), initial_offsets),
      reporter_(describe(*plan_, options, services_->query_id(), std::move(run_id),
                         std::move(initial_offsets))),
      host_(host),
      committed_messages_(services_->recovered().sink_messages) {}

void QueryLoop::start() {
  handle(coordinator_.on_start(now(), services_->recovered()));
  if (options_.rescale_to != 0) rescale(0, options_.rescale_to);
}

void QueryLoop::on_tick() { handle(coordinator_.on_tick(now())); }

void QueryLoop::on_task_done(TaskDone done) {
  if (are_tasks_given_up()) return;  // their epoch runs again
  if (options_.on_reject) {
    for (const Reject& reject : done.rejects) options_.on_reject(reject);
  }
  const EpochId epoch = done.epoch;
  if (done.state.empty() && done.files.empty()) {
    handle(coordinator_.on_task_done(epoch, std::move(done.report), now()));
    return;
  }
  auto shared = std::make_shared<TaskDone>(std::move(done));
  blocking([this, shared] { return services_->write_state(*shared); },
           [this, shared, epoch] {
             handle(coordinator_.on_task_done(epoch, std::move(shared->report), now()));
           });
}

void QueryLoop::on_open_range_ended(EpochId epoch, std::uint32_t source, std::string end) {
  if (!are_tasks_given_up())
    handle(coordinator_.on_open_range_ended(epoch, source, std::move(end)));
}

void QueryLoop::on_task_failed(Error error) {
  if (!are_tasks_given_up()) fail(std::move(error));
}

void QueryLoop::on_work_failed(Error error) { fail(std::move(error)); }

void QueryLoop::on_tasks_lost() { handle(coordinator_.on_tasks_lost(now())); }

void QueryLoop::on_rows_available() { handle(coordinator_.on_rows_available(now())); }

void QueryLoop::run_epochs(std::size_t epochs) {
  handle(coordinator_.on_run_epochs(epochs, now()));
}

void QueryLoop::catch_up(std::int64_t request) { handle(coordinator_.on_catch_up(request, now())); }

Result<QueryLoop::Rescale> QueryLoop::plan_rescale(std::uint32_t parallelism) const {
  for (const auto& source : plan_->sources) {
    if (!source->is_replayable())
      return bad_option(fmt::format(
          "the query cannot be rescaled: its tasks hold rows of source {} that nothing could read "
          "again; stop it gracefully and start it with parallelism {}",
          source->description(), parallelism));
  }
  if (!services_->is_durable() && has_stateful_operator(*plan_))
    return bad_option(
        "the query cannot be rescaled: it has state, which only a checkpoint directory can carry "
        "to other tasks; give it one");
  STREAM_TRY(PhysicalPlan plan, with_parallelism(*plan_, parallelism));
  return Rescale{std::make_shared<const PhysicalPlan>(std::move(plan)), parallelism};
}

void QueryLoop::rescale(std::int64_t request, std::uint32_t parallelism) {
  if (parallelism == parallelism_ && !rescale_) return host_.rescaled(request, std::nullopt);
  auto planned = plan_rescale(parallelism);
  if (!planned) return host_.rescaled(request, planned.error());
  rescale_ = std::move(*planned);
  handle(coordinator_.on_rescale(request, rescale_->plan->num_tasks(), now()));
}

void QueryLoop::stop(bool gracefully) { handle(coordinator_.on_stop(gracefully, now())); }

void QueryLoop::handle(Commands commands) {
  for (Command& command : commands) pending_.push_back(std::move(command));
  if (is_handling_) return;  // a command's answer came at once: the outer call goes on with it
  const Handling handling(is_handling_);
  while (!pending_.empty()) {
    Command command = std::move(pending_.front());
    pending_.pop_front();
    std::visit([this](auto& c) { carry_out(std::move(c)); }, command);
  }
}

template <class T, class Then>
void QueryLoop::go_on(Result<T> result, Then& then) {
  if (!result) {
    fail(std::move(result).error());
  } else if constexpr (std::is_void_v<T>) {
    then();
  } else {
    then(std::move(*result));
  }
}

template <class Work, class Then>
void QueryLoop::blocking(Work work, Then then, Validity validity) {
  if (validity == Validity::of_planners) ++num_with_planners_;
  host_.run_blocking([this, validity, attempt = attempt_, work = std::move(work),
                      then = std::move(then)]() mutable -> QueryHost::Answer {
    auto result = std::make_shared<decltype(work())>(work());
    return [this, validity, attempt, result, then = std::move(then)]() mutable {
      if (validity == Validity::of_planners) --num_with_planners_;
      const bool is_valid = attempt == attempt_ || (*result && validity == Validity::lasting);
      if (is_valid) go_on(std::move(*result), then);
    };
  });
}

template <class Work, class Then>
void QueryLoop::with_planners(Work work, Then then) {
  if (!services_->blocks_to_plan() && num_with_planners_ == 0) return go_on(work(), then);
  blocking(std::move(work), std::move(then), Validity::of_planners);
}

void QueryLoop::carry_out(PlanSources command) {
  with_planners(
      [this, command] { return services_->plan_sources(command); },
      [this, command](PlannedSources sources) { take_plan(command, std::move(sources)); });
}

void QueryLoop::take_plan(const PlanSources& command, PlannedSources sources) {
  auto ends = sources.ends;
  standings_[command.epoch] = std::move(sources.standings);
  planned_[command.epoch] = {command.starts, std::move(sources)};
  handle(coordinator_.on_offsets_planned(command.epoch, now(), std::move(ends)));
}

std::optional<std::vector<std::vector<Split>>> QueryLoop::take_planned(
    const EpochOffsets& offsets) {
  const auto found = planned_.find(offsets.epoch);
  if (found == planned_.end()) return std::nullopt;
  Planned planned = std::move(found->second);
  planned_.erase(planned_.begin(), std::next(found));
  for (std::size_t i = 0; i < offsets.ranges.size(); ++i) {
    const SourceRange& range = offsets.ranges[i];
    const auto& end = planned.sources.ends[i];
    const bool is_same = range.start == planned.starts[i] && range.is_open == !end.has_value() &&
                         (range.is_open || range.end == *end);
    if (!is_same) return std::nullopt;
  }
  return std::move(planned.sources.splits);
}

void QueryLoop::carry_out(WriteOffsets command) {
  const EpochId epoch = command.offsets.epoch;
  blocking([this, command] { return services_->write_offsets(command); },
           [this, epoch] { handle(coordinator_.on_offsets_written(epoch, now())); });
}

void QueryLoop::carry_out(BeginEpoch command) {
  if (const auto splits = take_planned(command.offsets)) {
    host_.begin_epoch(make_assignment(*plan_, command, *splits));
    return;
  }
  with_planners([this, command] { return services_->plan_splits(command.offsets.ranges); },
                [this, command](const std::vector<std::vector<Split>>& splits) {
                  host_.begin_epoch(make_assignment(*plan_, command, splits));
                });
}

void QueryLoop::carry_out(EndOpenRanges) { host_.end_open_ranges(); }

void QueryLoop::carry_out(CommitSinks command) {
  committing_ = std::move(command);
  tasks_to_commit_ = host_.commit_tasks(committing_.epoch);
  if (tasks_to_commit_ == 0) commit_sinks();
}

void QueryLoop::on_task_committed(EpochId epoch) {
  if (are_tasks_given_up() || epoch != committing_.epoch || tasks_to_commit_ == 0) return;
  if (--tasks_to_commit_ == 0) commit_sinks();
}

void QueryLoop::commit_sinks() {
  auto work = [this, command = committing_] { return services_->commit_sinks(command); };
  auto then = [this, epoch = committing_.epoch] {
    handle(coordinator_.on_sinks_committed(epoch, now()));
  };
  if (!services_->blocks_to_commit_sinks()) return go_on(work(), then);
  blocking(std::move(work), std::move(then));
}

SinkHistory QueryLoop::sink_history(std::uint32_t sink, std::uint32_t task) const {
  SinkHistory history;
  const auto& recovered = services_->recovered();
  history.last_committed = std::max(coordinator_.last_committed(), recovered.last_committed);
  if (recovered.uncommitted) history.unfinished = recovered.uncommitted->epoch;
  history.unfinished = std::max(history.unfinished, committing_.epoch);
  if (history.unfinished <= history.last_committed) history.unfinished = -1;
  for (const SinkMessage& message : committed_messages_) {
    if (message.sink == sink && message.task == task) history.last_message = message.content;
  }
  return history;
}

void QueryLoop::carry_out(WriteCommit command) {
  const EpochId epoch = command.commit.epoch;
  blocking([this, command] { return services_->write_commit(command); },
           [this, epoch] { handle(coordinator_.on_commit_written(epoch, now())); },
           Validity::lasting);
}

void QueryLoop::carry_out(EpochCommitted command) {
  auto standings = std::move(standings_[command.epoch]);
  standings_.erase(standings_.begin(), standings_.upper_bound(command.epoch));
  host_.epoch_committed(reporter_.on_epoch_committed(command, now(), std::move(standings)));
  if (!command.is_checkpoint) return;
  if (committing_.epoch == command.epoch) committed_messages_ = committing_.messages;
  with_planners([this, ends = command.ends] { return services_->commit_sources(ends); }, [] {});
  blocking([this, epoch = command.epoch] { return services_->sweep(epoch); }, [] {});
  if (options_.lose_tasks_after_every_epoch) handle(coordinator_.on_tasks_lost(now()));
  if (const auto& all = options_.rescale_after_every_epoch; !all.empty())
    rescale(0, all[static_cast<std::size_t>(command.epoch) % all.size()]);
}

void QueryLoop::carry_out(CaughtUp command) { host_.caught_up(command.request); }

void QueryLoop::carry_out(ScheduleTick command) { host_.schedule_tick(command.at); }

void QueryLoop::carry_out(RestoreTasks command) {
  ++attempt_;
  tasks_to_commit_ = 0;
  planned_.clear();
  std::optional<Rescale> changed;
  if (command.is_rescale) changed = std::exchange(rescale_, std::nullopt);
  if (changed) {
    plan_ = changed->plan;
    parallelism_ = changed->parallelism;
    is_plan_new_ = true;
    reporter_.set_operators(operators_from_sinks(*plan_));
  }
  const auto load = [this, changed, from = command.from] {
    if (changed) services_->change_plan(changed->plan, changed->parallelism);
    return services_->load_state(from);
  };
  const auto then = [this](RestoredState state) {
    if (std::exchange(is_plan_new_, false)) host_.change_plan(plan_);
    if (auto restored = host_.restore_tasks(state); !restored) {
      fail(std::move(restored).error());
    } else {
      handle(coordinator_.on_tasks_restored(now()));
    }
  };
  blocking(load, then, Validity::of_planners);
}

void QueryLoop::carry_out(Rescaled command) { host_.rescaled(command.request, std::nullopt); }

void QueryLoop::carry_out(Stopped command) { host_.stopped(command.error); }

}  // namespace stream
