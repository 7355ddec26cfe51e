#include <libstream/api/sql_session.hpp>
#include <libstream/base/ascii.hpp>
#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/expressions/window_function.hpp>
#include <libstream/plans/analyzer.hpp>
#include <libstream/plans/prune_columns.hpp>
#include <libstream/plans/push_filters.hpp>
#include <libstream/plans/relational_planner.hpp>
#include <libstream/plans/resolved_plan_text.hpp>
#include <libstream/plans/restart_text.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/plans/streaming_check.hpp>
#include <libstream/state/checkpoint_text.hpp>
#include <libstream/state/plan_difference.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

using Cells = std::vector<Value>;

Value text(std::string_view value) { return {std::string(value)}; }

StatementRows table(std::vector<Field> fields, const std::vector<Cells>& rows) {
  StatementRows made{Schema{std::move(fields)}, {}};
  BlockPool pool;
  if (!rows.empty())
    made.batches.push_back(batch_of(std::make_shared<const Schema>(made.schema), rows, pool));
  return made;
}

Field text_field(std::string name, bool is_nullable = false) {
  return {std::move(name), primitive(TypeKind::string), is_nullable};
}

/// One alternative of a pattern: * and % stand for any text, case does not count.
bool is_like(std::string_view name, std::string_view pattern) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*' || pattern.front() == '%') {
    for (std::size_t skipped = 0; skipped <= name.size(); ++skipped) {
      if (is_like(name.substr(skipped), pattern.substr(1))) return true;
    }
    return false;
  }
  return !name.empty() && ascii_lower(name.front()) == ascii_lower(pattern.front()) &&
         is_like(name.substr(1), pattern.substr(1));
}

/// "a*|b*"; empty: all.
bool is_shown(std::string_view name, std::string_view pattern) {
  if (pattern.empty()) return true;
  for (std::size_t begin = 0; begin <= pattern.size();) {
    const std::size_t bar = std::min(pattern.find('|', begin), pattern.size());
    if (is_like(name, pattern.substr(begin, bar - begin))) return true;
    begin = bar + 1;
  }
  return false;
}

std::string usage_of(const FunctionRegistry& functions, const std::string& name) {
  if (const auto* scalar = functions.scalar(name)) return scalar->usage;
  if (const auto* aggregate = functions.aggregate(name)) return aggregate->usage;
  if (const auto* generator = functions.generator(name)) return generator->usage;
  if (const auto* window = functions.window(name)) return window->usage;
  return "";
}

bool is_function(const FunctionRegistry& functions, const std::string& name) {
  return functions.scalar(name) || functions.aggregate(name) || functions.generator(name) ||
         functions.window(name);
}

StatementRows describe_schema(const Schema& schema) {
  std::vector<Cells> rows;
  for (const Field& field : schema.fields)
    rows.push_back({text(field.name), text(describe_type(field.type)), {}});
  return table({text_field("col_name"), text_field("data_type"), text_field("comment", true)},
               rows);
}

StatementRows describe_function(const FunctionRegistry& functions, const std::string& name) {
  if (!is_function(functions, name)) {
    const std::vector<std::string> nearest = nearest_names(name, functions.names(), 1);
    throw bad_plan(fmt::format(
        "[UNRESOLVED_ROUTINE] Cannot resolve routine `{}` on search path [`system`.`builtin`, "
        "`system`.`session`].{}",
        name, nearest.empty() ? "" : fmt::format(" Did you mean `{}`?", nearest.front())));
  }
  return table({text_field("function_desc")},
               {{text("Function: " + name)}, {text("Usage: " + usage_of(functions, name))}});
}

std::string status_of(const StreamingQuery& query) {
  if (query.is_active()) return "running";
  return query.exception() ? "failed" : "stopped";
}

std::vector<Cells> query_rows(const std::vector<StartedQuery>& queries,
                              const std::string& pattern) {
  std::vector<Cells> rows;
  for (const auto& [name, query] : queries) {
    if (!is_shown(name, pattern)) continue;
    const std::optional<QueryProgress> progress = query->last_progress();
    const std::optional<Error> error = query->exception();
    rows.push_back({text(name), text(query->id()), text(status_of(*query)),
                    progress ? Value{progress->batch_id} : Value{},
                    error ? text(error->message()) : Value{}});
  }
  return rows;
}

}  // namespace

std::string describe_type(const DataType& type) {
  switch (type.kind) {
    case TypeKind::array:
      return "array<" + describe_type(type.children[0].type) + ">";
    case TypeKind::map:
      return "map<" + describe_type(type.children[0].type) + "," +
             describe_type(type.children[1].type) + ">";
    case TypeKind::structure: {
      std::string all;
      for (const Field& field : type.children)
        all += (all.empty() ? "" : ",") + field.name + ":" + describe_type(field.type);
      return "struct<" + all + ">";
    }
    default:
      return ascii_lower(type.to_string());
  }
}

StatementResult SqlSession::set(const SetStatement& statement) {
  SqlSettings& settings = state_->settings();
  const std::vector<Field> fields{text_field("key"), text_field("value")};
  if (statement.value) {
    value_or_throw(settings.set(statement.key, *statement.value));
    return table(fields, {{text(statement.key), text(*statement.value)}});
  }
  std::vector<Cells> rows;
  if (!statement.key.empty()) {
    rows.push_back({text(statement.key), text(settings.get(statement.key, "<undefined>"))});
  } else {
    for (const auto& [key, value] : settings.values) rows.push_back({text(key), text(value)});
  }
  return table(fields, rows);
}

