#include <libstream/connectors/postgresql/source_plan.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace stream::postgresql {
namespace {

using Json = nlohmann::ordered_json;

/// Offsets are {"value": text of the last key, or null before the first row}.
std::string offset_text(const std::optional<std::string>& value) {
  Json json;
  json["value"] = value ? Json(*value) : Json();
  return json.dump();
}

Result<std::optional<std::string>> parse_last_value(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  const bool is_offset = json.is_object() && json.contains("value") &&
                         (json["value"].is_null() || json["value"].is_string());
  if (!is_offset) return fatal(fmt::format("postgresql: '{}' is no offset of it", text));
  if (json["value"].is_null()) return std::optional<std::string>();
  return std::optional<std::string>(json["value"].get<std::string>());
}

/// Keys are handed out before their rows can be seen, so a row may appear behind one that was read
/// already. A key counts as settled once every transaction that was writing to the table when it
/// was the largest has ended: whoever took a smaller one holds the table's write lock until then.
class IncrementalPlanner final : public SourcePlanner {
 public:
  explicit IncrementalPlanner(SourcePlanRef plan) : plan_(std::move(plan)) {
    for (const SourceColumn& column : plan_->columns) {
      if (column.name == plan_->options.incremental_column) type_ = column.type.name;
    }
    key_ = quote_name(plan_->options.incremental_column);
  }

  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return offset_text(std::nullopt); }

  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    STREAM_TRY(const auto last, parse_last_value(start));
    auto found = find_end(last);
    if (!found) connection_.reset();
    STREAM_TRY(const auto end, std::move(found));
    return std::optional(end ? offset_text(end) : start);
  }

  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    if (start == end) return std::vector<Split>();
    STREAM_TRY(const auto first, parse_last_value(start));
    STREAM_TRY(const auto last, parse_last_value(end));
    TablePart part;
    part.condition = fmt::format("{} <= {}", key_, literal(last.value_or("")));
    if (first) part.condition += " AND " + beyond(*first);
    part.order = key_;
    return std::vector<Split>{{to_text(part), 0}};
  }
  Result<void> commit(const std::string&) override { return {}; }

 private:
  using Writers = std::set<std::string>;

  std::string literal(const std::string& value) const {
    return fmt::format("{}::{}", quote_text(value), type_);
  }
  std::string beyond(const std::string& value) const {
    return fmt::format("{} > {}", key_, literal(value));
  }

  /// The end of a range of settled keys beyond `last`; nullopt: there is none yet.
  Result<std::optional<std::string>> find_end(const std::optional<std::string>& last) {
    if (!connection_) {
      STREAM_TRY(Connection connection, Connection::open(plan_->connection));
      connection_.emplace(std::move(connection));
    }
    if (writers_.empty()) {
      STREAM_TRY(newest_, largest_key(last));
      if (!newest_) return newest_;
    }
    // After the largest key was looked up: a transaction that begins to write later takes larger
    // ones.
    STREAM_TRY(Writers now, writers());
    if (writers_.empty()) {
      writers_ = std::move(now);
    } else {
      std::erase_if(writers_, [&](const std::string& writer) { return !now.contains(writer); });
    }
    if (!writers_.empty()) return std::optional<std::string>();
    return plan_->options.max_rows_per_trigger > 0 ? limited(last) : std::move(newest_);
  }

  Result<std::optional<std::string>> largest_key(const std::optional<std::string>& last) {
    STREAM_TRY(const Rows rows,
               connection_->query(fmt::format("SELECT max({})::text FROM {}{}", key_, plan_->from,
                                              last ? " WHERE " + beyond(*last) : "")));
    const auto value = rows.at(0, 0);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }

  Result<std::optional<std::string>> limited(const std::optional<std::string>& last) {
    STREAM_TRY(const Rows rows,
               connection_->query(fmt::format(
                   "SELECT max({0})::text FROM (SELECT {0} FROM {1} WHERE {0} <= {2}{3} ORDER BY "
                   "{0} LIMIT {4}) AS first_rows",
                   key_, plan_->from, literal(*newest_), last ? " AND " + beyond(*last) : "",
                   plan_->options.max_rows_per_trigger)));
    const auto value = rows.at(0, 0);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }

  /// The transactions that may insert into the table: holders of its write lock.
  Result<Writers> writers() {
    STREAM_TRY(const Rows rows,
               connection_->query(
                   "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND "
                   "relation = to_regclass($1) AND mode = 'RowExclusiveLock' AND granted AND "
                   "database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                   {plan_->options.table.quoted()}));
    Writers found;
    for (std::size_t row = 0; row < rows.size(); ++row) found.insert(rows.text(row, 0));
    return found;
  }

  SourcePlanRef plan_;
  std::string type_;
  std::string key_;  ///< quoted
  std::optional<Connection> connection_;
  std::optional<std::string> newest_;  ///< the largest key, not settled while writers_ has some
  Writers writers_;
};

}  // namespace

std::unique_ptr<SourcePlanner> make_incremental_planner(SourcePlanRef plan) {
  return std::make_unique<IncrementalPlanner>(std::move(plan));
}

}  // namespace stream::postgresql
