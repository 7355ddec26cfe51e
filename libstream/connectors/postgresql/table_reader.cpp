#include <libstream/connectors/postgresql/row_decoder.hpp>
#include <libstream/connectors/postgresql/source_plan.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::postgresql {
namespace {

class TableReader final : public SourceReader {
 public:
  explicit TableReader(SourcePlanRef plan) : plan_(std::move(plan)), schema_(plan_->schema()) {}

  Result<void> start(const ReaderContext& context) override {
    wake_ = context.wake;
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    if (plan_->options.fetch_size > 0)
      batch_rows_ = std::min(batch_rows_, static_cast<std::size_t>(plan_->options.fetch_size));
    batch_bytes_ = context.batch_bytes;
    for (const SourceColumn& column : plan_->columns)
      builders_.emplace_back(column.read_as, context.pool);
    return {};
  }

  Result<void> open(const Split& split) override {
    STREAM_TRY(const TablePart part, parse_table_part(split.content));
    // What an attempt that was broken off left in the connection is gone with it.
    connection_.reset();
    STREAM_TRY(Connection connection, Connection::open(plan_->connection));
    connection_.emplace(std::move(connection));
    decoder_.emplace(plan_->types());
    STREAM_TRY(connection_->run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    if (!part.snapshot.empty()) {
      auto taken = connection_->run("SET TRANSACTION SNAPSHOT " + quote_text(part.snapshot));
      if (!taken)
        return transient("the snapshot that the read was planned with is gone: " +
                         taken.error().message());
    }
    std::string select = fmt::format("SELECT {} FROM {}", plan_->select_list(), plan_->from);
    if (!part.condition.empty()) select += " WHERE " + part.condition;
    if (!part.order.empty()) select += " ORDER BY " + part.order;
    return connection_->begin_copy_out(fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select));
  }

  Result<ReadStatus> read(Batch& batch) override {
    std::size_t bytes = 0;
    std::size_t num_rows = 0;
    while (num_rows < batch_rows_ && bytes < batch_bytes_ && connection_) {
      STREAM_TRY(const CopyMessage message, connection_->copy_out(kReadSlice));
      if (message.kind == CopyMessage::Kind::nothing_yet) {
        if (num_rows > 0) break;
        if (wake_) wake_();
        return ReadStatus::no_rows_yet;
      }
      if (message.kind == CopyMessage::Kind::end) {
        if (!decoder_->has_ended()) return transient("PostgreSQL ended a COPY in the middle");
        connection_.reset();
        break;
      }
      bytes += message.bytes.size();
      STREAM_TRY(num_rows, add(message.bytes, num_rows));
    }
    if (num_rows == 0) return ReadStatus::end_of_split;
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders_) columns.push_back(builder.finish());
    batch = Batch(schema_, std::move(columns), num_rows);
    return ReadStatus::batch;
  }

 private:
  Result<std::size_t> add(std::string_view message, std::size_t num_rows) {
    const std::size_t before = decoder_->num_rows();
    STREAM_TRY(decoder_->append(message, builders_));
    return num_rows + decoder_->num_rows() - before;
  }

  SourcePlanRef plan_;
  std::shared_ptr<const Schema> schema_;
  std::function<void()> wake_;
  std::size_t batch_rows_ = 1;
  std::size_t batch_bytes_ = 1;
  std::vector<ColumnBuilder> builders_;
  std::optional<Connection> connection_;
  std::optional<CopyDecoder> decoder_;
};

}  // namespace

std::unique_ptr<SourceReader> make_table_reader(SourcePlanRef plan) {
  return std::make_unique<TableReader>(std::move(plan));
}

}  // namespace stream::postgresql
