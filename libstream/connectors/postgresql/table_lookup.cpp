#include <libstream/connectors/postgresql/binary_bytes.hpp>
#include <libstream/connectors/postgresql/row_decoder.hpp>
#include <libstream/connectors/postgresql/row_encoder.hpp>
#include <libstream/connectors/postgresql/table_lookup.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream::postgresql {
namespace {

class TableLookup final : public LookupReader {
 public:
  TableLookup(SourcePlanRef plan, RowEncoder encoder, std::vector<ColumnType> key_types,
              std::string statement, BlockPool& pool)
      : plan_(std::move(plan)),
        schema_(plan_->schema()),
        encoder_(std::move(encoder)),
        key_types_(std::move(key_types)),
        statement_(std::move(statement)),
        pool_(pool) {}

  Result<Batch> find(const Batch& keys) override {
    if (!connection_) {
      STREAM_TRY(Connection connection, Connection::open(plan_->connection));
      connection_.emplace(std::move(connection));
    }
    std::vector<Parameter> parameters;
    for (std::size_t i = 0; i < key_types_.size(); ++i) {
      STREAM_TRY(std::string array, array_of_keys(keys, i));
      parameters.emplace_back(std::move(array), array_of_oid(key_types_[i].oid), true);
    }
    auto found = connection_->query(statement_, parameters, ResultFormat::binary);
    if (!found) {
      connection_.reset();
      return std::move(found).error().with_context("looking up keys in " +
                                                   plan_->options.table.shown());
    }
    return batch_of_rows(*found);
  }

 private:
  /// Column `index` of the keys as PostgreSQL's array.
  Result<std::string> array_of_keys(const Batch& keys, std::size_t index) const {
    std::string bytes;
    append_number(std::int32_t{1}, bytes);  // dimensions
    append_number(std::int32_t{0}, bytes);  // no nulls
    append_number(key_types_[index].oid, bytes);
    append_number(static_cast<std::int32_t>(keys.num_rows()), bytes);
    append_number(std::int32_t{1}, bytes);  // lower bound
    for (std::size_t row = 0; row < keys.num_rows(); ++row) {
      std::string value;
      STREAM_TRY(encoder_.append_value(keys.column(index), row, index, value));
      append_number(static_cast<std::int32_t>(value.size()), bytes);
      bytes += value;
    }
    return bytes;
  }

  Result<Batch> batch_of_rows(const Rows& rows) {
    std::vector<Column> columns;
    for (std::size_t i = 0; i < plan_->columns.size(); ++i) {
      const SourceColumn& column = plan_->columns[i];
      ColumnBuilder builder(column.read_as, pool_);
      for (std::size_t row = 0; row < rows.size(); ++row) {
        if (const auto value = rows.at(row, i)) {
          STREAM_TRY(append_decoded(*value, column.type, builder));
        } else {
          builder.append_null();
        }
      }
      columns.push_back(builder.finish());
    }
    return Batch(schema_, std::move(columns), rows.size());
  }

  SourcePlanRef plan_;
  std::shared_ptr<const Schema> schema_;
  RowEncoder encoder_;
  std::vector<ColumnType> key_types_;
  std::string statement_;
  BlockPool& pool_;
  std::optional<Connection> connection_;
};

}  // namespace

bool can_look_up(const SourcePlan& plan, const std::vector<std::size_t>& key_columns) {
  return plan.options.is_lookup &&
         std::all_of(key_columns.begin(), key_columns.end(), [&](std::size_t key) {
           const SourceColumn& column = plan.columns[key];
           return array_of_oid(column.type.oid) != 0 && can_write(column.read_as, column.type);
         });
}

Result<std::unique_ptr<LookupReader>> make_table_lookup(SourcePlanRef plan,
                                                        const std::vector<std::size_t>& key_columns,
                                                        BlockPool& pool) {
  Schema keys;
  std::vector<ColumnType> types;
  std::vector<std::string> names;
  std::string arrays;
  for (const std::size_t key : key_columns) {
    const SourceColumn& column = plan->columns[key];
    keys.fields.push_back({column.name, column.read_as, false});
    types.push_back(column.type);
    names.push_back(column.name);
    arrays += fmt::format("{}${}", arrays.empty() ? "" : ", ", types.size());
  }
  STREAM_TRY(RowEncoder encoder, RowEncoder::make(keys, types, false));
  const std::string condition =
      names.size() == 1
          ? fmt::format("{} = ANY({})", quote_names(names), arrays)
          : fmt::format("({}) IN (SELECT * FROM unnest({}))", quote_names(names), arrays);
  std::string statement =
      fmt::format("SELECT {} FROM {} WHERE {}", plan->select_list(), plan->from, condition);
  return std::unique_ptr<LookupReader>(std::make_unique<TableLookup>(
      std::move(plan), std::move(encoder), std::move(types), std::move(statement), pool));
}

}  // namespace stream::postgresql