StatementResult SqlSession::reset(const ResetStatement& statement) {
  SqlSettings kept;
  for (const auto& [key, value] : state_->settings().values) {
    if (!statement.key.empty() && key != statement.key) value_or_throw(kept.set(key, value));
  }
  state_->settings() = std::move(kept);
  return StatementMessage{};
}

StatementResult SqlSession::show(const ShowStatement& statement) const {
  using Kind = ShowStatement::Kind;
  std::vector<Cells> rows;
  switch (statement.kind) {
    case Kind::functions:
      for (const std::string& name : state_->functions().names()) {
        if (is_shown(name, statement.pattern)) rows.push_back({text(name)});
      }
      return table({text_field("function")}, rows);
    case Kind::streams:
      for (const auto& [name, source] : sources_) {
        if (source.is_stream && is_shown(name, statement.pattern))
          rows.push_back({text(name), text(source.format)});
      }
      return table({text_field("stream"), text_field("format")}, rows);
    case Kind::sinks:
      for (const auto& sink : state_->sinks()) {
        if (is_shown(sink->name, statement.pattern))
          rows.push_back({text(sink->name), text(sink->format),
                          text(to_string(sink->mode.value_or(OutputMode::append)))});
      }
      return table({text_field("sink"), text_field("format"), text_field("output_mode")}, rows);
    case Kind::queries:
      return table({text_field("query"),
                    text_field("id"),
                    text_field("status"),
                    {"epoch", primitive(TypeKind::int64), true},
                    text_field("error", true)},
                   query_rows(queries_, statement.pattern));
    case Kind::tables:
    case Kind::views:
      break;
  }
  const bool is_views = statement.kind == Kind::views;
  for (const std::string& name : state_->relation_names()) {
    if (!is_shown(name, statement.pattern)) continue;
    if (is_views && (sources_.count(name) > 0 || state_->find_sink(name))) continue;
    rows.push_back({text(""), text(name), Value{true}});
  }
  return table({text_field("namespace"),
                text_field(is_views ? "viewName" : "tableName"),
                {"isTemporary", primitive(TypeKind::boolean), false}},
               rows);
}

StatementResult SqlSession::describe(const DescribeStatement& statement) const {
  if (statement.kind == DescribeStatement::Kind::function)
    return describe_function(state_->functions(), statement.name);
  const RelationRef relation = statement.kind == DescribeStatement::Kind::query
                                   ? statement.query
                                   : make_relation(NamedRelation{{statement.name}, false});
  return describe_schema(value_or_throw(schema_of(*state_, relation)));
}

StatementResult SqlSession::explain(const ExplainStatement& statement) {
  const PlanRef plan = value_or_throw(analyze(statement.query, *state_));
  std::shared_ptr<const Sink> sink = std::make_shared<CollectSink>();
  OutputMode mode = OutputMode::complete;
  if (!statement.sink.empty()) {
    const auto found = sink_named(statement.sink);
    const SqlSink& named = *found;
    // Opening a memory sink would replace its table.
    if (named.format != "memory")
      sink = open_sink(named, schema_of(plan->output), plan->is_streaming);
    mode = named.mode.value_or(OutputMode::append);
  } else if (plan->is_streaming) {
    mode = mode_of_live(plan);
  }
  std::string plans = value_or_throw(explain_sql(*state_, statement.query, mode, std::move(sink),
                                                 statement.mode != ExplainStatement::Mode::simple));
  if (!statement.sink.empty() && plan->is_streaming)
    plans += explain_restart(*sink_named(statement.sink), statement, mode);
  return table({text_field("plan")}, {{text(plans)}});
}

std::string SqlSession::explain_restart(const SqlSink& sink, const ExplainStatement& statement,
                                        OutputMode mode) const {
  const std::string directory = options_of(sink, sink.name).checkpoint_directory;
  const std::string path = join_path(directory, "plan");
  if (directory.empty() || !value_or_throw(local_file_system().exists(path))) return "";
  const std::string before = value_or_throw(read_checked(local_file_system(), path));
  const LogicalPlan logical = value_or_throw(plan_main_outputs(
      *state_, {{sink.name, statement.query, mode, std::make_shared<CollectSink>()}},
      state_->parallelism()));
  const PhysicalPlan physical = value_or_throw(make_physical_plan(logical, state_->parallelism()));
  return fmt::format("== Checkpoint {} ==\n{}", directory,
                     to_text(compare_plans(before, restart_text(physical))));
}

Result<std::string> explain_sql(const SessionState& session, const RelationRef& relation,
                                OutputMode mode, std::shared_ptr<const Sink> sink,
                                bool is_extended) {
  STREAM_TRY(const PlanRef plan, analyze(relation, session));
  if (plan->is_streaming) STREAM_TRY(check_streaming(plan, mode, session.settings()));
  const PlanRef optimized = prune_columns(push_filters(plan));
  RelationalOptions options;
  options.mode = plan->is_streaming ? mode : OutputMode::complete;
  options.settings = std::make_shared<const SqlSettings>(session.settings());
  options.parallelism = session.parallelism();
  LogicalPlan logical;
  STREAM_TRY(const NodeId last, plan_relation(optimized, options, logical));
  LogicalNode sink_node;
  sink_node.name = "sink";
  sink_node.inputs = {last};
  sink_node.kind = SinkNode{std::move(sink)};
  logical.nodes.push_back(std::move(sink_node));
  STREAM_TRY(const PhysicalPlan physical, make_physical_plan(logical, session.parallelism()));
  std::string plans = "== Analyzed Logical Plan ==\n" + plan_text(plan) + "\n";
  if (is_extended) plans += "== Optimized Logical Plan ==\n" + plan_text(optimized) + "\n";
  return plans + stream::explain(physical);
}

}  // namespace stream
