// What runs: stages cut at exchanges. A stage is a chain of operators; it runs as `parallelism`
// tasks. Made by the planner from a logical plan; carried out by a runner.
#pragma once

#include <libstream/connectors/sink.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/control/trigger.hpp>
#include <libstream/control/watermark_tracker.hpp>
#include <libstream/operators/operator.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

enum class Exchange {
  forward,      ///< task i to task i
  hash,         ///< by key group of the hash of column 0
  single,       ///< all to task 0
  round_robin,  ///< rows dealt out in turn, from task i on
  row_hash,     ///< by the hash of the whole row: alike in every run of an epoch
};

/// What comes out of a stage.
enum class StageOutput {
  rows,         ///< of the last operator
  bad_records,  ///< what the stage's source could not take; columns of bad_record_schema()
};

/// One operator of a chain. `id` is stable across restarts: state is filed under it.
struct PhysicalOperator {
  std::string id;
  std::string name;  ///< for explain, progress and errors: "reduce_by_key at word_count.cpp:12"
  OperatorFactory make;
  std::int64_t slide_in = 1;  ///< its input has a value in epochs n with (n + 1) % slide_in == 0
  NoDataEpochs no_data_epochs = NoDataEpochs::never;
};

struct StageInput {
  std::uint32_t from = 0;     ///< stage
  std::uint32_t ordinal = 0;  ///< which input of the first operator
  Exchange exchange = Exchange::forward;
  StageOutput output = StageOutput::rows;  ///< of `from`
};

struct Stage {
  std::string name;
  std::uint32_t parallelism = 1;
  std::optional<std::uint32_t> source;  ///< index into PhysicalPlan::sources; then no inputs
  std::vector<StageInput> inputs;
  std::vector<PhysicalOperator> operators;
  std::optional<std::uint32_t> sink;  ///< index into PhysicalPlan::sinks, after the last operator
  std::int64_t sink_slide = 1;
};

struct LogicalPlan;

struct PhysicalPlan {
  std::vector<std::shared_ptr<const Source>> sources;
  std::vector<std::shared_ptr<const Sink>> sinks;
  std::vector<Stage> stages;  ///< in topological order
  std::uint32_t num_groups = kDefaultKeyGroups;
  std::vector<std::int64_t> watermark_delays;  ///< milliseconds, by watermark node
  WatermarkPolicy watermark_policy = WatermarkPolicy::min;
  std::int64_t idle_timeout_millis = 0;        ///< see WatermarkTracker; 0: no input is ever idle
  bool depends_on_earlier_rows = false;        ///< see LogicalPlan
  std::shared_ptr<const LogicalPlan> logical;  ///< that it was made of
  std::uint32_t parallelism = 1;               ///< that it was made for

  std::size_t num_tasks() const;
  /// Index of the stage's first task; tasks are numbered stage by stage.
  std::uint32_t first_task(std::uint32_t stage) const;
  /// The stage ends in a sink that commits task by task (SinkKind::marker).
  bool has_marker_sink(const Stage& stage) const;
  bool has_marker_sinks() const;
  /// Tasks may read splits of the source that were dealt to others of its stage.
  bool shares_splits(std::uint32_t source) const;
};

/// The same query cut for another parallelism. Error: it is out of bounds, or this plan was not
/// made of a logical one.
Result<PhysicalPlan> with_parallelism(const PhysicalPlan& plan, std::uint32_t parallelism);

/// Ids of all operators as Spark counts them: from the sinks down, inputs in order.
std::vector<std::string> operators_from_sinks(const PhysicalPlan& plan);

/// A readable form, one stage a paragraph, Spark's manner.
std::string explain(const PhysicalPlan& plan);

/// The key groups of task `index` of `parallelism`: contiguous ranges that cover all groups.
KeyGroupRange key_groups_of(std::uint32_t index, std::uint32_t parallelism,
                            std::uint32_t num_groups);
/// The task that owns a hash's group.
std::uint32_t task_of_hash(std::uint64_t hash, std::uint32_t parallelism, std::uint32_t num_groups);

}  // namespace stream
