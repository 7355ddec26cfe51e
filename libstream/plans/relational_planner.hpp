// From a resolved plan to the nodes that run: which operator carries out which relation, bound to
// column numbers, with exchanges and watermarks. Used by the API's queries.
#pragma once

#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/plans/logical_plan.hpp>
#include <libstream/plans/resolved_plan.hpp>

#include <map>

namespace stream {

struct RelationalOptions {
  OutputMode mode = OutputMode::append;
  std::shared_ptr<const SqlSettings> settings;
  std::uint64_t seed = 0;
  std::uint32_t parallelism = 1;
  std::string id_prefix;  ///< of stateful operators that no earlier output has
  /// Event times further ahead of the batch time do not move the watermark; empty: all do.
  std::optional<std::int64_t> max_ahead_millis;
};

/// The nodes of cached relations, by the output mode that their operators have.
struct CachedNode {
  NodeId node = 0;
  Schema schema;
  WatermarkAtInput watermark;
};
using CachedNodes = std::map<std::pair<std::shared_ptr<const Relation>, OutputMode>, CachedNode>;

/// Appends the nodes of `plan` to `logical`; the result gives rows of the plan's output, in order
/// and under its names. Error bad_plan: what cannot run.
Result<NodeId> plan_relation(const PlanRef& plan, const RelationalOptions& options,
                             LogicalPlan& logical);

/// The same for the outputs of one query, each with options of its own. What plans share, as an
/// object, is one node; operators with state only where the output mode is the same.
Result<std::vector<NodeId>> plan_relations(const std::vector<PlanRef>& plans,
                                           const std::vector<RelationalOptions>& options,
                                           LogicalPlan& logical);

}  // namespace stream
