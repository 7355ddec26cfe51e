#include <libstream/api/sql_session.hpp>
#include <libstream/plans/analyzer.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/plans/streaming_check.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

constexpr const char* kCheckpointRoot = "spark.sql.streaming.checkpointLocation";

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

bool is_same_trigger(const Trigger& a, const Trigger& b) {
  return a.kind == b.kind && a.interval == b.interval;
}

}  // namespace

SqlSession::SqlSession(std::shared_ptr<SessionState> state, SqlSessionOptions options)
    : state_(std::move(state)), options_(std::move(options)) {}

StatementResult SqlSession::run(const Statement& statement) {
  return std::visit(Overloaded{[&](const QueryStatement& s) { return query(s); },
                               [&](const CreateViewStatement& s) { return create_view(s); },
                               [&](const CreateSourceStatement& s) { return create_source(s); },
                               [&](const CreateSinkStatement& s) { return create_sink(s); },
                               [&](const DropStatement& s) { return drop(s); },
                               [&](const InsertStatement& s) { return insert(s); },
                               [&](const StatementSet& s) { return insert_all(s); },
                               [&](const SetStatement& s) { return set(s); },
                               [&](const ResetStatement& s) { return reset(s); },
                               [&](const ShowStatement& s) { return show(s); },
                               [&](const DescribeStatement& s) { return describe(s); },
                               [&](const ExplainStatement& s) { return explain(s); },
                               [&](const StopQueryStatement& s) { return stop(s); }},
                    statement.kind);
}

/// What shows most: new rows where only such come out, else the whole table, else its changes.
OutputMode SqlSession::mode_of_live(const PlanRef& plan) const {
  const Result<void> append = check_streaming(plan, OutputMode::append, state_->settings());
  if (append) return OutputMode::append;
  for (const OutputMode mode : {OutputMode::complete, OutputMode::update}) {
    if (check_streaming(plan, mode, state_->settings())) return mode;
  }
  throw Error(append.error());
}

StatementResult SqlSession::query(const QueryStatement& statement) {
  const PlanRef plan = value_or_throw(analyze(statement.query, *state_));
  if (!plan->is_streaming) {
    BoundedOptions options;
    options.parallelism = state_->parallelism();
    CollectedRows rows = value_or_throw(collect(*state_, statement.query, options));
    return StatementRows{std::move(rows.schema), std::move(rows.batches)};
  }
  const auto rows = std::make_shared<CollectSink>();
  StreamingOptions options;
  options.mode = mode_of_live(plan);
  options.sink = rows;
  options.query.trigger = options_.trigger;
  options.query.parallelism = state_->parallelism();
  options.query.on_reject = options_.on_reject;
  const OutputMode mode = options.mode;
  auto query = state_->streams().start(*state_, statement.query, std::move(options));
  return LiveRows{schema_of(plan->output), mode, rows, std::move(query)};
}

StatementResult SqlSession::create_view(const CreateViewStatement& statement) {
  RelationRef relation = statement.query;
  if (!statement.columns.empty())
    relation = make_relation(AliasRelation{relation, statement.name, statement.columns});
  value_or_throw(schema_of(*state_, relation));
  const RelationRef before = state_->find_relation({statement.name});
  value_or_throw(state_->add_relation(statement.name, relation, statement.replaces));
  // It may now name itself: analysis then nests without an end, and is stopped.
  if (before && !schema_of(*state_, make_relation(NamedRelation{{statement.name}, false}))) {
    value_or_throw(state_->add_relation(statement.name, before, true));
    throw bad_plan(
        fmt::format("[RECURSIVE_VIEW] Recursive view `{}` detected (cycle: `{}` -> `{}`)"
                    ". Give the new view another name.",
                    statement.name, statement.name, statement.name));
  }
  sources_.erase(statement.name);
  return StatementMessage{fmt::format("view {}", statement.name)};
}

