#include <libstream/connectors/postgresql/source_plan.hpp>

#include <fmt/format.h>

namespace stream::postgresql {
namespace {

/// An exported snapshot lives as long as its session is idle in its transaction; after so long the
/// server ends it, so that a stream that waits does not hold up vacuuming.
constexpr const char* kSnapshotLife = "60s";

class SnapshotPlanner final : public SourcePlanner {
 public:
  explicit SnapshotPlanner(SourcePlanRef plan) : plan_(std::move(plan)) {}

  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    return std::optional<std::string>(start);
  }

  Result<std::vector<Split>> plan(const std::string&, const std::string&) override {
    std::string snapshot;
    if (plan_->conditions.size() > 1) {
      STREAM_TRY(snapshot, export_snapshot());
    }
    std::vector<Split> splits;
    for (std::size_t i = 0; i < plan_->conditions.size(); ++i)
      splits.push_back(
          {to_text({plan_->conditions[i], "", snapshot}), static_cast<std::uint32_t>(i)});
    return splits;
  }
  Result<void> commit(const std::string&) override { return {}; }

 private:
  Result<std::string> export_snapshot() {
    exporter_.reset();
    STREAM_TRY(Connection connection, Connection::open(plan_->connection));
    STREAM_TRY(connection.run(
        fmt::format("SET idle_in_transaction_session_timeout = '{}'; BEGIN ISOLATION LEVEL "
                    "REPEATABLE READ READ ONLY",
                    kSnapshotLife)));
    STREAM_TRY(const Rows rows, connection.query("SELECT pg_export_snapshot()"));
    exporter_.emplace(std::move(connection));
    return rows.text(0, 0);
  }

  SourcePlanRef plan_;
  std::optional<Connection> exporter_;
};

}  // namespace

std::unique_ptr<SourcePlanner> make_snapshot_planner(SourcePlanRef plan) {
  return std::make_unique<SnapshotPlanner>(std::move(plan));
}

}  // namespace stream::postgresql
