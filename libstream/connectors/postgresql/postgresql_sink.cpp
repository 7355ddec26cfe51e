#include <libstream/connectors/memory/no_commit.hpp>
#include <libstream/connectors/postgresql/sink_plan.hpp>
#include <libstream/connectors/postgresql/table_replacement.hpp>
#include <libstream/connectors/postgresql/table_writer.hpp>

#include <fmt/format.h>

namespace stream {
namespace postgresql {

std::vector<std::string> names_of(const std::vector<TableColumn>& columns) {
  std::vector<std::string> names;
  for (const TableColumn& column : columns) names.push_back(column.name);
  return names;
}

std::vector<ColumnType> types_of(const std::vector<TableColumn>& columns) {
  std::vector<ColumnType> types;
  for (const TableColumn& column : columns) types.push_back(column.type);
  return types;
}

Result<OpenTable> open_table(const SinkPlan& plan) {
  STREAM_TRY(Connection connection, Connection::open(plan.connection));
  const TableName& table = plan.options.table;
  STREAM_TRY(auto shape, read_table(connection, table));
  if (!shape && plan.creates_table) {
    STREAM_TRY(const std::string create,
               create_statement(plan.request.schema, plan.options.key, table));
    STREAM_TRY(create_once(connection, table, create));
    STREAM_TRY(shape, read_table(connection, table));
  }
  if (!shape) return missing_table(table);
  STREAM_TRY(auto columns, match_columns(plan.request.schema, *shape, table));
  if (plan.is_upsert()) STREAM_TRY(check_key(plan.options.key, *shape, table));
  return OpenTable{std::move(connection), std::move(columns)};
}

namespace {

class PostgresSink final : public Sink {
 public:
  explicit PostgresSink(SinkPlanRef plan) : plan_(std::move(plan)) {}

  std::string description() const override {
    return fmt::format("PostgreSQL[{}, {}]", server_shown(plan_->connection),
                       plan_->options.table.shown());
  }
  SinkKind kind() const override { return plan_->kind(); }
  bool may_block() const override { return true; }

  Result<void> check(const Schema& schema) const override {
    const std::vector<Field>& made_for = plan_->request.schema.fields;
    bool is_same = schema.num_fields() == made_for.size();
    for (std::size_t i = 0; is_same && i < made_for.size(); ++i)
      is_same = is_same_type(schema.fields[i].type, made_for[i].type);
    if (!is_same) return fatal("postgresql: the sink was made for other rows");
    return {};
  }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return plan_->is_replace() ? make_staging_writer(plan_) : make_table_writer(plan_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    if (plan_->is_replace()) return make_replacing_committer(plan_);
    return std::make_unique<NoCommit>();
  }

 private:
  SinkPlanRef plan_;
};

/// Looks at the table, and makes nothing: a plan that is only explained leaves no trace.
Result<void> check_table(SinkPlan& plan) {
  const TableName& table = plan.options.table;
  STREAM_TRY(Connection connection, Connection::open(plan.connection));
  STREAM_TRY(const auto shape, read_table(connection, table));
  if (!plan.request.is_streaming && shape) {
    if (plan.request.save_mode == SaveMode::error_if_exists)
      return bad_plan(fmt::format(
          "[TABLE_OR_VIEW_ALREADY_EXISTS] table {} exists already: set the mode to append, "
          "overwrite or ignore",
          table.shown()));
    plan.is_ignored = plan.request.save_mode == SaveMode::ignore;
    if (plan.is_ignored) return {};
  }
  if (!shape) {
    if (!plan.creates_table) return missing_table(table);
    STREAM_TRY(const std::string create,
               create_statement(plan.request.schema, plan.options.key, table));
    return {};
  }
  STREAM_TRY(const auto columns, match_columns(plan.request.schema, *shape, table));
  if (plan.is_upsert()) STREAM_TRY(check_key(plan.options.key, *shape, table));
  return {};
}

}  // namespace
}  // namespace postgresql

std::string_view postgresql_absence() { return ""; }

Result<std::shared_ptr<const Sink>> make_postgresql_sink(PostgresSinkRequest request) {
  using namespace postgresql;
  auto plan = std::make_shared<SinkPlan>();
  STREAM_TRY(read_sink_options(std::move(request.options), plan->connection, plan->options));
  if (request.is_streaming && request.write == TableWrite::upsert && plan->options.key.empty())
    return bad_option(
        "postgresql: output mode update replaces rows by key: give the option key, the columns of "
        "a unique index");
  plan->request = std::move(request);
  // A bounded write makes its table, as Spark's does; a stream only when it is told to.
  plan->creates_table = plan->options.creates_table.value_or(!plan->request.is_streaming);
  if (auto checked = check_table(*plan); !checked)
    return std::move(checked).error().with_context("postgresql sink");
  return std::shared_ptr<const Sink>(std::make_shared<PostgresSink>(std::move(plan)));
}

}  // namespace stream
