#include <actors/coordinator_actor.hpp>
#include <actors/query_handle.hpp>
#include <libstream/base/unique_id.hpp>

#include <mutex>

namespace stream {
namespace {

class ActorQuery final : public RunningQuery {
 public:
  ActorQuery(std::shared_ptr<void> keep_alive, caf::actor coordinator,
             std::shared_ptr<QueryStatus> status, std::string id, std::string run_id)
      : keep_alive_(std::move(keep_alive)),
        coordinator_(std::move(coordinator)),
        status_(std::move(status)),
        id_(std::move(id)),
        run_id_(std::move(run_id)) {}

  ~ActorQuery() override { stop(false); }

  const std::string& id() const override { return id_; }
  const std::string& run_id() const override { return run_id_; }

  void stop(bool gracefully) override {
    caf_compat::send_from_outside(coordinator_, StopQuery{gracefully});
    if (!status_->is_own_thread()) status_->wait_for_end();
  }

  Result<bool> await_termination(std::optional<Duration> timeout) override {
    if (status_->is_own_thread())
      return fatal(
          "await_termination was called from within the query itself; call it from another thread");
    return status_->wait_for_end(timeout);
  }
  bool is_active() const override { return !status_->has_ended(); }
  std::optional<QueryProgress> last_progress() const override { return status_->last_progress(); }

  Result<void> run_epochs(std::size_t epochs) override {
    if (status_->is_own_thread())
      return fatal(
          "run_epochs was called from within the query itself; call it from another thread");
    const std::int64_t wanted = status_->num_committed() + static_cast<std::int64_t>(epochs);
    caf_compat::send_from_outside(coordinator_, RunEpochs{epochs});
    return status_->wait_for_epochs(wanted);
  }

  Result<void> process_all_available() override {
    if (status_->is_own_thread())
      return fatal(
          "process_all_available was called from within the query itself; call it from another "
          "thread");
    const std::int64_t request = status_->next_catch_up_request();
    caf_compat::send_from_outside(coordinator_, CatchUp{request});
    return status_->wait_for_catch_up(request);
  }

  Result<void> rescale(std::uint32_t parallelism) override {
    if (status_->is_own_thread())
      return fatal("rescale was called from within the query itself; call it from another thread");
    std::lock_guard one_at_a_time(rescale_mutex_);
    const std::int64_t request = status_->next_rescale_request();
    caf_compat::send_from_outside(coordinator_, RescaleQuery{request, parallelism});
    return status_->wait_for_rescale(request);
  }

 private:
  std::mutex rescale_mutex_;
  std::shared_ptr<void> keep_alive_;  // let go of last
  caf::actor coordinator_;
  std::shared_ptr<QueryStatus> status_;
  std::string id_;
  std::string run_id_;
};

}  // namespace

Result<StartedQuery> start_query(caf::actor_system& system, PhysicalPlan plan, QueryOptions options,
                                 std::shared_ptr<void> keep_alive,
                                 std::shared_ptr<OtherNodes> nodes) {
  auto query = std::make_shared<QueryDefinition>();
  query->plan = std::move(plan);
  query->options = std::move(options);
  query->run_id = make_unique_id();
  query->graph = make_task_graph(query->plan);
  query->status = std::make_shared<QueryStatus>();

  auto setup = std::make_shared<CoordinatorSetup>();
  setup->query = query;
  setup->nodes = std::move(nodes);
  // A node that is stopped would keep the lock, and nobody could take its queries over.
  STREAM_TRY(setup->services, QueryServices::open(plan_of(query), query->options,
                                                  setup->nodes ? CheckpointOwnership::by_term
                                                               : CheckpointOwnership::locked));
  STREAM_TRY(setup->initial_offsets, setup->services->initial_offsets());
  const std::string id = setup->services->query_id();

  std::future<Result<void>> started = setup->started.get_future();
  caf::actor coordinator = system.spawn<CoordinatorActor, caf::detached>(std::move(setup));
  caf_compat::send_from_outside(coordinator, StartLoop{});
  STREAM_TRY(started.get());
  return StartedQuery{std::make_unique<ActorQuery>(std::move(keep_alive), coordinator,
                                                   query->status, id, query->run_id),
                      coordinator};
}

void init_messages() {
#if STREAM_CAF_HAS_TYPE_IDS
  static std::once_flag once;
  std::call_once(once, [] {
    caf::core::init_global_meta_objects();
    caf::init_global_meta_objects<caf::id_block::stream_query>();
  });
#endif
}

}  // namespace stream