StatementResult SqlSession::create_source(const CreateSourceStatement& statement) {
  if (statement.if_not_exists && state_->find_relation({statement.name}))
    return StatementMessage{fmt::format("{} is there already", statement.name)};
  ReadRequestByName request;
  request.format = statement.format;
  for (const auto& [key, value] : statement.options) request.options[key] = value;
  if (!statement.location.empty()) request.paths = {statement.location};
  request.schema = statement.schema;
  request.is_streaming = statement.is_stream;
  auto made = make_relation_by_name(*state_, std::move(request));
  if (!made) throw std::move(made).error().with_context(statement.name);
  RelationRef relation = std::move(*made);
  if (statement.watermark)
    relation = make_relation(WatermarkRelation{relation, make_column(statement.watermark->column),
                                               statement.watermark->delay});
  value_or_throw(schema_of(*state_, relation));
  value_or_throw(state_->add_relation(statement.name, std::move(relation), false));
  sources_[statement.name] = {statement.is_stream, statement.format};
  return StatementMessage{
      fmt::format("{} {}", statement.is_stream ? "stream" : "table", statement.name)};
}

StatementResult SqlSession::create_sink(const CreateSinkStatement& statement) {
  if (statement.if_not_exists && state_->find_sink(statement.name))
    return StatementMessage{fmt::format("{} is there already", statement.name)};
  SqlSink sink = value_or_throw(make_sql_sink(statement));
  value_or_throw(state_->add_sink(std::make_shared<const SqlSink>(std::move(sink))));
  return StatementMessage{fmt::format("sink {}", statement.name)};
}

StatementResult SqlSession::drop(const DropStatement& statement) {
  using Kind = DropStatement::Kind;
  bool is_there = false;
  if (statement.kind == Kind::sink) {
    is_there = state_->remove_sink(statement.name);
  } else {
    const auto source = sources_.find(statement.name);
    const bool is_right_kind =
        statement.kind == Kind::view
            ? source == sources_.end()
            : source != sources_.end() &&
                  source->second.is_stream == (statement.kind == Kind::stream);
    if (is_right_kind && state_->remove_relation(statement.name)) {
      is_there = true;
      sources_.erase(statement.name);
    }
  }
  if (is_there) return StatementMessage{fmt::format("dropped {}", statement.name)};
  if (statement.if_exists) return StatementMessage{fmt::format("there is no {}", statement.name)};
  constexpr std::string_view kWords[] = {"view", "stream", "table", "sink"};
  throw bad_plan(fmt::format(
      "[TABLE_OR_VIEW_NOT_FOUND] The {} `{}` cannot be found. To tolerate the error on drop use "
      "DROP {} IF EXISTS.",
      kWords[static_cast<std::size_t>(statement.kind)], statement.name,
      statement.kind == Kind::sink ? "SINK" : "…"));
}

std::shared_ptr<const SqlSink> SqlSession::sink_named(const std::string& name) const {
  return value_or_throw(find_sql_sink(*state_, name));
}

std::shared_ptr<const Sink> SqlSession::open_sink(const SqlSink& sink, const Schema& schema,
                                                  bool is_streaming) {
  return value_or_throw(open_sql_sink(*state_, sink, schema, is_streaming));
}

QueryOptions SqlSession::options_of(const SqlSink& sink, const std::string& name) const {
  QueryOptions options;
  options.name = name;
  options.trigger = sink.trigger.value_or(options_.trigger);
  options.parallelism = state_->parallelism();
  options.on_reject = options_.on_reject;
  const std::string root = options_.checkpoint_directory.empty()
                               ? state_->settings().get(kCheckpointRoot, "")
                               : options_.checkpoint_directory;
  options.checkpoint_directory = sink.checkpoint_directory;
  if (options.checkpoint_directory.empty() && !root.empty())
    options.checkpoint_directory = root + "/" + name;
  return options;
}

