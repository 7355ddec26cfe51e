#include <libstream/connectors/postgresql/change_source.hpp>
#include <libstream/connectors/postgresql/postgresql.hpp>
#include <libstream/connectors/postgresql/table_lookup.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace postgresql {
namespace {

/// A table or query: bounded, or followed by a growing key.
class TableSource final : public Source, public LookupSource {
 public:
  TableSource(SourcePlanRef plan, bool is_streaming)
      : plan_(std::move(plan)), is_streaming_(is_streaming) {}

  std::string description() const override { return plan_->description(); }
  Schema schema() const override { return *plan_->schema(); }
  bool is_static() const override { return !is_streaming_; }
  bool may_block() const override { return true; }
  std::shared_ptr<const Source> with_columns(
      const std::vector<std::size_t>& columns) const override {
    auto plan = std::make_shared<SourcePlan>(*plan_);
    plan->columns.clear();
    for (const std::size_t column : columns) plan->columns.push_back(plan_->columns[column]);
    return std::make_shared<TableSource>(std::move(plan), is_streaming_);
  }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return is_streaming_ ? make_incremental_planner(plan_) : make_snapshot_planner(plan_);
  }
  std::unique_ptr<SourceReader> make_reader() const override { return make_table_reader(plan_); }

  bool can_find(const std::vector<std::size_t>& key_columns) const override {
    return can_look_up(*plan_, key_columns);
  }
  LookupCache cache() const override {
    return {static_cast<std::size_t>(plan_->options.cache_rows), plan_->options.cache_ttl_millis};
  }
  Result<std::unique_ptr<LookupReader>> make_lookup(const std::vector<std::size_t>& key_columns,
                                                    BlockPool& pool) const override {
    return make_table_lookup(plan_, key_columns, pool);
  }

 private:
  SourcePlanRef plan_;
  bool is_streaming_;
};

/// A SELECT may end as people end it.
std::string subquery(std::string query) {
  query.erase(query.find_last_not_of(" \t\r\n;") + 1);
  return "(" + query + "\n) AS query";
}

Result<void> check_incremental(const SourcePlan& plan) {
  const std::string& name = plan.options.incremental_column;
  const auto column = std::find_if(plan.columns.begin(), plan.columns.end(),
                                   [&](const SourceColumn& c) { return c.name == name; });
  if (column == plan.columns.end())
    return bad_option(fmt::format("incrementalColumn: table {} has no column {}",
                                  plan.options.table.shown(), name));
  const TypeKind kind = column->read_as.kind;
  const bool is_ordered = is_numeric(kind) || kind == TypeKind::date ||
                          kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz;
  if (!is_ordered)
    return bad_option(fmt::format(
        "incrementalColumn: column {} is a {}; a number, date or timestamp that only grows can be "
        "followed",
        name, column->read_as.to_string()));
  return {};
}

Result<std::shared_ptr<const Source>> make_source(SourcePlan plan, bool is_streaming) {
  STREAM_TRY(Connection connection, Connection::open(plan.connection));
  plan.from =
      plan.options.query.empty() ? plan.options.table.quoted() : subquery(plan.options.query);
  STREAM_TRY(plan.columns, read_columns(connection, plan.from));
  if (!is_streaming) {
    STREAM_TRY(plan.conditions, cut_conditions(connection, plan.options, plan.columns));
  }
  if (!plan.options.slot.empty()) return make_change_source(connection, std::move(plan));
  if (is_streaming) STREAM_TRY(check_incremental(plan));
  return std::shared_ptr<const Source>(std::make_shared<TableSource>(
      std::make_shared<const SourcePlan>(std::move(plan)), is_streaming));
}

}  // namespace
}  // namespace postgresql

Result<std::shared_ptr<const Source>> make_postgresql_source(OptionMap options, bool is_streaming) {
  postgresql::SourcePlan plan;
  STREAM_TRY(postgresql::read_source_options(std::move(options), is_streaming, plan.connection,
                                             plan.options));
  auto source = postgresql::make_source(std::move(plan), is_streaming);
  if (!source) return std::move(source).error().with_context("postgresql source");
  return source;
}

}  // namespace stream
