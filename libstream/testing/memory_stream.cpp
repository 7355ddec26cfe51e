#include <libstream/expressions/type_text.hpp>
#include <libstream/testing/json_values.hpp>
#include <libstream/testing/memory_stream.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace stream::testing {
namespace {

using Json = nlohmann::json;

/// Misspelt fields would be nulls, and the test would be about something else.
Result<void> check_fields(const Json& row, const Schema& schema) {
  if (!row.is_object()) return {};
  for (const auto& [name, value] : row.items()) {
    bool is_known = false;
    for (const Field& field : schema.fields) is_known = is_known || field.name == name;
    if (!is_known)
      return bad_data(fmt::format("no column {}; the schema is {}", name, schema.to_string()));
  }
  return {};
}

Result<std::vector<Value>> row_of(std::string_view line, const Schema& schema) {
  const Json row = Json::parse(line, nullptr, false);
  if (!row.is_object() && !row.is_array())
    return bad_data("neither a JSON object nor an array: " + std::string(line));
  STREAM_TRY(check_fields(row, schema));
  return row_from_json(row, schema);
}

}  // namespace

Result<std::vector<std::vector<Value>>> rows_from_json_lines(std::string_view lines,
                                                             const Schema& schema) {
  std::vector<std::vector<Value>> rows;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Result<std::vector<Value>> row = row_of(line, schema);
    if (!row) return std::move(row).error().with_context(fmt::format("line {}", number));
    rows.push_back(std::move(*row));
  }
  return rows;
}

MemoryStream::MemoryStream(const std::string& schema)
    : MemoryStream(value_or_throw(parse_schema(schema))) {}

MemoryStream::MemoryStream(Schema schema)
    : schema_(std::make_shared<const Schema>(std::move(schema))) {
  QueueOptions options;
  options.one_at_a_time = false;
  options.keeps_committed = true;
  source_ = std::make_shared<QueueSource>(schema_, std::move(options));
}

MemoryStream& MemoryStream::add_data(std::string_view json_lines) {
  return add_data(value_or_throw(rows_from_json_lines(json_lines, *schema_)));
}

MemoryStream& MemoryStream::add_data(const std::vector<std::vector<Value>>& rows) {
  for (const std::vector<Value>& row : rows) {
    if (row.size() != schema_->num_fields())
      throw bad_data(
          fmt::format("a row of {} values; the schema is {}", row.size(), schema_->to_string()));
  }
  BlockPool pool;
  value_or_throw(source_->add(batch_of(schema_, rows, pool)));
  return *this;
}

}  // namespace stream::testing
