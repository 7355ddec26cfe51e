#include <libstream/base/check.hpp>
#include <libstream/data/value.hpp>

namespace stream {

Value value_at(const Column& column, std::size_t row) {
  if (column.is_null(row)) return {};
  switch (column.type.kind) {
    case TypeKind::null:
      return {};
    case TypeKind::boolean:
      return {column.data<std::uint8_t>()[row] != 0};
    case TypeKind::int8:
      return {column.data<std::int8_t>()[row]};
    case TypeKind::int16:
      return {column.data<std::int16_t>()[row]};
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return {column.data<std::int32_t>()[row]};
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return {column.data<std::int64_t>()[row]};
    case TypeKind::float32:
      return {column.data<float>()[row]};
    case TypeKind::float64:
      return {column.data<double>()[row]};
    case TypeKind::decimal:
      return {column.data<Int128>()[row]};
    case TypeKind::calendar_interval:
      return {column.data<CalendarInterval>()[row]};
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      return {std::string(column.string_at(row))};
    case TypeKind::array:
    case TypeKind::map: {
      const std::int64_t* offsets = column.data<std::int64_t>();
      ValueList list;
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
        for (const Column& child : column.children)
          list.push_back(value_at(child, static_cast<std::size_t>(i)));
      }
      return {std::move(list)};
    }
    case TypeKind::structure: {
      ValueList list;
      for (const Column& child : column.children) list.push_back(value_at(child, row));
      return {std::move(list)};
    }
  }
  STREAM_UNREACHABLE("type kind");
}

void append_value(ColumnBuilder& builder, const Value& value) {
  if (value.is_null()) return builder.append_null();
  switch (builder.type().kind) {
    case TypeKind::null:
      return builder.append_null();
    case TypeKind::boolean:
      return builder.append(static_cast<std::uint8_t>(value.as<bool>()));
    case TypeKind::int8:
      return builder.append(value.as<std::int8_t>());
    case TypeKind::int16:
      return builder.append(value.as<std::int16_t>());
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return builder.append(value.as<std::int32_t>());
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return builder.append(value.as<std::int64_t>());
    case TypeKind::float32:
      return builder.append(value.as<float>());
    case TypeKind::float64:
      return builder.append(value.as<double>());
    case TypeKind::decimal:
      return builder.append(value.as<Int128>());
    case TypeKind::calendar_interval:
      return builder.append(value.as<CalendarInterval>());
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
      return builder.append_string(value.as<std::string>());
    case TypeKind::array:
    case TypeKind::map: {
      const auto& list = value.as<ValueList>();
      const std::size_t num_children = builder.type().children.size();
      for (std::size_t i = 0; i < list.size(); ++i)
        append_value(builder.child(i % num_children), list[i]);
      return builder.append_array();
    }
    case TypeKind::structure: {
      const auto& list = value.as<ValueList>();
      for (std::size_t i = 0; i < list.size(); ++i) append_value(builder.child(i), list[i]);
      return builder.append_struct();
    }
  }
}

Column repeat_value(const Value& value, const DataType& type, std::size_t num_rows,
                    BlockPool& pool) {
  ColumnBuilder builder(type, pool);
  for (std::size_t i = 0; i < num_rows; ++i) append_value(builder, value);
  return builder.finish();
}

std::vector<std::vector<Value>> rows_of(const Batch& batch) {
  std::vector<std::vector<Value>> rows(batch.num_rows());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const Column& column : batch.columns()) rows[row].push_back(value_at(column, row));
  }
  return rows;
}

Batch batch_of(std::shared_ptr<const Schema> schema, const std::vector<std::vector<Value>>& rows,
               BlockPool& pool) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < schema->num_fields(); ++i) {
    ColumnBuilder builder(schema->fields[i].type, pool);
    for (const std::vector<Value>& row : rows) {
      STREAM_CHECK(row.size() == schema->num_fields(), "a row of another width than its schema");
      append_value(builder, row[i]);
    }
    columns.push_back(builder.finish());
  }
  return {std::move(schema), std::move(columns), rows.size()};
}

}  // namespace stream
