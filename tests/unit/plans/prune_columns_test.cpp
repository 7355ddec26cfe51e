#include <libstream/plans/prune_columns.hpp>
#include <libstream/plans/resolved_plan_text.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

/// A source that can be narrowed and is never read.
class NamedColumns final : public Source {
 public:
  explicit NamedColumns(Schema schema) : schema_(std::move(schema)) {}
  std::string description() const override { return "t"; }
  Schema schema() const override { return schema_; }
  std::shared_ptr<const Source> with_columns(
      const std::vector<std::size_t>& columns) const override {
    Schema picked;
    for (const std::size_t column : columns) picked.fields.push_back(schema_.fields[column]);
    return std::make_shared<NamedColumns>(std::move(picked));
  }
  std::unique_ptr<SourcePlanner> make_planner() const override { return nullptr; }
  std::unique_ptr<SourceReader> make_reader() const override { return nullptr; }

 private:
  Schema schema_;
};

Attribute column(AttributeId id, std::string name) {
  Attribute attribute;
  attribute.id = id;
  attribute.name = std::move(name);
  attribute.type = primitive(TypeKind::boolean);
  return attribute;
}

/// Columns a, b, c with numbers from `first` on.
PlanRef scan(AttributeId first) {
  const Attributes output{column(first, "a"), column(first + 1, "b"), column(first + 2, "c")};
  return make_plan(ScanPlan{std::make_shared<NamedColumns>(schema_of(output))}, {}, output);
}

TypedExpr read(const PlanRef& plan, std::size_t place) { return reference_to(plan->output[place]); }

PlanRef project(const PlanRef& input, const std::vector<std::size_t>& places) {
  ProjectPlan kept;
  Attributes output;
  for (const std::size_t place : places) {
    kept.expressions.push_back(read(input, place));
    output.push_back(input->output[place]);
  }
  return make_plan(std::move(kept), {input}, output);
}

PlanRef filter(const PlanRef& input, std::size_t place) {
  return make_plan(FilterPlan{read(input, place)}, {input}, input->output);
}

/// What the scans of a plan read, and that a narrowed source has the columns of its scan.
std::string columns_read(const PlanRef& plan) {
  std::string text;
  if (const auto* scan = plan->as<ScanPlan>()) {
    CHECK(scan->source->schema() == schema_of(plan->output));
    for (const Attribute& attribute : plan->output) text += attribute.name;
    text += ";";
  }
  for (const PlanRef& input : plan->inputs) text += columns_read(input);
  return text;
}

}  // namespace

TEST_CASE("What a projection and a filter read is read, and nothing else") {
  const PlanRef plan = project(filter(scan(1), 2), {0});
  const PlanRef pruned = prune_columns(plan);
  CHECK(columns_read(pruned) == "ac;");
  CHECK(schema_of(pruned->output) == schema_of(plan->output));
  // A plan whose columns are all read is left as it is.
  const PlanRef whole = filter(scan(1), 2);
  CHECK(prune_columns(whole) == whole);
}

TEST_CASE("Projections lose what is not read above them") {
  const PlanRef inner = project(scan(1), {0, 1});
  const PlanRef pruned = prune_columns(project(inner, {1}));
  CHECK(columns_read(pruned) == "b;");
  CHECK(pruned->inputs[0]->output.size() == 1);
}

TEST_CASE("A count reads no column of its source") {
  AggregatePlan count;
  count.aggregates.push_back({"count", {}});
  const PlanRef plan = make_plan(std::move(count), {scan(1)}, {column(9, "n")});
  CHECK(columns_read(prune_columns(plan)) == ";");
}

TEST_CASE("Each side of a join keeps what its condition and the rest read") {
  const PlanRef left = filter(scan(1), 2);
  const PlanRef right = scan(11);
  Attributes both = left->output;
  both.insert(both.end(), right->output.begin(), right->output.end());
  JoinPlan join;
  join.condition = read(right, 1);
  const PlanRef joined = make_plan(std::move(join), {left, right}, both);
  const PlanRef pruned = prune_columns(project(joined, {0, 3}));
  CHECK(columns_read(pruned) == "ac;ab;");
  // What only the filter below reads is not kept by the join.
  CHECK(pruned->inputs[0]->inputs[0]->output.size() == 1);
}

TEST_CASE("Inputs of a union stay alike, column by column") {
  const PlanRef first = filter(scan(1), 2);
  const PlanRef second = scan(11);
  const PlanRef both = make_plan(UnionPlan{}, {first, second}, first->output);
  const PlanRef pruned = prune_columns(project(both, {1}));
  CHECK(columns_read(pruned) == "bc;b;");
  const PlanRef united = pruned->inputs[0];
  for (const PlanRef& input : united->inputs) {
    REQUIRE(input->output.size() == 1);
    CHECK(input->output[0].name == "b");
  }
}

TEST_CASE("Differences of relations, keys of duplicates and event times need their columns") {
  const PlanRef except = make_plan(SetPlan{true, false}, {scan(1), scan(11)}, scan(1)->output);
  CHECK(columns_read(prune_columns(project(except, {0}))) == "abc;abc;");

  PlanRef timed = scan(1);
  Attributes marked = timed->output;
  marked[2].event_time = EventTimeMark{1000};
  WatermarkPlan watermark;
  watermark.event_time = 3;
  timed = make_plan(std::move(watermark), {timed}, marked);
  DeduplicatePlan deduplicate;
  deduplicate.keys = {2};
  const PlanRef plan = make_plan(std::move(deduplicate), {timed}, timed->output);
  const PlanRef pruned = prune_columns(project(plan, {1}));
  CHECK(columns_read(pruned) == "bc;");
  CHECK(pruned->inputs[0]->output[1].event_time.has_value());
}
