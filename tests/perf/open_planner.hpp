// The planner of this folder's sources, whose ranges are open: one split that begins where the last
// epoch ended. Lives beside the coordinator.
#pragma once

#include <libstream/connectors/source.hpp>

namespace stream::perf {

class OpenPlanner final : public SourcePlanner {
 public:
  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string&, EpochMillis) override {
    return std::optional<std::string>();
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string&) override {
    return std::vector<Split>{{start, 0}};
  }
  Result<void> commit(const std::string&) override { return {}; }
};

/// The number that an offset is.
Result<std::int64_t> parse_offset(const std::string& text);

}  // namespace stream::perf
