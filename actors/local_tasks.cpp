#include <actors/caught_error.hpp>
#include <actors/interruptible.hpp>
#include <actors/local_tasks.hpp>

namespace stream {
namespace {

bool may_block(const PhysicalPlan& plan, const TaskNode& node) {
  const Stage& stage = plan.stages[node.stage];
  return (stage.sink && plan.sinks[*stage.sink]->may_block()) ||
         (stage.source && plan.sources[*stage.source]->may_block());
}

}  // namespace

LocalTasks::LocalTasks(caf::actor_system& system, std::shared_ptr<const QueryDefinition> query)
    : system_(system), query_(std::move(query)) {}

Result<void> LocalTasks::open(std::uint64_t generation, const std::vector<std::uint32_t>& numbers,
                              const RestoredState& state, const TaskGround& ground) {
  generation_ = std::make_shared<TaskGeneration>(generation, numbers.size());
  numbers_ = numbers;
  opened_.clear();
  for (const std::uint32_t number : numbers) {
    STREAM_TRY(auto setup, open_task(number, state, ground));
    opened_.push_back(std::move(setup));
  }
  return {};
}

Result<std::shared_ptr<TaskSetup>> LocalTasks::open_task(std::uint32_t number,
                                                         const RestoredState& state,
                                                         const TaskGround& ground) {
  const QueryOptions& options = query_->options;
  auto setup = std::make_shared<TaskSetup>();
  setup->query = query_;
  setup->generation = generation_;
  setup->number = number;
  setup->wake = std::make_shared<WakeTarget>();
  setup->outside = std::make_unique<TaskOutside>();
  TaskOptions task_options;
  task_options.files = options.files;
  task_options.sink_files = ground.sink_files;
  task_options.clock = options.clock;
  task_options.query_id = ground.query_id;
  task_options.term = ground.term;
  if (const auto history = ground.sink_histories.find(number);
      history != ground.sink_histories.end())
    task_options.sink_history = history->second;
  task_options.seals_state = ground.seals_state;
  task_options.batch_rows = options.batch_rows;
  task_options.channel_bytes = options.channel_bytes;
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

void LocalTasks::spawn(std::vector<caf::actor>& all, const caf::actor& coordinator) {
  wakes_.clear();
  for (std::shared_ptr<TaskSetup>& setup : opened_) {
    setup->coordinator = coordinator;
    setup->pass = gate_->make_pass();
    wakes_.push_back(setup->wake);
    const std::uint32_t number = setup->number;
    if (may_block(query_->plan, query_->graph[number])) {
      all[number] = system_.spawn<TaskActor, caf::detached>(setup);
    } else {
      all[number] = system_.spawn<TaskActor>(setup);
    }
  }
  opened_.clear();
}

void LocalTasks::cancel() {
  if (generation_) generation_->is_cancelled.store(true);
  for (const auto& sink : query_->plan.sinks) {
    if (const auto* blocked = dynamic_cast<const Interruptible*>(sink.get())) blocked->interrupt();
  }
}

void LocalTasks::end(const std::vector<caf::actor>& all) {
  cancel();
  opened_.clear();
  for (const caf::actor& task : all) {
    if (task) caf::anon_send_exit(task, caf::exit_reason::user_shutdown);
  }
  gate_->wait_until_empty();
}

}  // namespace stream
