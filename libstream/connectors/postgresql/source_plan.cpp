#include <libstream/connectors/postgresql/source_plan.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <map>

namespace stream::postgresql {
namespace {

using Json = nlohmann::ordered_json;

std::uint32_t oid_of(const std::string& text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

struct TypeEntry {
  std::string name;
  bool is_enum = false;
};

Result<std::map<std::uint32_t, TypeEntry>> read_types(Connection& connection,
                                                      const std::string& oids) {
  STREAM_TRY(const Rows rows,
             connection.query("SELECT oid, format_type(oid, NULL), typtype = 'e' FROM pg_type "
                              "WHERE oid = ANY($1::oid[])",
                              {oids}));
  std::map<std::uint32_t, TypeEntry> types;
  for (std::size_t row = 0; row < rows.size(); ++row)
    types[oid_of(rows.text(row, 0))] = {rows.text(row, 1), rows.text(row, 2) == "t"};
  return types;
}

/// SQL that gives the bounds between n parts of a column of that type, as texts.
std::optional<std::string> bounds_statement(const DataType& type) {
  constexpr const char* kStart = "SELECT (";
  constexpr const char* kEnd = ")::text FROM generate_series(1, $3::int - 1) AS i";
  const auto made = [&](const char* expression) { return kStart + std::string(expression) + kEnd; };
  if (is_numeric(type.kind))
    return made("$1::numeric + trunc(($2::numeric - $1::numeric) * i / $3::int)");
  if (type.kind == TypeKind::date) return made("$1::date + ($2::date - $1::date) * i / $3::int");
  if (type.kind == TypeKind::timestamp)
    return made("$1::timestamptz + ($2::timestamptz - $1::timestamptz) * (i::float8 / $3::int)");
  if (type.kind == TypeKind::timestamp_ntz)
    return made("$1::timestamp + ($2::timestamp - $1::timestamp) * (i::float8 / $3::int)");
  return std::nullopt;
}

}  // namespace

std::shared_ptr<const Schema> SourcePlan::schema() const {
  Schema schema;
  for (const SourceColumn& column : columns)
    schema.fields.push_back({column.name, column.read_as, true});
  return std::make_shared<const Schema>(std::move(schema));
}

std::string SourcePlan::select_list() const {
  std::string list;
  for (const SourceColumn& column : columns) list += (list.empty() ? "" : ", ") + column.select;
  return list;
}

std::vector<ColumnType> SourcePlan::types() const {
  std::vector<ColumnType> all;
  for (const SourceColumn& column : columns) all.push_back(column.type);
  return all;
}

std::string SourcePlan::description() const {
  return fmt::format("PostgreSQL[{}, {}]", server_shown(connection),
                     options.query.empty() ? options.table.shown() : "query");
}

Result<std::vector<SourceColumn>> read_columns(Connection& connection, const std::string& from) {
  STREAM_TRY(const Rows described, connection.describe("SELECT * FROM " + from));
  std::string oids = "{";
  for (std::size_t i = 0; i < described.num_columns(); ++i)
    oids += (i > 0 ? "," : "") + std::to_string(described.type_oid(i));
  STREAM_TRY(auto types, read_types(connection, oids + "}"));
  std::vector<SourceColumn> columns;
  for (std::size_t i = 0; i < described.num_columns(); ++i) {
    SourceColumn column;
    column.name = described.name(i);
    const TypeEntry& entry = types[described.type_oid(i)];
    column.type = {described.type_oid(i), described.type_modifier(i), entry.name,
                   element_of_oid(described.type_oid(i)), entry.is_enum};
    column.select = quote_name(column.name);
    if (const auto read_as = type_read_as(column.type)) {
      column.read_as = *read_as;
    } else {
      column.read_as = primitive(TypeKind::string);
      column.type = {oid::kText, -1, "text", 0, false};
      column.select += "::text";
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::vector<std::string>> cut_conditions(Connection& connection,
                                                const SourceOptions& options,
                                                const std::vector<SourceColumn>& columns) {
  if (options.partition_column.empty()) return std::vector<std::string>{""};
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const SourceColumn& c) {
    return c.name == options.partition_column;
  });
  if (column == columns.end())
    return bad_option(
        fmt::format("partitionColumn: there is no column {}", options.partition_column));
  const auto statement = bounds_statement(column->read_as);
  if (!statement)
    return bad_option(fmt::format(
        "partitionColumn: column {} is a {}; a number, date or timestamp can be cut into parts",
        column->name, column->read_as.to_string()));
  auto bounds = connection.query(
      *statement, {options.lower_bound, options.upper_bound, options.num_partitions});
  if (!bounds) return std::move(bounds).error().with_context("lowerBound and upperBound");
  const std::string name = column->select;
  const auto bound = [&](std::size_t i) {
    return fmt::format("{}::{}", quote_text(bounds->text(i, 0)), column->type.name);
  };
  std::vector<std::string> conditions;
  const std::size_t last = bounds->size();
  for (std::size_t i = 0; i <= last; ++i) {
    if (last == 0) {
      conditions.emplace_back();
    } else if (i == 0) {
      conditions.push_back(fmt::format("{0} < {1} OR {0} IS NULL", name, bound(0)));
    } else if (i == last) {
      conditions.push_back(fmt::format("{} >= {}", name, bound(i - 1)));
    } else {
      conditions.push_back(fmt::format("{0} >= {1} AND {0} < {2}", name, bound(i - 1), bound(i)));
    }
  }
  return conditions;
}

std::string to_text(const TablePart& part) {
  Json json;
  json["condition"] = part.condition;
  json["order"] = part.order;
  json["snapshot"] = part.snapshot;
  return json.dump();
}

Result<TablePart> parse_table_part(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fatal(fmt::format("postgresql: '{}' is no split of it", text));
  return TablePart{json.value("condition", ""), json.value("order", ""),
                   json.value("snapshot", "")};
}

}  // namespace stream::postgresql
