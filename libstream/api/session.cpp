#include <libstream/api/output_set.hpp>
#include <libstream/api/session.hpp>
#include <libstream/api/sql_sink.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/plans/expression_resolver.hpp>
#include <libstream/sql/sql_parser.hpp>

namespace stream {

Session::Session(std::shared_ptr<Runner> runner)
    : state_(std::make_shared<SessionState>(std::move(runner))) {}

Session& Session::conf(const std::string& key, const std::string& value) {
  value_or_throw(state_->settings().set(key, value));
  return *this;
}
std::string Session::conf(const std::string& key) const { return state_->settings().get(key, ""); }
Session& Session::parallelism(std::uint32_t tasks) {
  state_->set_parallelism(tasks);
  return *this;
}

DataFrame Session::sql(const std::string& query) const {
  ParserOptions options;
  options.time_zone = state_->settings().time_zone;
  return {state_, value_or_throw(parse_query(query, options))};
}
DataFrame Session::table(const std::string& name) const {
  return {state_, make_relation(NamedRelation{{name}, false})};
}
DataFrame Session::range(std::int64_t start, std::int64_t end, std::int64_t step) const {
  Call call;
  call.name = "range";
  call.arguments = {make_literal(start), make_literal(end), make_literal(step)};
  return {state_, make_relation(TableFunction{std::move(call)})};
}

std::shared_ptr<StreamingQuery> Session::start_all(const std::vector<DataStreamWriter>& writers,
                                                   QueryOptions options) const {
  std::vector<QueryOutput> outputs;
  for (const DataStreamWriter& writer : writers) {
    const std::string place = "output" + std::to_string(outputs.size());
    const std::string& name = writer.query_options().name;
    outputs.push_back({name.empty() ? place : place + "-" + name, writer.frame().relation(),
                       writer.mode(), writer.make_sink(), writer.late_rows()});
  }
  std::string plan =
      explain(value_or_throw(plan_main_outputs(*state_, outputs, options.parallelism)));
  return streams().start(std::move(options), std::move(plan), [&](QueryOptions query) {
    return start_outputs(*state_, outputs, std::move(query));
  });
}

DataFrame Session::create_data_frame(Schema schema, std::vector<std::vector<Value>> rows) const {
  return {state_, make_relation(LocalRelation{std::make_shared<const Schema>(std::move(schema)),
                                              std::move(rows)})};
}

DataFrame Session::create_data_frame(const std::string& schema_text,
                                     const std::vector<std::vector<Col>>& cells) const {
  Schema schema = value_or_throw(parse_schema(schema_text));
  ExpressionResolver resolver(*state_, {});
  std::vector<std::vector<Value>> rows;
  for (const std::vector<Col>& row : cells) {
    if (row.size() != schema.num_fields())
      throw bad_plan("create_data_frame: a row of " + std::to_string(row.size()) +
                     " values; the schema has " + std::to_string(schema.num_fields()));
    std::vector<Value> values;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Field& field = schema.fields[i];
      values.push_back(value_or_throw(resolver.resolve_constant(
          row[i].expression(), field.type, "create_data_frame: the value of " + field.name)));
      if (values.back().is_null() && !field.is_nullable)
        throw bad_data("create_data_frame: a null for " + field.name + ", which is NOT NULL");
    }
    rows.push_back(std::move(values));
  }
  return create_data_frame(std::move(schema), std::move(rows));
}

DataFrame Session::from_source(std::shared_ptr<const Source> source, bool is_streaming) const {
  return {state_, make_relation(SourceRelation{std::move(source), is_streaming})};
}

Session& Session::create_sink(const std::string& name, const std::string& format,
                              const std::map<std::string, std::string>& options) {
  CreateSinkStatement statement;
  statement.name = name;
  statement.format = format;
  for (const auto& [key, value] : options) statement.options.emplace_back(key, value);
  SqlSink sink = value_or_throw(make_sql_sink(statement));
  value_or_throw(state_->add_sink(std::make_shared<const SqlSink>(std::move(sink))));
  return *this;
}

StreamingQueryManager& Session::streams() const { return state_->streams(); }

}  // namespace stream
