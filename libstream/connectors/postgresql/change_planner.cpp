#include <libstream/base/log.hpp>
#include <libstream/connectors/postgresql/change_source.hpp>
#include <libstream/connectors/postgresql/pgoutput.hpp>
#include <libstream/connectors/postgresql/table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>

namespace stream::postgresql {
namespace {

using Json = nlohmann::ordered_json;

/// Changes looked through for the end of an epoch where no limit is given.
constexpr std::int64_t kMaxChanges = 1'000'000;

std::string offset_text(LogPosition position) {
  Json json;
  json["lsn"] = position_text(position);
  return json.dump();
}

Result<LogPosition> parse_offset(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("lsn") || !json["lsn"].is_string())
    return fatal(fmt::format("postgresql: '{}' is no offset of it", text));
  return parse_position(json["lsn"].get<std::string>());
}

class ChangePlanner final : public SourcePlanner {
 public:
  explicit ChangePlanner(ChangePlanRef plan) : plan_(std::move(plan)) {}

  Result<void> open(const PlannerContext&) override { return {}; }

  Result<std::string> initial_offset() override {
    STREAM_TRY(connect());
    STREAM_TRY(const auto kept, kept_from());
    if (kept) return offset_text(*kept);
    STREAM_TRY(const LogPosition made, create());
    return offset_text(made);
  }

  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    STREAM_TRY(const LogPosition first, parse_offset(start));
    STREAM_TRY(connect());
    auto found = find_end(first);
    if (!found) connection_.reset();
    STREAM_TRY(const LogPosition end, std::move(found));
    return std::optional(offset_text(end));
  }

  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    STREAM_TRY(const LogPosition first, parse_offset(start));
    STREAM_TRY(const LogPosition last, parse_offset(end));
    if (first >= last) return std::vector<Split>();
    return std::vector<Split>{{position_text(first) + " " + position_text(last), 0}};
  }

  /// Only now may the server forget what the epoch has read.
  Result<void> commit(const std::string& end) override {
    STREAM_TRY(const LogPosition position, parse_offset(end));
    STREAM_TRY(connect());
    STREAM_TRY(const auto kept, kept_from());
    if (!kept || *kept >= position) return {};
    auto moved =
        connection_->query("SELECT pg_replication_slot_advance($1::text::name, $2::text::pg_lsn)",
                           {plan_->slot(), position_text(position)});
    if (!moved) return std::move(moved).error().with_context("slot " + plan_->slot());
    return {};
  }

 private:
  Result<void> connect() {
    if (connection_) return {};
    STREAM_TRY(Connection connection, Connection::open(plan_->table.connection));
    connection_.emplace(std::move(connection));
    return {};
  }

  /// Where the slot's changes begin; nullopt: there is no slot, or the server gave its log up.
  Result<std::optional<LogPosition>> kept_from() {
    auto found = connection_->query(
        "SELECT confirmed_flush_lsn, wal_status FROM pg_replication_slots WHERE slot_name = $1",
        {plan_->slot()});
    if (!found) connection_.reset();
    STREAM_TRY(const Rows rows, std::move(found));
    if (rows.size() == 0 || rows.text(0, 1) == "lost") return std::optional<LogPosition>();
    STREAM_TRY(const LogPosition position, parse_position(rows.text(0, 0)));
    return std::optional(position);
  }

  Result<LogPosition> create() {
    const TableName& table = plan_->table.options.table;
    if (!plan_->table.options.creates_slot)
      return bad_option(fmt::format(
          "slot: there is no replication slot {}; make it (SELECT "
          "pg_create_logical_replication_slot({}, 'pgoutput')) or set createSlot to true",
          plan_->slot(), quote_text(plan_->slot())));
    STREAM_TRY(const Rows known,
               connection_->query("SELECT 1 FROM pg_publication WHERE pubname = $1",
                                  {plan_->publication()}));
    if (known.size() == 0)
      STREAM_TRY(connection_->run(fmt::format("CREATE PUBLICATION {} FOR TABLE {}",
                                              quote_name(plan_->publication()), table.quoted())));
    auto made = connection_->query(
        "SELECT lsn FROM pg_create_logical_replication_slot($1::text::name, 'pgoutput')",
        {plan_->slot()});
    if (!made) return std::move(made).error().with_context("slot " + plan_->slot());
    return parse_position(made->text(0, 0));
  }

  Result<LogPosition> lost(LogPosition start, const std::optional<LogPosition>& kept) {
    const std::string what =
        fmt::format("changes of table {} after {} are gone: {}", plan_->table.options.table.shown(),
                    position_text(start),
                    kept ? fmt::format("slot {} begins at {}, others have read from it",
                                       plan_->slot(), position_text(*kept))
                         : fmt::format("slot {} was dropped, or the server gave up its log "
                                       "(max_slot_wal_keep_size)",
                                       plan_->slot()));
    if (plan_->table.options.fails_on_data_loss)
      return fatal(what +
                   "; to go on with what there is set failOnDataLoss to false, or read the "
                   "table anew with a new checkpoint and slot");
    STREAM_LOG(warning, "postgresql: {}", what);
    return kept ? Result<LogPosition>(*kept) : create();
  }

  Result<LogPosition> find_end(LogPosition start) {
    STREAM_TRY(const auto kept, kept_from());
    if (!kept || *kept > start) return lost(start, kept);
    // What the log holds up to here has been looked through already.
    STREAM_TRY(const Rows flushed, connection_->query("SELECT pg_current_wal_flush_lsn()"));
    STREAM_TRY(const LogPosition now, parse_position(flushed.text(0, 0)));
    if (now == seen_ && start >= last_found_) return start;
    STREAM_TRY(const LogPosition end, last_commit(start));
    seen_ = now;
    last_found_ = end;
    return end;
  }

  /// The end of the last transaction that the epoch takes in; `start`: there is none.
  Result<LogPosition> last_commit(LogPosition start) {
    const std::int64_t limit = plan_->table.options.max_rows_per_trigger;
    for (std::int64_t max = limit > 0 ? limit : kMaxChanges;; max *= 2) {
      STREAM_TRY(
          const Rows commits,
          connection_->query(fmt::format(
              "SELECT lsn, changes FROM (SELECT lsn, get_byte(data, 0) AS kind, "
              "count(*) FILTER (WHERE get_byte(data, 0) IN (73, 85, 68, 84) AND lsn > '{0}') "
              "OVER (ORDER BY n) AS changes FROM {1} WITH "
              "ORDINALITY AS m(lsn, xid, data, n)) AS messages WHERE kind = 67 AND "
              "lsn > '{0}' ORDER BY lsn",
              position_text(start), plan_->peek("NULL", max))));
      LogPosition end = start;
      for (std::size_t row = 0; row < commits.size(); ++row) {
        STREAM_TRY(end, parse_position(commits.text(row, 0)));
        if (limit > 0 && number_of(commits.text(row, 1)) >= limit) break;
      }
      if (end > start) return end;
      // Nothing but what is committed already, and there may be more behind it.
      STREAM_TRY(const Rows total, connection_->query(fmt::format("SELECT count(*) FROM {}",
                                                                  plan_->peek("NULL", max))));
      if (number_of(total.text(0, 0)) < max) return start;
    }
  }

  static std::int64_t number_of(const std::string& text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  ChangePlanRef plan_;
  std::optional<Connection> connection_;
  LogPosition seen_ = 0;        ///< the log's end at the last look
  LogPosition last_found_ = 0;  ///< the end of the last epoch that was found
};

}  // namespace

std::unique_ptr<SourcePlanner> make_change_planner(ChangePlanRef plan) {
  return std::make_unique<ChangePlanner>(std::move(plan));
}

}  // namespace stream::postgresql
