#include <libstream/operators/add_hash.hpp>
#include <libstream/plans/logical_plan.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/shuffle_plan.hpp>

namespace stream::perf {

Result<PlannedQuery> plan_shuffle(std::shared_ptr<const Source> source, std::uint32_t parallelism,
                                  std::shared_ptr<KeyTally> tally) {
  LogicalPlan logical;
  logical.nodes.push_back({"source", {}, 1, SourceNode{std::move(source)}});
  logical.nodes.push_back({"hash", {0}, 1, OperatorNode{make_add_hash({{1}})}});
  logical.nodes.push_back(
      {"tally", {1}, 1, OperatorNode{make_key_tally(std::move(tally)), Exchange::hash}});
  logical.nodes.push_back({"sink", {2}, 1, SinkNode{fold_sink([](const Batch&) {})}});
  PlannedQuery query;
  STREAM_TRY(query.plan, make_physical_plan(logical, parallelism));
  query.options.name = "shuffle";
  query.options.parallelism = parallelism;
  return query;
}

}  // namespace stream::perf
