#include <libstream/base/hash.hpp>
#include <libstream/connectors/postgresql/epoch_marker.hpp>
#include <libstream/connectors/postgresql/row_copy.hpp>
#include <libstream/connectors/postgresql/table_replacement.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace stream::postgresql {
namespace {

using Json = nlohmann::ordered_json;

/// The committer's place beside the tasks' in the marker table.
constexpr std::int64_t kCommitterTask = -1;

/// Beside the target; of the query, the sink and the task.
TableName stage_of(const SinkPlan& plan, const SinkContext& context) {
  const std::uint64_t hash =
      hash_bytes(fmt::format("{}\n{}\n{}", context.query_id, plan.options.sink_name, context.task));
  return {plan.options.table.schema, fmt::format("stream_stage_{:016x}", hash)};
}

class StagingWriter final : public SinkWriter {
 public:
  explicit StagingWriter(SinkPlanRef plan) : plan_(std::move(plan)) {}

  Result<void> open(const SinkContext& context) override {
    stage_ = stage_of(*plan_, context);
    STREAM_TRY(OpenTable opened, open_table(*plan_));
    connection_.emplace(std::move(opened.connection));
    STREAM_TRY(RowEncoder encoder,
               RowEncoder::make(plan_->request.schema, types_of(opened.columns), false));
    copy_.emplace(std::move(encoder));
    names_ = quote_names(names_of(opened.columns));
    return {};
  }

  Result<void> begin(std::int64_t, EpochMillis) override {
    // A replacement is the last epoch's rows: what an earlier one left is of no use.
    if (!std::exchange(is_open_, false)) return {};
    STREAM_TRY(const std::int64_t count, copy_->end(*connection_));
    static_cast<void>(count);
    return connection_->run("ROLLBACK");
  }

  Result<void> write(const Batch& batch) override {
    if (batch.num_rows() == 0) return {};
    if (!is_open_) {
      STREAM_TRY(connection_->run(fmt::format(
          "BEGIN; DROP TABLE IF EXISTS {0}; CREATE UNLOGGED TABLE {0} AS SELECT {1} FROM {2} WITH "
          "NO DATA",
          stage_.quoted(), names_, plan_->options.table.quoted())));
      STREAM_TRY(copy_->begin(*connection_, fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)",
                                                        stage_.quoted(), names_)));
      is_open_ = true;
    }
    return copy_->write(*connection_, batch);
  }

  Result<std::string> finish(std::int64_t) override {
    if (!std::exchange(is_open_, false)) return std::string();
    STREAM_TRY(const std::int64_t count, copy_->end(*connection_));
    STREAM_TRY(connection_->run("COMMIT"));
    Json message;
    message["schema"] = stage_.schema;
    message["table"] = stage_.table;
    message["columns"] = names_;
    message["rows"] = count;
    return message.dump();
  }

 private:
  SinkPlanRef plan_;
  TableName stage_;
  std::optional<Connection> connection_;
  std::optional<RowCopy> copy_;
  std::string names_;
  bool is_open_ = false;
};

class ReplacingCommitter final : public SinkCommitter {
 public:
  explicit ReplacingCommitter(SinkPlanRef plan) : plan_(std::move(plan)) {}

  Result<void> recover(const SinkContext& context, std::int64_t) override {
    STREAM_TRY(OpenTable opened, open_table(*plan_));
    connection_.emplace(std::move(opened.connection));
    if (!plan_->is_marked()) return {};
    marker_.emplace(MarkerKey{plan_->options.marker_table, context.query_id,
                              plan_->options.sink_name, kCommitterTask},
                    context.term);
    return marker_->claim(*connection_);
  }

  Result<void> commit(std::int64_t epoch, const std::vector<std::string>& messages) override {
    if (marker_ && epoch <= marker_->last_epoch()) return {};
    auto done = replace(epoch, messages);
    if (!done) static_cast<void>(connection_->run("ROLLBACK").has_value());
    return done;
  }

 private:
  Result<void> replace(std::int64_t epoch, const std::vector<std::string>& messages) {
    const std::string table = plan_->options.table.quoted();
    STREAM_TRY(connection_->run(
        fmt::format("BEGIN; {} {}", plan_->options.truncates ? "TRUNCATE" : "DELETE FROM", table)));
    for (const std::string& text : messages) {
      if (text.empty()) continue;
      const Json message = Json::parse(text, nullptr, false);
      if (!message.is_object()) return fatal("postgresql: a staged part is not understood");
      const std::string stage =
          TableName{message.value("schema", ""), message.value("table", "")}.quoted();
      const std::string columns = message.value("columns", "");
      STREAM_TRY(const Rows inserted,
                 connection_->query(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", table,
                                                columns, columns, stage)));
      // The server empties unlogged tables when it recovers from a crash.
      if (inserted.num_changed() != message.value("rows", std::int64_t{-1}))
        return transient(fmt::format(
            "PostgreSQL lost the staged rows of table {}; the epoch has to run again", table));
      STREAM_TRY(connection_->run("DROP TABLE " + stage));
    }
    return marker_ ? marker_->commit(*connection_, epoch) : connection_->run("COMMIT");
  }

  SinkPlanRef plan_;
  std::optional<Connection> connection_;
  std::optional<EpochMarker> marker_;
};

}  // namespace

std::unique_ptr<SinkWriter> make_staging_writer(SinkPlanRef plan) {
  return std::make_unique<StagingWriter>(std::move(plan));
}
std::unique_ptr<SinkCommitter> make_replacing_committer(SinkPlanRef plan) {
  return std::make_unique<ReplacingCommitter>(std::move(plan));
}

}  // namespace stream::postgresql
