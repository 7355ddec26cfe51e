#include <libstream/testing/check_answer.hpp>
#include <libstream/testing/json_values.hpp>
#include <libstream/testing/memory_stream.hpp>

#include <nlohmann/json.hpp>

namespace stream::testing {
namespace {

using Rows = std::vector<std::vector<Value>>;

std::vector<nlohmann::json> json_of(const Rows& rows, const Schema& schema) {
  std::vector<nlohmann::json> all;
  for (const std::vector<Value>& values : rows) {
    if (values.size() != schema.num_fields())
      throw bad_data("an expected row has " + std::to_string(values.size()) +
                     " values; the frame is " + schema.to_string());
    nlohmann::json row = nlohmann::json::array();
    for (std::size_t i = 0; i < values.size(); ++i)
      row.push_back(json_from_value(values[i], schema.fields[i].type));
    all.push_back(std::move(row));
  }
  return all;
}

void throw_on(const std::string& diff, const DataFrame& frame) {
  if (!diff.empty())
    throw bad_data("the rows differ (- expected, + actual)\n" + frame.schema().to_string() + "\n" +
                   diff);
}

}  // namespace

std::string answer_diff(const DataFrame& frame, const Rows& expected, RowOrder order) {
  const Schema schema = frame.schema();
  return compare_rows(json_of(expected, schema), json_of(frame.collect(), schema),
                      order == RowOrder::exact);
}

std::string answer_diff(const DataFrame& frame, std::string_view expected, RowOrder order) {
  return answer_diff(frame, value_or_throw(rows_from_json_lines(expected, frame.schema())), order);
}

void check_answer(const DataFrame& frame, std::string_view expected, RowOrder order) {
  throw_on(answer_diff(frame, expected, order), frame);
}

void check_answer(const DataFrame& frame, const Rows& expected, RowOrder order) {
  throw_on(answer_diff(frame, expected, order), frame);
}

}  // namespace stream::testing
