#include <actors/caught_error.hpp>
#include <actors/task_actor.hpp>
#include <libstream/execution/task_frame.hpp>

#include <fmt/format.h>

namespace stream {

void WakeTarget::aim(caf::actor task, caf::actor coordinator) {
  std::lock_guard lock(mutex_);
  task_ = std::move(task);
  coordinator_ = std::move(coordinator);
}

void WakeTarget::close() {
  std::lock_guard lock(mutex_);
  task_ = nullptr;
  coordinator_ = nullptr;
}

void WakeTarget::wake() {
  if (is_pending_.exchange(true)) return;
  std::lock_guard lock(mutex_);
  if (!task_) {
    is_pending_.store(false);
    return;
  }
  caf_compat::send_from_outside(task_, WakeTask{});
  caf_compat::send_from_outside(coordinator_, RowsArrived{});
}

/// Answers of the task become messages.
class TaskActor::Peers final : public TaskPeers {
 public:
  explicit Peers(TaskActor& self) : self_(self) {}

  void send(std::uint32_t to_task, std::uint32_t to_input, Element element) override {
    caf_compat::send(&self_, (*self_.tasks_)[to_task],
                     DeliverElement{to_input, std::move(element)});
  }
  void grant(std::uint32_t to_task, std::uint32_t to_output, std::int64_t bytes) override {
    caf_compat::send(&self_, (*self_.tasks_)[to_task], GrantCredit{to_output, bytes});
  }
  void done(TaskDone task_done) override {
    auto all = self_.setup_.generation->reports.add(std::move(task_done));
    if (all.empty()) return;
    report(ReportDone{generation(), std::make_shared<std::vector<TaskDone>>(std::move(all))});
  }
  void committed(EpochId epoch) override { report(ReportCommitted{generation(), epoch}); }
  void open_range_ended(EpochId epoch, std::uint32_t source, std::string end) override {
    report(ReportOpenEnd{generation(), epoch, source, std::move(end)});
  }
  void failed(Error error) override { self_.report_failure(std::move(error)); }

 private:
  std::uint64_t generation() const { return self_.setup_.generation->number; }
  template <class Report>
  void report(Report report) {
    caf_compat::send(&self_, self_.setup_.coordinator, std::move(report));
  }

  TaskActor& self_;
};

TaskActor::TaskActor(caf::actor_config& config, std::shared_ptr<TaskSetup> setup)
    : caf::event_based_actor(config),
      setup_(std::move(*setup)),
      peers_(std::make_unique<Peers>(*this)) {
  setup_.outside->attach(peers_.get());
}

TaskActor::~TaskActor() = default;

std::string TaskActor::place() const {
  const TaskNode& node = setup_.query->graph[setup_.number];
  return fmt::format("task {} of stage {}", node.index, setup_.query->plan.stages[node.stage].name);
}

void TaskActor::report_failure(Error error) {
  has_failed_ = true;
  caf_compat::send(this, setup_.coordinator,
                   ReportFailure{setup_.generation->number,
                                 std::make_shared<Error>(std::move(error).with_context(place()))});
}

template <class Event>
void TaskActor::take(Event event) {
  if (has_failed_ || setup_.generation->is_cancelled.load()) return;
  const QueryStatus::OwnThread working(*setup_.query->status);
  try {
    event(*setup_.task);
    if (!is_continue_pending_ && !has_failed_) run();
  } catch (...) {
    report_failure(caught_error("an operator, source or sink"));
  }
}

/// One step, about a batch: after so many of them as the scheduler allows messages in a turn, the
/// tasks that take the batches have theirs, while these are still in the cache.
void TaskActor::run() {
  if (setup_.task->step() != StepResult::progressed) return;
  is_continue_pending_ = true;
  caf_compat::send(this, caf::actor_cast<caf::actor>(this), ContinueSteps{});
}

void TaskActor::take_frame(Task& task, const DeliverFrame& message) {
  const TaskNode& node = setup_.query->graph[setup_.number];
  if (!pool_) pool_ = std::make_unique<BlockPool>();
  auto events = read_task_events(std::string_view(*message.frame).substr(message.elements_at),
                                 node.inputs.size(), node.outputs.size(), *pool_);
  if (!events) return report_failure(std::move(events).error());
  for (TaskEvent& event : *events) {
    if (auto* arrived = std::get_if<ElementArrived>(&event)) {
      task.deliver(arrived->input, std::move(arrived->element), arrived->charge);
    } else if (const auto* credit = std::get_if<CreditArrived>(&event)) {
      task.grant(credit->output, credit->bytes);
    } else if (auto* epoch = std::get_if<EpochArrived>(&event)) {
      task.begin_epoch(epoch->start, DealtSplits(epoch->splits));
    } else if (const auto* commit = std::get_if<CommitArrived>(&event)) {
      task.commit_epoch(commit->epoch);
    } else {
      task.end_open_range();
    }
  }
}

caf::behavior TaskActor::make_behavior() {
  return {
      [this](StartTask& message) { tasks_ = std::move(message.tasks); },
      [this](DeliverElement& message) {
        take([&](Task& task) { task.deliver(message.input, std::move(message.element)); });
      },
      [this](const DeliverFrame& message) { take([&](Task& task) { take_frame(task, message); }); },
      [this](const GrantCredit& message) {
        take([&](Task& task) { task.grant(message.output, message.bytes); });
      },
      [this](const ContinueSteps&) {
        is_continue_pending_ = false;
        take([](Task&) {});
      },
      [this](const WakeTask&) {
        setup_.wake->answered();
        take([](Task&) {});
      },
      [this](BeginSources& message) {
        take([&](Task& task) { task.begin_epoch(message.start, std::move(message.splits)); });
      },
      [this](const EndRanges&) { take([](Task& task) { task.end_open_range(); }); },
      [this](const CommitTask& message) {
        take([&](Task& task) { task.commit_epoch(message.epoch); });
      },
  };
}

void TaskActor::on_exit() {
  setup_.wake->close();
  const QueryStatus::OwnThread working(*setup_.query->status);
  setup_.task.reset();
  tasks_.reset();  // the tasks hold one another
  caf_compat::send(this, setup_.coordinator, ReportExit{setup_.generation->number, setup_.number});
  setup_.coordinator = nullptr;
  setup_.pass.reset();
}

}  // namespace stream
