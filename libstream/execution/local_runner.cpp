#include <libstream/base/unique_id.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/execution/query_loop.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace stream {
namespace {

/// What the query's thread and its callers share; `mutex` guards all of it.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool was_woken = false;
  std::optional<bool> stop_request;  // value: gracefully
  std::size_t epochs_wanted = 0;     // by run_epochs, not yet handed to the loop
  std::int64_t epochs_committed = 0;
  std::int64_t catch_up_request = 0;  // the newest of process_all_available
  std::int64_t caught_up = 0;
  std::int64_t rescale_request = 0;  // the newest
  std::uint32_t parallelism_wanted = 0;
  std::int64_t rescaled = 0;
  std::optional<Error> rescale_error;  // of the newest that was answered
  bool has_ended = false;
  std::optional<Error> error;
  std::optional<QueryProgress> last_progress;

  void wake() {
    std::lock_guard lock(mutex);
    was_woken = true;
    changed.notify_all();
  }
};

class LocalQuery final : public RunningQuery, public QueryHost, public TaskPeers {
 public:
  LocalQuery(PhysicalPlan plan, QueryOptions options)
      : plan_(std::make_shared<const PhysicalPlan>(std::move(plan))),
        options_(std::move(options)),
        run_id_(make_unique_id()),
        graph_(make_task_graph(*plan_)),
        random_(options_.seed) {}

  ~LocalQuery() override {
    stop(false);
    if (thread_.joinable()) thread_.join();
  }

  Result<void> start() {
    STREAM_TRY(auto services, QueryServices::open(plan_, options_));
    id_ = services->query_id();
    STREAM_TRY(auto offsets, services->initial_offsets());
    loop_ = std::make_unique<QueryLoop>(plan_, options_, run_id_, std::move(services),
                                        std::move(offsets), *this);
    STREAM_TRY(restore_tasks({}));
    for (const auto& listener : options_.listeners)
      listener->on_query_started(id_, run_id_, options_.name);
    thread_ = std::thread([this] { run(); });
    return {};
  }

  const std::string& id() const override { return id_; }
  const std::string& run_id() const override { return run_id_; }

  void stop(bool gracefully) override {
    std::unique_lock lock(shared_->mutex);
    if (!thread_.joinable()) return;
    if (!shared_->stop_request || !gracefully) shared_->stop_request = gracefully;
    shared_->changed.notify_all();
    if (std::this_thread::get_id() == thread_.get_id()) return;
    shared_->changed.wait(lock, [&] { return shared_->has_ended; });
  }

  Result<bool> await_termination(std::optional<Duration> timeout) override {
    std::unique_lock lock(shared_->mutex);
    const auto ended = [&] { return shared_->has_ended; };
    if (!timeout) {
      shared_->changed.wait(lock, ended);
    } else if (!shared_->changed.wait_for(lock, *timeout, ended)) {
      return false;
    }
    if (shared_->error) return *shared_->error;
    return true;
  }

  bool is_active() const override {
    std::lock_guard lock(shared_->mutex);
    return !shared_->has_ended;
  }

  std::optional<QueryProgress> last_progress() const override {
    std::lock_guard lock(shared_->mutex);
    return shared_->last_progress;
  }

  Result<void> run_epochs(std::size_t epochs) override {
    std::unique_lock lock(shared_->mutex);
    const std::int64_t wanted = shared_->epochs_committed + static_cast<std::int64_t>(epochs);
    shared_->epochs_wanted += epochs;
    shared_->changed.notify_all();
    shared_->changed.wait(
        lock, [&] { return shared_->has_ended || shared_->epochs_committed >= wanted; });
    if (shared_->error) return *shared_->error;
    if (shared_->epochs_committed < wanted) return fatal("the query has stopped");
    return {};
  }

  Result<void> process_all_available() override {
    if (std::this_thread::get_id() == thread_.get_id())
      return fatal(
          "process_all_available was called from within the query itself; call it from another "
          "thread");
    std::unique_lock lock(shared_->mutex);
    const std::int64_t request = ++shared_->catch_up_request;
    shared_->changed.notify_all();
    shared_->changed.wait(lock,
                          [&] { return shared_->has_ended || shared_->caught_up >= request; });
    if (shared_->error) return *shared_->error;
    return {};
  }

