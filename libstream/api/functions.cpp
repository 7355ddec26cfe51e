#include <libstream/api/functions.hpp>

namespace stream {
namespace {

Col distinct(std::string name, const std::vector<Col>& columns) {
  Call call;
  call.name = std::move(name);
  call.is_distinct = true;
  for (const Col& column : columns) call.arguments.push_back(column.expression());
  return Col(make_expr(std::move(call)));
}

}  // namespace

Col count_distinct(const std::vector<Col>& columns) { return distinct("count", columns); }
Col sum_distinct(const Col& column) { return distinct("sum", {column}); }
Col struct_of_columns(const std::vector<Col>& columns) { return call_function("struct", columns); }

}  // namespace stream
