// Carries out SQL statements on a session: sources, sinks and views by name, queries that show
// rows, queries that are started. Used by `streamctl run` and `streamctl sql`. Throws Error as
// Spark refuses; the message of an error in the text has line, column and caret. One thread.
#pragma once

#include <libstream/api/query_start.hpp>
#include <libstream/api/sql_sink.hpp>
#include <libstream/api/streaming_query.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/plans/resolved_plan.hpp>

#include <string_view>
#include <variant>

namespace stream {

/// Of a bounded query, SHOW, DESCRIBE, EXPLAIN, SET.
struct StatementRows {
  Schema schema;
  std::vector<Batch> batches;
};
/// What was done; may be empty.
struct StatementMessage {
  std::string text;
};
/// INSERT INTO of a stream, or a statement set: it runs until it ends or is stopped.
struct StartedQuery {
  std::string name;
  std::shared_ptr<StreamingQuery> query;
};
/// A streaming SELECT: epochs come out of `rows` (take) until the query is stopped.
struct LiveRows {
  Schema schema;
  OutputMode mode = OutputMode::append;  ///< complete: an epoch's rows are all there are
  std::shared_ptr<const CollectSink> rows;
  std::shared_ptr<StreamingQuery> query;
};
using StatementResult = std::variant<StatementMessage, StatementRows, StartedQuery, LiveRows>;

struct SqlSessionOptions {
  /// Queries without a checkpoint of their own keep it in a folder of their name below.
  std::string checkpoint_directory;
  /// Of sinks that name none, and of streaming SELECTs.
  Trigger trigger = Trigger::processing_time(Duration{0});
  std::function<void(const Reject&)> on_reject;
};

class SqlSession {
 public:
  explicit SqlSession(std::shared_ptr<SessionState> state, SqlSessionOptions options = {});

  StatementResult run(const Statement& statement);

  const std::shared_ptr<SessionState>& state() const { return state_; }
  /// Started by INSERT and statement sets, ended ones too, in their order.
  const std::vector<StartedQuery>& queries() const { return queries_; }
  /// Stops the running ones, oldest first.
  void stop_all(bool gracefully);

 private:
  struct SourceInfo {
    bool is_stream = false;
    std::string format;
  };

  StatementResult query(const QueryStatement& statement);
  StatementResult create_view(const CreateViewStatement& statement);
  StatementResult create_source(const CreateSourceStatement& statement);
  StatementResult create_sink(const CreateSinkStatement& statement);
  StatementResult drop(const DropStatement& statement);
  StatementResult insert(const InsertStatement& statement);
  StatementResult insert_all(const StatementSet& statement);
  StatementResult set(const SetStatement& statement);
  StatementResult reset(const ResetStatement& statement);
  StatementResult show(const ShowStatement& statement) const;
  StatementResult describe(const DescribeStatement& statement) const;
  StatementResult explain(const ExplainStatement& statement);
  /// What a restart on the sink's checkpoint keeps of its state; empty where there is none.
  std::string explain_restart(const SqlSink& sink, const ExplainStatement& statement,
                              OutputMode mode) const;
  StatementResult stop(const StopQueryStatement& statement);

  std::shared_ptr<const SqlSink> sink_named(const std::string& name) const;
  std::shared_ptr<const Sink> open_sink(const SqlSink& sink, const Schema& schema,
                                        bool is_streaming);
  QueryOptions options_of(const SqlSink& sink, const std::string& name) const;
  StatementResult write(const InsertStatement& statement, const PlanRef& plan);
  StatementResult start(const std::vector<InsertStatement>& inserts, const std::string& name);
  OutputMode mode_of_live(const PlanRef& plan) const;

  std::shared_ptr<SessionState> state_;
  SqlSessionOptions options_;
  std::map<std::string, SourceInfo, IgnoreCaseLess> sources_;
  std::vector<StartedQuery> queries_;
};

/// The analysed plan and the stages that run, as EXPLAIN prints them; is_extended adds the plan
/// after filters were pushed down.
Result<std::string> explain_sql(const SessionState& session, const RelationRef& relation,
                                OutputMode mode, std::shared_ptr<const Sink> sink,
                                bool is_extended);

/// A type as DESCRIBE shows it: "bigint", "struct<a:string>".
std::string describe_type(const DataType& type);

}  // namespace stream
