#include <libstream/api/reader.hpp>
#include <libstream/expressions/type_text.hpp>

namespace stream {

DataFrameReader& DataFrameReader::format(std::string name) {
  request_.format = std::move(name);
  return *this;
}
DataFrameReader& DataFrameReader::option(const std::string& key, const std::string& value) {
  request_.options[key] = value;
  return *this;
}
DataFrameReader& DataFrameReader::schema(const std::string& ddl) {
  request_.schema = value_or_throw(parse_schema(ddl));
  return *this;
}
DataFrameReader& DataFrameReader::schema(Schema schema) {
  request_.schema = std::move(schema);
  return *this;
}

DataFrame DataFrameReader::load() {
  if (request_.format.empty()) throw bad_option("name a format: read().format(\"csv\")");
  return {session_, value_or_throw(make_relation_by_name(*session_, request_))};
}
DataFrame DataFrameReader::load(const std::string& path) {
  request_.paths.push_back(path);
  return load();
}

}  // namespace stream
