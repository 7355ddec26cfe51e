#include <libstream/plans/physical_plan.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {

std::size_t PhysicalPlan::num_tasks() const {
  std::size_t count = 0;
  for (const Stage& stage : stages) count += stage.parallelism;
  return count;
}

std::uint32_t PhysicalPlan::first_task(std::uint32_t stage) const {
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < stage; ++i) first += stages[i].parallelism;
  return first;
}

bool PhysicalPlan::has_marker_sink(const Stage& stage) const {
  return stage.sink && sinks[*stage.sink]->kind() == SinkKind::marker;
}

bool PhysicalPlan::has_marker_sinks() const {
  return std::any_of(stages.begin(), stages.end(),
                     [this](const Stage& stage) { return has_marker_sink(stage); });
}

bool PhysicalPlan::shares_splits(std::uint32_t source) const {
  return sources[source]->shares_splits() && !has_marker_sinks() && !depends_on_earlier_rows;
}

namespace {
void list_operators(const PhysicalPlan& plan, std::uint32_t number, std::vector<bool>& is_listed,
                    std::vector<std::string>& ids) {
  if (is_listed[number]) return;
  is_listed[number] = true;
  const Stage& stage = plan.stages[number];
  for (std::size_t i = stage.operators.size(); i-- > 0;) ids.push_back(stage.operators[i].id);
  for (const StageInput& input : stage.inputs) list_operators(plan, input.from, is_listed, ids);
}
}  // namespace

std::vector<std::string> operators_from_sinks(const PhysicalPlan& plan) {
  std::vector<std::string> ids;
  std::vector<bool> is_listed(plan.stages.size(), false);
  for (std::uint32_t stage = 0; stage < plan.stages.size(); ++stage) {
    if (plan.stages[stage].sink) list_operators(plan, stage, is_listed, ids);
  }
  return ids;
}

namespace {
std::string_view exchange_name(Exchange exchange) {
  switch (exchange) {
    case Exchange::forward:
      return "forward";
    case Exchange::hash:
      return "hash(_1)";
    case Exchange::single:
      return "single";
    case Exchange::round_robin:
      return "round robin";
    case Exchange::row_hash:
      return "hash of the row";
  }
  return "";
}

/// What is read of a source; wide ones are cut as in Spark.
std::string read_schema(const Schema& schema) {
  constexpr std::size_t kMostFields = 25;
  std::string text;
  for (std::size_t i = 0; i < std::min(schema.num_fields(), kMostFields); ++i)
    text += fmt::format("{}{}:{}", i == 0 ? "" : ",", schema.fields[i].name,
                        schema.fields[i].type.to_string());
  if (schema.num_fields() > kMostFields)
    text += fmt::format(",... {} more fields", schema.num_fields() - kMostFields);
  return "struct<" + text + ">";
}

std::string_view guarantee(SinkKind kind) {
  switch (kind) {
    case SinkKind::marker:
    case SinkKind::resumable:
      return "exactly once";
    case SinkKind::direct:
      return "at least once";
  }
  return "";
}
}  // namespace

std::string explain(const PhysicalPlan& plan) {
  std::string text = "== Physical Plan ==\n";
  for (std::size_t s = 0; s < plan.stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    text += fmt::format("Stage {} [{} task{}]\n", s, stage.parallelism,
                        stage.parallelism == 1 ? "" : "s");
    if (stage.source) {
      const Source& source = *plan.sources[*stage.source];
      text += fmt::format(
          "  Source {} ({})\n", source.description(),
          source.is_replayable() ? "replayable" : "not replayable: at most once after a crash");
      text += "  ReadSchema: " + read_schema(source.schema()) + "\n";
    }
    for (const StageInput& input : stage.inputs)
      text += fmt::format("  Input {} from {}stage {} by {}\n", input.ordinal,
                          input.output == StageOutput::bad_records ? "the bad records of " : "",
                          input.from, exchange_name(input.exchange));
    for (const PhysicalOperator& op : stage.operators)
      text += fmt::format("  {} [{}]{}\n", op.name, op.id,
                          op.slide_in == 1 ? "" : fmt::format(" every {} intervals", op.slide_in));
    if (stage.sink) {
      const Sink& sink = *plan.sinks[*stage.sink];
      text += fmt::format("  Sink {} ({})\n", sink.description(), guarantee(sink.kind()));
    }
  }
  return text;
}

KeyGroupRange key_groups_of(std::uint32_t index, std::uint32_t parallelism,
                            std::uint32_t num_groups) {
  const auto bound = [&](std::uint64_t i) {
    return static_cast<std::uint32_t>((i * num_groups + parallelism - 1) / parallelism);
  };
  // The task of group g is g * parallelism / num_groups; these are that function's inverse bounds.
  return {bound(index), bound(index + 1ULL) - 1};
}

std::uint32_t task_of_hash(std::uint64_t hash, std::uint32_t parallelism,
                           std::uint32_t num_groups) {
  const std::uint64_t group = hash % num_groups;
  return static_cast<std::uint32_t>(group * parallelism / num_groups);
}

}  // namespace stream
