#include <actors/query_handle.hpp>
#include <actors/runner.hpp>

#include <algorithm>
#include <mutex>
#include <thread>

namespace stream {
namespace {

/// An actor system with its configuration, which must outlive it.
class System {
 public:
  explicit System(const ActorRunnerOptions& options) : system_(configure(config_, options)) {}

  caf::actor_system& get() { return system_; }

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& config,
                                             const ActorRunnerOptions& options) {
    init_messages();
    const std::size_t cores = std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
    caf_compat::set_scheduler(config, options.stealing,
                              options.num_threads > 0 ? options.num_threads : cores);
    return config;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
};

class ActorRunner final : public Runner {
 public:
  explicit ActorRunner(ActorRunnerOptions options) : options_(options) {}

  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    std::shared_ptr<System> system = this->system();
    STREAM_TRY(StartedQuery started,
               start_query(system->get(), std::move(plan), std::move(options), system));
    return std::move(started.query);
  }

 private:
  std::shared_ptr<System> system() {
    std::lock_guard lock(mutex_);
    if (!system_) system_ = std::make_shared<System>(options_);
    return system_;
  }

  ActorRunnerOptions options_;
  std::mutex mutex_;
  std::shared_ptr<System> system_;
};

}  // namespace

std::shared_ptr<Runner> actor_runner(ActorRunnerOptions options) {
  return std::make_shared<ActorRunner>(options);
}

}  // namespace stream
