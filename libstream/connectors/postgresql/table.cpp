#include <libstream/connectors/postgresql/table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace stream::postgresql {
namespace {

/// Taken by every session of ours that makes a table, so that they make it one after the other.
constexpr std::int64_t kCreateLock = 0x6c69627374726561;

constexpr const char* kReadColumns =
    "SELECT a.attname, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE a.atttypid END, "
    "CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END, "
    "format_type(a.atttypid, a.atttypmod), t.typtype = 'e', a.attnotnull, "
    "a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a' "
    "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
    "WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped "
    "ORDER BY a.attnum";

constexpr const char* kReadUniqueIndexes =
    "SELECT i.indexrelid::text, a.attname FROM pg_index i JOIN pg_attribute a "
    "ON a.attrelid = i.indrelid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]) "
    "WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid "
    "AND i.indpred IS NULL AND i.indexprs IS NULL";

template <class T>
T number_of(const std::string& text) {
  T number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_same_ignoring_case(const std::string& a, const std::string& b) {
  return !IgnoreCaseLess()(a, b) && !IgnoreCaseLess()(b, a);
}

}  // namespace

const TableColumn* TableShape::find(const std::string& name) const {
  const auto exact = std::find_if(columns.begin(), columns.end(),
                                  [&](const TableColumn& c) { return c.name == name; });
  if (exact != columns.end()) return &*exact;
  const auto similar = std::find_if(columns.begin(), columns.end(), [&](const TableColumn& c) {
    return is_same_ignoring_case(c.name, name);
  });
  return similar == columns.end() ? nullptr : &*similar;
}

Result<std::optional<TableShape>> read_table(Connection& connection, const TableName& table) {
  const std::string name = table.quoted();
  STREAM_TRY(const Rows columns, connection.query(kReadColumns, {name}));
  if (columns.size() == 0) {
    STREAM_TRY(const Rows found, connection.query("SELECT to_regclass($1) IS NULL", {name}));
    if (found.text(0, 0) == "t") return std::optional<TableShape>();
  }
  TableShape shape;
  for (std::size_t row = 0; row < columns.size(); ++row) {
    const auto is = [&](std::size_t column) { return columns.text(row, column) == "t"; };
    TableColumn column;
    column.name = columns.text(row, 0);
    column.type.oid = number_of<std::uint32_t>(columns.text(row, 1));
    column.type.modifier = number_of<std::int32_t>(columns.text(row, 2));
    column.type.name = columns.text(row, 3);
    column.type.element = element_of_oid(column.type.oid);
    column.type.is_enum = is(4);
    column.is_nullable = !is(5);
    column.has_default = is(6);
    column.is_computed = is(7);
    shape.columns.push_back(std::move(column));
  }
  STREAM_TRY(const Rows keys, connection.query(kReadUniqueIndexes, {name}));
  std::map<std::string, std::vector<std::string>> by_index;
  for (std::size_t row = 0; row < keys.size(); ++row)
    by_index[keys.text(row, 0)].push_back(keys.text(row, 1));
  for (auto& [index, key] : by_index) {
    std::sort(key.begin(), key.end());
    shape.unique_keys.push_back(std::move(key));
  }
  return std::optional(std::move(shape));
}

Result<std::vector<TableColumn>> match_columns(const Schema& rows, const TableShape& shape,
                                               const TableName& table) {
  std::vector<TableColumn> targets;
  std::vector<Error> errors;
  for (const Field& field : rows.fields) {
    const TableColumn* column = shape.find(field.name);
    if (!column) {
      const auto type = type_in_ddl(field.type);
      errors.push_back(bad_plan(fmt::format(
          "table {} has no column {}: drop it from the rows, or run ALTER TABLE {} ADD "
          "COLUMN {} {}",
          table.shown(), field.name, table.quoted(), quote_name(field.name), type ? *type : "…")));
    } else if (column->is_computed) {
      errors.push_back(
          bad_plan(fmt::format("column {} of table {} is generated always: drop it from the rows",
                               column->name, table.shown())));
    } else if (!can_write(field.type, column->type)) {
      const auto type = type_in_ddl(field.type);
      errors.push_back(bad_plan(
          fmt::format("column {}: {} does not fit the type {} that it has in table {}: cast it in "
                      "the query, or make the column {}",
                      field.name, field.type.to_string(), column->type.name, table.shown(),
                      type ? *type : "of another type")));
    } else {
      targets.push_back(*column);
    }
  }
  for (const TableColumn& column : shape.columns) {
    const bool is_given = std::any_of(targets.begin(), targets.end(),
                                      [&](const TableColumn& t) { return t.name == column.name; });
    if (is_given || column.is_nullable || column.has_default || column.is_computed) continue;
    if (!errors.empty()) continue;
    errors.push_back(bad_plan(
        fmt::format("column {} of table {} is NOT NULL without a default, and the rows do not have "
                    "it: add it to the query, or run ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
                    column.name, table.shown(), table.quoted(), quote_name(column.name))));
  }
  if (!errors.empty()) return join_errors(errors);
  return targets;
}

Result<void> check_key(const std::vector<std::string>& key, const TableShape& shape,
                       const TableName& table) {
  std::vector<std::string> sorted;
  for (const std::string& name : key) {
    const TableColumn* column = shape.find(name);
    if (!column)
      return bad_plan(fmt::format("key: table {} has no column {}", table.shown(), name));
    if (column->is_nullable)
      return bad_plan(fmt::format(
          "key: column {} of table {} may be null, and nulls never replace one another: run ALTER "
          "TABLE {} ALTER COLUMN {} SET NOT NULL",
          column->name, table.shown(), table.quoted(), quote_name(column->name)));
    sorted.push_back(column->name);
  }
  std::sort(sorted.begin(), sorted.end());
  const bool is_unique = std::find(shape.unique_keys.begin(), shape.unique_keys.end(), sorted) !=
                         shape.unique_keys.end();
  if (is_unique) return {};
  return bad_plan(fmt::format(
      "key: table {} has no unique index over exactly ({}), which replacing rows by key needs: run "
      "CREATE UNIQUE INDEX ON {} ({})",
      table.shown(), fmt::join(key, ", "), table.quoted(), quote_names(sorted)));
}

Result<std::string> create_statement(const Schema& rows, const std::vector<std::string>& key,
                                     const TableName& table) {
  std::string columns;
  std::vector<Error> errors;
  for (const Field& field : rows.fields) {
    auto type = type_in_ddl(field.type);
    if (!type) {
      errors.push_back(std::move(type).error().with_context("column " + field.name));
      continue;
    }
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", quote_name(field.name), *type);
  }
  for (const std::string& name : key) {
    const bool is_there = std::any_of(rows.fields.begin(), rows.fields.end(),
                                      [&](const Field& field) { return field.name == name; });
    if (!is_there) errors.push_back(bad_plan(fmt::format("key: the rows have no column {}", name)));
  }
  if (!errors.empty()) return join_errors(errors);
  if (!key.empty()) columns += fmt::format(", PRIMARY KEY ({})", quote_names(key));
  return fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", table.quoted(), columns);
}

Result<void> create_once(Connection& connection, const TableName& table,
                         const std::string& statement) {
  STREAM_TRY(const Rows found,
             connection.query("SELECT to_regclass($1) IS NULL", {table.quoted()}));
  if (found.text(0, 0) == "f") return {};
  auto made = connection.run(
      fmt::format("BEGIN; SELECT pg_advisory_xact_lock({}); {}; COMMIT", kCreateLock, statement));
  if (!made) STREAM_TRY(connection.run("ROLLBACK"));
  return made;
}

Error missing_table(const TableName& table) {
  return bad_plan(fmt::format(
      "[TABLE_OR_VIEW_NOT_FOUND] PostgreSQL has no table {}: create it, or give the option "
      "createTable = true; names are taken as written, capitals count",
      table.shown()));
}

}  // namespace stream::postgresql
