// A runner for tests of what a query was planned to be.
#pragma once

#include <libstream/plans/runner.hpp>

#include <memory>

namespace stream {

/// Keeps the plan of a query that is started, and starts nothing.
class KeepingRunner final : public Runner {
 public:
  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    kept_plan = std::make_shared<const PhysicalPlan>(std::move(plan));
    kept_options = std::move(options);
    return fatal("kept");
  }
  std::shared_ptr<const PhysicalPlan> kept_plan;
  QueryOptions kept_options;
};

}  // namespace stream
