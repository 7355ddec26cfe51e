#include <actors/pipeline.hpp>

namespace stream {
namespace {

class RunnerInSystem final : public Runner {
 public:
  explicit RunnerInSystem(caf::actor_system& system) : system_(system) {}

  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    STREAM_TRY(StartedQuery started, spawn_query(system_, std::move(plan), std::move(options)));
    return std::move(started.query);
  }

 private:
  caf::actor_system& system_;
};

}  // namespace

Result<StartedQuery> spawn_query(caf::actor_system& system, PhysicalPlan plan,
                                 QueryOptions options) {
  return start_query(system, std::move(plan), std::move(options), nullptr);
}

std::shared_ptr<Runner> runner_in(caf::actor_system& system) {
  return std::make_shared<RunnerInSystem>(system);
}

}  // namespace stream
