#include <libstream/connectors/postgresql/change_source.hpp>
#include <libstream/connectors/postgresql/table.hpp>

#include <fmt/format.h>

#include <charconv>

namespace stream::postgresql {
namespace {

class ChangeSource final : public Source {
 public:
  explicit ChangeSource(ChangePlanRef plan) : plan_(std::move(plan)) {}

  std::string description() const override {
    return fmt::format("{} changes by slot {}", plan_->table.description(), plan_->slot());
  }
  Schema schema() const override { return *plan_->table.schema(); }
  bool may_block() const override { return true; }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return make_change_planner(plan_);
  }
  std::unique_ptr<SourceReader> make_reader() const override { return make_change_reader(plan_); }

 private:
  ChangePlanRef plan_;
};

Result<void> check_server(Connection& connection) {
  STREAM_TRY(const Rows level, connection.query("SHOW wal_level"));
  if (level.text(0, 0) == "logical") return {};
  return bad_plan(fmt::format(
      "changes need wal_level = logical, the server has {}: ALTER SYSTEM SET wal_level = logical, "
      "then restart it",
      level.text(0, 0)));
}

Result<void> check_slot(Connection& connection, const ChangePlan& plan) {
  STREAM_TRY(const Rows slot, connection.query("SELECT plugin, database = current_database() FROM "
                                               "pg_replication_slots WHERE slot_name = $1",
                                               {plan.slot()}));
  if (slot.size() == 0) return {};  // the planner makes it or says why not
  if (slot.text(0, 0) != "pgoutput" || slot.text(0, 1) != "t")
    return bad_option(
        fmt::format("slot {} is of another plugin ({}) or database: name one of pgoutput here",
                    plan.slot(), slot.text(0, 0)));
  STREAM_TRY(
      const Rows published,
      connection.query("SELECT p.puballtables OR EXISTS (SELECT 1 FROM pg_publication_tables "
                       "t WHERE t.pubname = p.pubname AND format('%I.%I', t.schemaname, "
                       "t.tablename)::regclass = to_regclass($2)) FROM pg_publication p WHERE "
                       "p.pubname = $1",
                       {plan.publication(), plan.table.options.table.quoted()}));
  if (published.size() == 1 && published.text(0, 0) == "t") return {};
  return bad_option(
      fmt::format("publication {} does not have table {}: run CREATE PUBLICATION {} FOR TABLE {}",
                  plan.publication(), plan.table.options.table.shown(),
                  quote_name(plan.publication()), plan.table.options.table.quoted()));
}

Result<std::uint32_t> relation_of(Connection& connection, const TableName& table) {
  STREAM_TRY(const Rows rows,
             connection.query("SELECT to_regclass($1)::oid::bigint", {table.quoted()}));
  const std::string text = rows.text(0, 0);
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string ChangePlan::peek(const std::string& up_to, std::int64_t max_changes) const {
  return fmt::format(
      "pg_logical_slot_peek_binary_changes({}, {}, {}, 'proto_version', '1', 'publication_names', "
      "{}, 'binary', 'true')",
      quote_text(slot()), up_to, max_changes > 0 ? std::to_string(max_changes) : "NULL",
      quote_text(quote_name(publication())));
}

Result<std::shared_ptr<const Source>> make_change_source(Connection& connection, SourcePlan plan) {
  STREAM_TRY(check_server(connection));
  for (const SourceColumn& column : plan.columns) {
    if (column.select.ends_with("::text"))
      return bad_plan(
          fmt::format("column {} of table {} is of a type that changes are not read of: leave it "
                      "out of the table, or keep a copy of it as text there",
                      column.name, plan.options.table.shown()));
  }
  const auto add = [&](const char* name, TypeKind kind) {
    plan.columns.push_back({name, {}, primitive(kind), ""});
  };
  add("_change_type", TypeKind::string);
  add("_commit_lsn", TypeKind::int64);
  add("_commit_timestamp", TypeKind::timestamp);
  auto changes = std::make_shared<ChangePlan>();
  changes->table = std::move(plan);
  STREAM_TRY(changes->relation, relation_of(connection, changes->table.options.table));
  STREAM_TRY(check_slot(connection, *changes));
  return std::shared_ptr<const Source>(std::make_shared<ChangeSource>(std::move(changes)));
}

}  // namespace stream::postgresql
