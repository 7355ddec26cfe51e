#include <libstream/connectors/postgresql/epoch_marker.hpp>
#include <libstream/connectors/postgresql/row_copy.hpp>
#include <libstream/connectors/postgresql/table_writer.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::postgresql {
namespace {

/// Where rows with a key wait for the end of their epoch; of the session, emptied at each commit.
constexpr const char* kStage = "pg_temp.stream_stage";
constexpr const char* kOrdinal = "stream ordinal";

class TableWriter final : public SinkWriter {
 public:
  explicit TableWriter(SinkPlanRef plan) : plan_(std::move(plan)) {}

  Result<void> open(const SinkContext& context) override {
    if (plan_->is_ignored) return {};
    STREAM_TRY(OpenTable opened, open_table(*plan_));
    connection_.emplace(std::move(opened.connection));
    STREAM_TRY(RowEncoder encoder, RowEncoder::make(plan_->request.schema, types_of(opened.columns),
                                                    plan_->is_upsert()));
    copy_.emplace(std::move(encoder));
    STREAM_TRY(prepare(names_of(opened.columns)));
    if (!plan_->is_marked()) return {};
    marker_.emplace(MarkerKey{plan_->options.marker_table, context.query_id,
                              plan_->options.sink_name, context.task},
                    context.term);
    return marker_->claim(*connection_);
  }

  Result<void> begin(std::int64_t epoch, EpochMillis) override {
    if (!is_open_) is_known_ = marker_ && epoch <= marker_->last_epoch();
    return {};
  }

  Result<void> write(const Batch& batch) override {
    if (plan_->is_ignored || is_known_ || batch.num_rows() == 0) return {};
    if (!is_open_) {
      STREAM_TRY(connection_->run("BEGIN"));
      STREAM_TRY(copy_->begin(*connection_, copy_statement_));
      is_open_ = true;
    }
    return copy_->write(*connection_, batch);
  }

  Result<std::string> finish(std::int64_t epoch) override {
    if (!is_open_) return std::string();
    STREAM_TRY(const std::int64_t count, copy_->end(*connection_));
    static_cast<void>(count);
    if (plan_->is_upsert()) STREAM_TRY(connection_->run(merge_statement_));
    if (plan_->kind() == SinkKind::direct) STREAM_TRY(commit(epoch));
    return std::string();
  }

  Result<void> commit(std::int64_t epoch) override {
    if (!std::exchange(is_open_, false)) return {};
    return marker_ ? marker_->commit(*connection_, epoch) : connection_->run("COMMIT");
  }

 private:
  Result<void> prepare(const std::vector<std::string>& columns) {
    const std::string table = plan_->options.table.quoted();
    const std::string names = quote_names(columns);
    if (!plan_->is_upsert()) {
      copy_statement_ = fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", table, names);
      return {};
    }
    const std::string key = quote_names(plan_->options.key);
    const std::string ordinal = quote_name(kOrdinal);
    std::string assignments;
    for (const std::string& column : columns) {
      const auto& keys = plan_->options.key;
      if (std::find(keys.begin(), keys.end(), column) != keys.end()) continue;
      assignments += fmt::format("{}{} = excluded.{}", assignments.empty() ? "" : ", ",
                                 quote_name(column), quote_name(column));
    }
    copy_statement_ =
        fmt::format("COPY {} ({}, {}) FROM STDIN (FORMAT binary)", kStage, ordinal, names);
    // The last row of a key counts; keys in order, so that two tasks cannot wait for each other.
    merge_statement_ = fmt::format(
        "INSERT INTO {0} ({1}) SELECT DISTINCT ON ({2}) {1} FROM {3} ORDER BY {2}, {4} DESC "
        "ON CONFLICT ({2}) DO {5}",
        table, names, key, kStage, ordinal,
        assignments.empty() ? "NOTHING" : "UPDATE SET " + assignments);
    return connection_->run(
        fmt::format("CREATE TEMPORARY TABLE stream_stage ON COMMIT DELETE ROWS AS SELECT "
                    "0::bigint AS {}, {} FROM {} WITH NO DATA",
                    ordinal, names, table));
  }

  SinkPlanRef plan_;
  std::optional<Connection> connection_;
  std::optional<RowCopy> copy_;
  std::optional<EpochMarker> marker_;
  std::string copy_statement_;
  std::string merge_statement_;
  bool is_open_ = false;   // a transaction holds rows
  bool is_known_ = false;  // the table has the epoch: its rows are discarded
};

}  // namespace

std::unique_ptr<SinkWriter> make_table_writer(SinkPlanRef plan) {
  return std::make_unique<TableWriter>(std::move(plan));
}

}  // namespace stream::postgresql