  Result<void> rescale(std::uint32_t parallelism) override {
    if (std::this_thread::get_id() == thread_.get_id())
      return fatal("rescale was called from within the query itself; call it from another thread");
    std::lock_guard one_at_a_time(rescale_mutex_);
    std::unique_lock lock(shared_->mutex);
    const std::int64_t request = ++shared_->rescale_request;
    shared_->parallelism_wanted = parallelism;
    shared_->changed.notify_all();
    shared_->changed.wait(lock, [&] { return shared_->has_ended || shared_->rescaled >= request; });
    if (shared_->rescaled >= request && shared_->rescale_error) return *shared_->rescale_error;
    if (shared_->error) return *shared_->error;
    if (shared_->rescaled < request) return fatal("the query ended before it was rescaled");
    return {};
  }

 private:
  void run() {
    loop_->start();
    while (!has_stopped_) {
      take_requests();
      while (!answers_.empty() && !has_stopped_) {
        auto answer = std::move(answers_.front());
        answers_.pop_front();
        answer();
      }
      if (!has_stopped_ && !step_tasks() && answers_.empty()) wait();
    }
    tasks_.clear();
    for (const auto& listener : options_.listeners)
      listener->on_query_terminated(id_, run_id_, stop_error_);
    loop_.reset();  // gives the checkpoint's lock back before anyone hears of the end
    std::lock_guard lock(shared_->mutex);
    shared_->has_ended = true;
    shared_->error = stop_error_;
    shared_->changed.notify_all();
  }

  void take_requests() {
    std::optional<bool> stop_request;
    std::size_t epochs = 0;
    std::int64_t catch_up_request = 0;
    std::int64_t rescale_request = 0;
    std::uint32_t parallelism = 0;
    bool has_rows = false;
    {
      std::lock_guard lock(shared_->mutex);
      stop_request = std::exchange(shared_->stop_request, std::nullopt);
      epochs = std::exchange(shared_->epochs_wanted, 0);
      catch_up_request = shared_->catch_up_request;
      rescale_request = shared_->rescale_request;
      parallelism = shared_->parallelism_wanted;
      has_rows = std::exchange(shared_->was_woken, false);
    }
    if (epochs > 0) loop_->run_epochs(epochs);
    if (has_rows) loop_->on_rows_available();
    if (catch_up_request > catch_up_taken_) loop_->catch_up(catch_up_taken_ = catch_up_request);
    if (rescale_request > rescale_taken_)
      loop_->rescale(rescale_taken_ = rescale_request, parallelism);
    if (stop_request) loop_->stop(*stop_request);
    if (tick_at_ && options_.clock->wall_millis() >= *tick_at_) {
      tick_at_.reset();
      loop_->on_tick();
    }
  }

  /// One step of every task that can, in an order drawn anew each round.
  bool step_tasks() {
    if (order_.size() > 1) std::shuffle(order_.begin(), order_.end(), random_);
    bool progressed = false;
    const std::uint64_t generation = generation_;
    for (const std::uint32_t number : order_) {
      if (tasks_[number]->step() == StepResult::progressed) progressed = true;
      if (generation != generation_) return true;
    }
    return progressed;
  }

