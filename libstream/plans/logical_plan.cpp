#include <libstream/plans/logical_plan.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

class Planner {
 public:
  Planner(const LogicalPlan& plan, std::uint32_t parallelism)
      : plan_(plan),
        parallelism_(parallelism),
        is_needed_(plan.nodes.size()),
        uses_(plan.nodes.size()),
        stage_of_(plan.nodes.size()) {}

  Result<PhysicalPlan> run() {
    mark_used();
    for (NodeId id = 0; id < plan_.nodes.size(); ++id) {
      if (is_needed_[id]) place(id);
    }
    if (made_.sinks.empty())
      return bad_plan("No output operations registered, so nothing to execute");
    if (made_.has_marker_sinks()) deal_alike();
    made_.watermark_delays = plan_.watermark_delays;
    made_.watermark_policy = plan_.watermark_policy;
    made_.idle_timeout_millis = plan_.idle_timeout_millis;
    made_.depends_on_earlier_rows = plan_.depends_on_earlier_rows;
    return std::move(made_);
  }

 private:
  void mark_used() {
    for (NodeId id = static_cast<NodeId>(plan_.nodes.size()); id-- > 0;) {
      const LogicalNode& node = plan_.nodes[id];
      if (std::holds_alternative<SinkNode>(node.kind)) is_needed_[id] = true;
      if (!is_needed_[id]) continue;
      for (const NodeId input : node.inputs) {
        is_needed_[input] = true;
        if (!takes_bad_records(id)) ++uses_[input];
      }
    }
  }

  /// A sink that commits task by task needs each row at the same task when an epoch runs again, in
  /// whatever order rows come then.
  void deal_alike() {
    for (Stage& stage : made_.stages) {
      for (StageInput& input : stage.inputs) {
        if (input.exchange == Exchange::round_robin) input.exchange = Exchange::row_hash;
      }
    }
  }

  bool takes_bad_records(NodeId id) const {
    return std::holds_alternative<BadRecordsNode>(plan_.nodes[id].kind);
  }

  std::string id_of(NodeId id) const {
    if (!plan_.nodes[id].id.empty()) return plan_.nodes[id].id;
    // The operation's word without its place in the source: moving a line keeps the state.
    const std::string& name = plan_.nodes[id].name;
    return fmt::format("{}-{}", id, name.substr(0, name.find(' ')));
  }

  void place(NodeId id) {
    const LogicalNode& node = plan_.nodes[id];
    if (const auto* source = std::get_if<SourceNode>(&node.kind)) {
      Stage& stage = new_stage(id, parallelism_);
      stage.source = static_cast<std::uint32_t>(made_.sources.size());
      made_.sources.push_back(source->source);
    } else if (const auto* op = std::get_if<OperatorNode>(&node.kind)) {
      const std::uint32_t wanted = op->parallelism == 0 ? parallelism_ : op->parallelism;
      Stage& stage = reach(id, op->exchange, wanted);
      stage.operators.push_back(
          {id_of(id), node.name, op->make, input_slide(node), op->no_data_epochs});
    } else if (const auto* aggregate = std::get_if<AggregateNode>(&node.kind)) {
      place_aggregate(id, node, *aggregate);
    } else if (takes_bad_records(id)) {
      stage_of_[id] = stage_of_[node.inputs.front()];
    } else if (std::holds_alternative<UnionNode>(node.kind)) {
      reach(id, Exchange::forward, parallelism_);
    } else {
      const auto& sink = std::get<SinkNode>(node.kind);
      Stage& stage = sink.sink->may_block() ? separate(id, sink.exchange, parallelism_)
                                            : reach(id, sink.exchange, parallelism_);
      stage.sink = static_cast<std::uint32_t>(made_.sinks.size());
      stage.sink_slide = node.slide;
      made_.sinks.push_back(sink.sink);
    }
  }

  std::int64_t input_slide(const LogicalNode& node) const {
    return plan_.nodes[node.inputs.front()].slide;
  }

  void place_aggregate(NodeId id, const LogicalNode& node, const AggregateNode& aggregate) {
    const std::int64_t slide = input_slide(node);
    const Stage& input = made_.stages[stage_of_[node.inputs.front()]];
    if (input.parallelism == 1) {
      // One task: aggregate where the rows are.
      Stage& stage = reach(id, Exchange::forward, 1);
      stage.operators.push_back(
          {id_of(id), node.name, aggregate.whole, slide, aggregate.no_data_epochs});
      return;
    }
    Stage& first = reach(id, Exchange::forward, input.parallelism);
    first.operators.push_back(
        {id_of(id) + "-partial", "partial " + node.name, aggregate.partial, slide});
    const std::uint32_t first_stage = stage_of_[id];
    const std::uint32_t wanted = aggregate.exchange == Exchange::single ? 1 : parallelism_;
    Stage& second = new_stage(id, wanted);
    second.inputs.push_back({first_stage, 0, aggregate.exchange, StageOutput::rows});
    second.operators.push_back(
        {id_of(id), aggregate.name, aggregate.merge, slide, aggregate.no_data_epochs});
  }

