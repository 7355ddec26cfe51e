#include <libstream/api/query_start.hpp>
#include <libstream/api/side_outputs.hpp>
#include <libstream/api/sql_sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stream {
namespace {

/// What goes to a sink, by its name.
struct Wanted {
  std::string sink;
  std::vector<RelationRef> relations;  ///< of one schema
  OutputMode mode = OutputMode::append;
  bool is_late = false;
};

void collect_bad_records(const ResolvedPlan& plan, std::set<const Source*>& seen,
                         std::vector<Wanted>& wanted) {
  for (const PlanRef& input : plan.inputs) collect_bad_records(*input, seen, wanted);
  const auto* scan = plan.as<ScanPlan>();
  if (!scan || scan->bad_records.empty() || !seen.insert(scan->source.get()).second) return;
  const RelationRef records = make_relation(
      BadRecordsRelation{make_relation(SourceRelation{scan->source, plan.is_streaming})});
  const IgnoreCaseLess less;
  for (Wanted& known : wanted) {
    const bool is_same =
        !less(known.sink, scan->bad_records) && !less(scan->bad_records, known.sink);
    if (is_same && !known.is_late) return known.relations.push_back(records);
  }
  wanted.push_back({scan->bad_records, {records}});
}

Result<RelationRef> as_json(const SessionState& session, const RelationRef& relation) {
  STREAM_TRY(const Schema schema, schema_of(session, relation));
  Exprs columns;
  for (const Field& field : schema.fields) columns.push_back(make_column(field.name));
  const Expr json = make_call("to_json", {make_call("struct", std::move(columns))});
  return make_relation(ProjectRelation{relation, {make_alias(json, "value")}});
}

Result<QueryOutput> open(SessionState& session, const Wanted& wanted, bool is_streaming) {
  STREAM_TRY(const auto sink, find_sql_sink(session, wanted.sink));
  if (sink->mode.value_or(OutputMode::append) != OutputMode::append)
    return bad_option(
        fmt::format("sink {}: side outputs only append; leave its output_mode out", sink->name));
  QueryOutput output{sink->name, wanted.relations[0], wanted.mode, nullptr};
  if (wanted.relations.size() > 1)
    output.relation =
        make_relation(SetRelation{SetRelation::Kind::union_all, wanted.relations, false, false});
  const auto try_open = [&](const RelationRef& relation) -> Result<std::shared_ptr<const Sink>> {
    STREAM_TRY(const Schema schema, schema_of(session, relation));
    SqlSink appending = *sink;
    appending.mode = OutputMode::append;
    STREAM_TRY(auto made, open_sql_sink(session, appending, schema, is_streaming));
    STREAM_TRY(made->check(schema));
    return made;
  };
  auto opened = try_open(output.relation);
  if (!opened) {
    STREAM_TRY(const RelationRef json, as_json(session, output.relation));
    auto second = try_open(json);
    if (!second)
      return std::move(opened).error().with_context(
          fmt::format("as JSON in a column `value`: {}", second.error().message()));
    output.relation = json;
    opened = std::move(second);
  }
  output.sink = std::move(*opened);
  return output;
}

}  // namespace

Result<bool> add_side_outputs(SessionState& session, std::vector<QueryOutput>& outputs,
                              const std::vector<PlanRef>& plans, bool is_streaming) {
  std::vector<Wanted> wanted;
  for (const QueryOutput& output : outputs) {
    if (output.late_rows.empty()) continue;
    if (output.mode == OutputMode::complete)
      return bad_option("late_rows: output mode complete keeps late rows; use append or update");
    wanted.push_back(
        {output.late_rows, {make_relation(LateRowsRelation{output.relation})}, output.mode, true});
  }
  std::set<const Source*> seen;
  for (const PlanRef& plan : plans) collect_bad_records(*plan, seen, wanted);
  for (const Wanted& one : wanted) {
    STREAM_TRY(QueryOutput output, open(session, one, is_streaming));
    const bool is_twice = std::any_of(outputs.begin(), outputs.end(),
                                      [&](const QueryOutput& o) { return o.name == output.name; });
    if (is_twice)
      return bad_option(
          fmt::format("sink {} would get rows of two kinds; make a sink for each", output.name));
    outputs.push_back(std::move(output));
  }
  return !wanted.empty();
}

Result<RelationRef> with_bad_records(const RelationRef& relation, const std::string& sink) {
  if (const auto* source = relation->as<SourceRelation>()) {
    SourceRelation copy = *source;
    copy.bad_records = sink;
    return make_relation(std::move(copy), relation->span);
  }
  if (const auto* change = relation->as<ChangeColumnsRelation>()) {
    ChangeColumnsRelation copy = *change;
    STREAM_TRY(copy.input, with_bad_records(change->input, sink));
    return make_relation(std::move(copy), relation->span);
  }
  return bad_option("bad_records: the format has no bad records to give");
}

}  // namespace stream