  void wait() {
    std::unique_lock lock(shared_->mutex);
    const auto has_work = [&] {
      return shared_->was_woken || shared_->stop_request || shared_->epochs_wanted > 0 ||
             shared_->catch_up_request > catch_up_taken_ ||
             shared_->rescale_request > rescale_taken_;
    };
    if (!tick_at_) {
      shared_->changed.wait(lock, has_work);
      return;
    }
    const std::int64_t millis = *tick_at_ - options_.clock->wall_millis();
    // A clock that jumps is noticed within a minute.
    if (millis > 0)
      shared_->changed.wait_for(lock, Duration(std::min<std::int64_t>(millis, 60'000)), has_work);
  }

  // QueryHost
  void run_blocking(std::function<Answer()> work) override { answers_.push_back(work()); }

  void begin_epoch(const EpochAssignment& assignment) override {
    for (const auto& [task, splits] : assignment.splits)
      tasks_[task]->begin_epoch(assignment.start, splits);
  }

  void end_open_ranges() override {
    for (auto& task : tasks_) task->end_open_range();
  }

  std::size_t commit_tasks(EpochId epoch) override {
    std::size_t asked = 0;
    for (std::uint32_t number = 0; number < graph_.size(); ++number) {
      if (!plan_->has_marker_sink(plan_->stages[graph_[number].stage])) continue;
      ++asked;
      // Not at once: an answer must not come before the number of those that are asked.
      answers_.push_back([this, generation = generation_, number, epoch] {
        if (generation == generation_) tasks_[number]->commit_epoch(epoch);
      });
    }
    return asked;
  }

  void change_plan(std::shared_ptr<const PhysicalPlan> plan) override {
    ++generation_;
    tasks_.clear();
    order_.clear();
    plan_ = std::move(plan);
    graph_ = make_task_graph(*plan_);
  }

  Result<void> restore_tasks(const RestoredState& state) override {
    ++generation_;
    tasks_.clear();
    order_.clear();
    TaskOptions options;
    options.files = options_.files;
    options.sink_files = &loop_->services().sink_files();
    options.clock = options_.clock;
    options.query_id = id_;
    options.term = loop_->services().term();
    options.seals_state = loop_->services().is_durable();
    options.batch_rows = options_.batch_rows;
    options.channel_bytes = options_.channel_bytes;
    options.wake = [shared = shared_] { shared->wake(); };
    for (std::uint32_t number = 0; number < graph_.size(); ++number) {
      if (const auto sink = plan_->stages[graph_[number].stage].sink)
        options.sink_history = loop_->sink_history(*sink, graph_[number].index);
      tasks_.push_back(std::make_unique<Task>(*plan_, graph_[number], number, options, *this));
      const auto found = state.find(number);
      STREAM_TRY(
          tasks_.back()->open(found == state.end() ? std::vector<SealedState>{} : found->second));
      order_.push_back(number);
    }
    return {};
  }

  void schedule_tick(EpochMillis at) override { tick_at_ = at; }

  void epoch_committed(const QueryProgress& progress) override {
    for (const auto& listener : options_.listeners) listener->on_query_progress(progress);
    std::lock_guard lock(shared_->mutex);
    shared_->last_progress = progress;
    ++shared_->epochs_committed;
    shared_->changed.notify_all();
  }

  void caught_up(std::int64_t request) override {
    std::lock_guard lock(shared_->mutex);
    shared_->caught_up = request;
    shared_->changed.notify_all();
  }

  void rescaled(std::int64_t request, const std::optional<Error>& error) override {
    std::lock_guard lock(shared_->mutex);
    shared_->rescaled = request;
    shared_->rescale_error = error;
    shared_->changed.notify_all();
  }

  void stopped(const std::optional<Error>& error) override {
    has_stopped_ = true;
    stop_error_ = error;
  }

  // TaskPeers: answers wait until the round is over, so that no task is destroyed in its own step.
  void send(std::uint32_t to_task, std::uint32_t to_input, Element element) override {
    tasks_[to_task]->deliver(to_input, std::move(element));
  }
  void grant(std::uint32_t to_task, std::uint32_t to_output, std::int64_t bytes) override {
    tasks_[to_task]->grant(to_output, bytes);
  }
  void done(TaskDone task_done) override {
    answers_.push_back([this, generation = generation_,
                        shared_done = std::make_shared<TaskDone>(std::move(task_done))] {
      if (generation == generation_) loop_->on_task_done(std::move(*shared_done));
    });
  }
  void committed(EpochId epoch) override {
    answers_.push_back([this, generation = generation_, epoch] {
      if (generation == generation_) loop_->on_task_committed(epoch);
    });
  }
  void open_range_ended(EpochId epoch, std::uint32_t source, std::string end) override {
    answers_.push_back([this, generation = generation_, epoch, source, end = std::move(end)] {
      if (generation == generation_) loop_->on_open_range_ended(epoch, source, end);
    });
  }
  void failed(Error error) override {
    answers_.push_back([this, generation = generation_, error = std::move(error)] {
      if (generation == generation_) loop_->on_task_failed(error);
    });
  }

  std::shared_ptr<const PhysicalPlan> plan_;
  QueryOptions options_;
  std::string id_;
  std::string run_id_;
  std::vector<TaskNode> graph_;
  std::mt19937_64 random_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::mutex rescale_mutex_;  // of callers

  // The query's thread only, once it runs:
  std::unique_ptr<QueryLoop> loop_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<std::uint32_t> order_;
  std::deque<Answer> answers_;
  std::uint64_t generation_ = 0;
  std::optional<EpochMillis> tick_at_;
  std::int64_t catch_up_taken_ = 0;
  std::int64_t rescale_taken_ = 0;
  bool has_stopped_ = false;
  std::optional<Error> stop_error_;

  std::thread thread_;
};

class LocalRunner final : public Runner {
 public:
  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    auto query = std::make_unique<LocalQuery>(std::move(plan), std::move(options));
    STREAM_TRY(query->start());
    return std::unique_ptr<RunningQuery>(std::move(query));
  }
};

}  // namespace

std::shared_ptr<Runner> local_runner() {
  static const std::shared_ptr<Runner> runner = std::make_shared<LocalRunner>();
  return runner;
}

}  // namespace stream