  /// The stage where node `id` goes on: its input's own, where no exchange is needed and nobody
  /// else reads the input, else a new one.
  Stage& reach(NodeId id, Exchange exchange, std::uint32_t wanted) {
    const LogicalNode& node = plan_.nodes[id];
    const NodeId input = node.inputs.front();
    Stage& before = made_.stages[stage_of_[input]];
    const std::uint32_t target = exchange == Exchange::single ? 1 : wanted;
    const bool is_straight =
        exchange == Exchange::forward
            ? before.parallelism == wanted || wanted == parallelism_
            : (before.parallelism == 1 && target == 1) ||
                  (exchange == Exchange::hash && is_hashed(input) && before.parallelism == target);
    if (node.inputs.size() == 1 && uses_[input] == 1 && is_straight && !before.sink &&
        !takes_bad_records(input)) {
      stage_of_[id] = stage_of_[input];
      return before;
    }
    return separate(id, exchange, wanted);
  }

  /// The node's rows lie at the task that owns the key group of their first column already.
  bool is_hashed(NodeId id) const {
    const auto* aggregate = std::get_if<AggregateNode>(&plan_.nodes[id].kind);
    return aggregate && aggregate->exchange == Exchange::hash;
  }

  Stage& separate(NodeId id, Exchange exchange, std::uint32_t wanted) {
    const LogicalNode& node = plan_.nodes[id];
    std::uint32_t target = exchange == Exchange::single ? 1 : wanted;
    if (exchange == Exchange::forward && node.inputs.size() == 1)
      target = made_.stages[stage_of_[node.inputs.front()]].parallelism;
    std::vector<StageInput> inputs;
    for (std::uint32_t ordinal = 0; ordinal < node.inputs.size(); ++ordinal) {
      const std::uint32_t from = stage_of_[node.inputs[ordinal]];
      Exchange used = exchange;
      if (exchange == Exchange::forward && made_.stages[from].parallelism != target)
        used = Exchange::round_robin;
      inputs.push_back(
          {from, ordinal, used,
           takes_bad_records(node.inputs[ordinal]) ? StageOutput::bad_records : StageOutput::rows});
    }
    Stage& stage = new_stage(id, target);
    stage.inputs = std::move(inputs);
    return stage;
  }

  Stage& new_stage(NodeId id, std::uint32_t parallelism) {
    stage_of_[id] = static_cast<std::uint32_t>(made_.stages.size());
    made_.stages.emplace_back();
    made_.stages.back().name = plan_.nodes[id].name;
    made_.stages.back().parallelism = parallelism;
    return made_.stages.back();
  }

  const LogicalPlan& plan_;
  std::uint32_t parallelism_;
  std::vector<bool> is_needed_;
  std::vector<std::uint32_t> uses_;  ///< readers of a node's rows
  std::vector<std::uint32_t> stage_of_;
  PhysicalPlan made_;
};

void explain_node(const LogicalPlan& plan, NodeId id, std::size_t depth, std::string& text) {
  const LogicalNode& node = plan.nodes[id];
  text += fmt::format("{}{}{}", std::string(depth * 3, ' '), depth == 0 ? "" : "+- ", node.name);
  if (const auto* source = std::get_if<SourceNode>(&node.kind))
    text += " " + source->source->description();
  if (const auto* sink = std::get_if<SinkNode>(&node.kind)) text += " " + sink->sink->description();
  if (node.slide != 1) text += fmt::format(" (every {} intervals)", node.slide);
  text += "\n";
  for (const NodeId input : node.inputs) explain_node(plan, input, depth + 1, text);
}

}  // namespace

Result<PhysicalPlan> make_physical_plan(const LogicalPlan& plan, std::uint32_t parallelism) {
  if (parallelism == 0 || parallelism > kDefaultKeyGroups)
    return bad_option(
        fmt::format("parallelism is {}; it must be 1 to {}", parallelism, kDefaultKeyGroups));
  STREAM_TRY(PhysicalPlan made, Planner(plan, parallelism).run());
  made.logical = std::make_shared<const LogicalPlan>(plan);
  made.parallelism = parallelism;
  return made;
}

Result<PhysicalPlan> with_parallelism(const PhysicalPlan& plan, std::uint32_t parallelism) {
  if (!plan.logical) return bad_plan("a plan made by hand has one parallelism only");
  return make_physical_plan(*plan.logical, parallelism);
}

std::string explain(const LogicalPlan& plan) {
  std::string text = "== Logical Plan ==\n";
  for (NodeId id = 0; id < plan.nodes.size(); ++id) {
    if (std::holds_alternative<SinkNode>(plan.nodes[id].kind)) explain_node(plan, id, 0, text);
  }
  return text;
}

}  // namespace stream