StatementResult SqlSession::insert(const InsertStatement& statement) {
  sink_named(statement.sink);
  const PlanRef plan = value_or_throw(analyze(statement.query, *state_));
  if (!plan->is_streaming) return write(statement, plan);
  return start({statement}, statement.query_name.empty() ? statement.sink : statement.query_name);
}

StatementResult SqlSession::write(const InsertStatement& statement, const PlanRef& plan) {
  BoundedOptions options;
  options.parallelism = state_->parallelism();
  options.sink = open_sink(*sink_named(statement.sink), schema_of(plan->output), false);
  value_or_throw(collect(*state_, statement.query, options));
  return StatementMessage{fmt::format("written to {}", statement.sink)};
}

StatementResult SqlSession::insert_all(const StatementSet& statement) {
  std::string name;
  for (const InsertStatement& insert : statement.inserts) {
    const PlanRef plan = value_or_throw(analyze(insert.query, *state_));
    if (!plan->is_streaming)
      throw bad_plan(
          fmt::format("a statement set is one streaming query: INSERT INTO {} reads no "
                      "stream; put it before or behind the set",
                      insert.sink));
    const std::string& part = insert.query_name.empty() ? insert.sink : insert.query_name;
    name += (name.empty() ? "" : "_") + part;
  }
  return start(statement.inserts, name);
}

StatementResult SqlSession::start(const std::vector<InsertStatement>& inserts,
                                  const std::string& name) {
  std::vector<QueryOutput> outputs;
  QueryOptions options = options_of(*sink_named(inserts.front().sink), name);
  std::string plans;
  for (const InsertStatement& insert : inserts) {
    const auto named = sink_named(insert.sink);
    const SqlSink& sink = *named;
    if (!is_same_trigger(options.trigger, sink.trigger.value_or(options_.trigger)))
      throw bad_option(
          fmt::format("sinks {} and {} of one statement set have different triggers; "
                      "a query has one",
                      inserts.front().sink, insert.sink));
    const bool is_twice = std::any_of(outputs.begin(), outputs.end(),
                                      [&](const QueryOutput& o) { return o.name == insert.sink; });
    if (is_twice)
      throw bad_plan(
          fmt::format("the statement set writes to {} twice; join the two queries with "
                      "UNION ALL",
                      insert.sink));
    const Schema schema = value_or_throw(schema_of(*state_, insert.query));
    outputs.push_back({insert.sink, insert.query, sink.mode.value_or(OutputMode::append),
                       open_sink(sink, schema, true), sink.late_rows});
    plans += value_or_throw(
        explain_sql(*state_, insert.query, outputs.back().mode, outputs.back().sink, false));
  }
  auto query = state_->streams().start(std::move(options), std::move(plans), [&](QueryOptions o) {
    return start_outputs(*state_, outputs, std::move(o));
  });
  queries_.push_back({name, query});
  return queries_.back();
}

StatementResult SqlSession::stop(const StopQueryStatement& statement) {
  std::vector<std::string> running;
  for (const StartedQuery& started : queries_) {
    if (!started.query->is_active()) continue;
    running.push_back(started.name);
    if (started.name != statement.name && started.query->id() != statement.name) continue;
    started.query->stop_gracefully();
    return StatementMessage{fmt::format("stopped {}", started.name)};
  }
  const std::vector<std::string> nearest = nearest_names(statement.name, std::move(running), 1);
  throw bad_plan(fmt::format(
      "[QUERY_NOT_FOUND] No query `{}` is running.{} SHOW QUERIES lists them.", statement.name,
      nearest.empty() ? "" : fmt::format(" Did you mean `{}`?", nearest.front())));
}

void SqlSession::stop_all(bool gracefully) {
  for (const StartedQuery& started : queries_) {
    if (!started.query->is_active()) continue;
    gracefully ? started.query->stop_gracefully() : started.query->stop();
  }
}

}  // namespace stream
