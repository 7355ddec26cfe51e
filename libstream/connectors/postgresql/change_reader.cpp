#include <libstream/connectors/postgresql/binary_bytes.hpp>
#include <libstream/connectors/postgresql/change_source.hpp>
#include <libstream/connectors/postgresql/pgoutput.hpp>
#include <libstream/connectors/postgresql/row_decoder.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::postgresql {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

class ChangeReader final : public SourceReader {
 public:
  explicit ChangeReader(ChangePlanRef plan)
      : plan_(std::move(plan)), schema_(plan_->table.schema()) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    wake_ = context.wake;
    batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
    for (const SourceColumn& column : plan_->table.columns)
      builders_.emplace_back(column.read_as, context.pool);
    return {};
  }

  /// A split is "start end", places in the log.
  Result<void> open(const Split& split) override {
    const std::size_t blank = split.content.find(' ');
    if (blank == std::string::npos)
      return fatal(fmt::format("postgresql: '{}' is no split of it", split.content));
    STREAM_TRY(start_, parse_position(split.content.substr(0, blank)));
    const std::string end = split.content.substr(blank + 1);
    STREAM_TRY(end_, parse_position(end));
    connection_.reset();
    places_.clear();
    is_wanted_ = false;
    STREAM_TRY(Connection connection, Connection::open(plan_->table.connection));
    connection_.emplace(std::move(connection));
    message_.emplace(primitive(TypeKind::binary), *pool_);
    decoder_.emplace(std::vector<ColumnType>{{oid::kBytea, -1, "bytea", 0, false}});
    return connection_->begin_copy_out(fmt::format(
        "COPY (SELECT data FROM {}) TO STDOUT (FORMAT binary)", plan_->peek(quote_text(end), 0)));
  }

  Result<ReadStatus> read(Batch& batch) override {
    num_rows_ = 0;
    // An update may give two rows.
    while (num_rows_ + 1 < std::max<std::size_t>(batch_rows_, 2) && connection_) {
      STREAM_TRY(const CopyMessage message, connection_->copy_out(kReadSlice));
      if (message.kind == CopyMessage::Kind::nothing_yet) {
        if (num_rows_ > 0) break;
        if (wake_) wake_();
        return ReadStatus::no_rows_yet;
      }
      if (message.kind == CopyMessage::Kind::end) {
        if (!decoder_->has_ended()) return transient("PostgreSQL ended a COPY in the middle");
        connection_.reset();
        break;
      }
      STREAM_TRY(take(message.bytes));
    }
    if (num_rows_ == 0) return ReadStatus::end_of_split;
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders_) columns.push_back(builder.finish());
    batch = Batch(schema_, std::move(columns), num_rows_);
    return ReadStatus::batch;
  }

 private:
  Result<void> take(std::string_view bytes) {
    std::vector<ColumnBuilder> column;
    column.push_back(std::move(*message_));
    auto decoded = decoder_->append(bytes, column);
    const Column messages = column[0].finish();
    message_.emplace(std::move(column[0]));
    STREAM_TRY(std::move(decoded));
    for (std::size_t row = 0; row < messages.num_rows; ++row) {
      STREAM_TRY(const ReplicationMessage message,
                 parse_replication_message(messages.string_at(row)));
      STREAM_TRY(std::visit([&](const auto& one) { return handle(one); }, message));
    }
    return {};
  }

  Result<void> handle(const BeginMessage& begin) {
    begin_ = begin;
    is_wanted_ = begin.commit >= start_ && begin.commit < end_;
    return {};
  }
  Result<void> handle(const CommitMessage&) { return {}; }
  Result<void> handle(const OtherMessage&) { return {}; }

  Result<void> handle(const RelationMessage& relation) {
    if (relation.relation != plan_->relation) return {};
    places_.clear();
    for (std::size_t i = 0; i < num_table_columns(); ++i) {
      const SourceColumn& column = plan_->table.columns[i];
      const auto found =
          std::find_if(relation.columns.begin(), relation.columns.end(),
                       [&](const RelationMessage::Column& c) { return c.name == column.name; });
      if (found == relation.columns.end()) {
        places_.push_back(kNone);
        continue;
      }
      if (found->type != column.type.oid && !is_domain(found->type, column))
        return bad_plan(
            fmt::format("column {} of table {} has got another type since the query was planned: "
                        "start the query again",
                        column.name, plan_->table.options.table.shown()));
      places_.push_back(static_cast<std::size_t>(found - relation.columns.begin()));
    }
    return {};
  }

  /// Types that a user made have large numbers; a domain is sent as what it is made of.
  static bool is_domain(std::uint32_t type, const SourceColumn&) {
    constexpr std::uint32_t kFirstOwn = 16'384;
    return type >= kFirstOwn;
  }

  Result<void> handle(const RowMessage& row) {
    if (!is_wanted_ || row.relation != plan_->relation) return {};
    if (places_.empty()) return bad_data("a change came before its table's description");
    switch (row.kind) {
      case RowMessage::Kind::insert:
        return add("insert", row.new_row, nullptr);
      case RowMessage::Kind::erase:
        return add("delete", row.old_row, nullptr);
      case RowMessage::Kind::update:
        if (row.has_old) STREAM_TRY(add("update_preimage", row.old_row, nullptr));
        return add("update_postimage", row.new_row, row.has_old ? &row.old_row : nullptr);
    }
    return {};
  }

  Result<void> handle(const TruncateMessage& truncate) {
    const auto& tables = truncate.relations;
    if (!is_wanted_ || std::find(tables.begin(), tables.end(), plan_->relation) == tables.end())
      return {};
    for (std::size_t i = 0; i < num_table_columns(); ++i) builders_[i].append_null();
    add_change("truncate");
    return {};
  }

  std::size_t num_table_columns() const { return builders_.size() - 3; }

  Result<void> add(std::string_view type, const Tuple& tuple, const Tuple* old_row) {
    for (std::size_t i = 0; i < num_table_columns(); ++i) {
      const std::size_t place = places_[i];
      if (place == kNone) {
        builders_[i].append_null();
        continue;
      }
      if (place >= tuple.size()) return bad_data("a changed row has too few columns");
      const TupleValue* value = &tuple[place];
      if (value->kind == TupleValue::Kind::unchanged && old_row && place < old_row->size())
        value = &(*old_row)[place];
      STREAM_TRY(add_value(*value, i));
    }
    add_change(type);
    return {};
  }

  Result<void> add_value(const TupleValue& value, std::size_t index) {
    const SourceColumn& column = plan_->table.columns[index];
    const bool is_text = column.read_as.kind == TypeKind::string;
    switch (value.kind) {
      case TupleValue::Kind::null:
        builders_[index].append_null();
        return {};
      case TupleValue::Kind::unchanged:
        if (!plan_->table.options.nulls_unchanged_toast)
          return bad_data(fmt::format(
              "column {} of table {} is large and was not changed, so PostgreSQL did not send it: "
              "run ALTER TABLE {} REPLICA IDENTITY FULL, or set unchangedToast to null",
              column.name, plan_->table.options.table.shown(),
              plan_->table.options.table.quoted()));
        builders_[index].append_null();
        return {};
      case TupleValue::Kind::text:
        if (!is_text) return bad_data(fmt::format("column {} came as text", column.name));
        builders_[index].append_string(value.bytes);
        return {};
      case TupleValue::Kind::binary:
        if (auto added = append_decoded(value.bytes, column.type, builders_[index]); !added)
          return std::move(added).error().with_context("column " + column.name);
        return {};
    }
    return {};
  }

  void add_change(std::string_view type) {
    const std::size_t first = num_table_columns();
    builders_[first].append_string(type);
    builders_[first + 1].append(static_cast<std::int64_t>(begin_.commit));
    builders_[first + 2].append(begin_.time_micros);
    ++num_rows_;
  }

  ChangePlanRef plan_;
  std::function<void()> wake_;
  std::shared_ptr<const Schema> schema_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  LogPosition start_ = 0;
  LogPosition end_ = 0;
  std::optional<Connection> connection_;
  std::optional<CopyDecoder> decoder_;
  std::optional<ColumnBuilder> message_;
  std::vector<ColumnBuilder> builders_;
  std::vector<std::size_t> places_;  ///< of the source's columns in the tuples
  BeginMessage begin_;               ///< of the running transaction
  bool is_wanted_ = false;
  std::size_t num_rows_ = 0;
};

}  // namespace

std::unique_ptr<SourceReader> make_change_reader(ChangePlanRef plan) {
  return std::make_unique<ChangeReader>(std::move(plan));
}

}  // namespace stream::postgresql
