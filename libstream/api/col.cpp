#include <libstream/api/col.hpp>
#include <libstream/base/result.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/sql/sql_parser.hpp>

namespace stream {
namespace {

Col make(std::string name, Exprs arguments) {
  return Col(make_call(std::move(name), std::move(arguments)));
}

FrameBound bound(std::int64_t distance) {
  if (distance == WindowDefinition::kUnboundedPreceding)
    return {FrameBound::Kind::unbounded_preceding, nullptr};
  if (distance == WindowDefinition::kUnboundedFollowing)
    return {FrameBound::Kind::unbounded_following, nullptr};
  if (distance == 0) return {FrameBound::Kind::current_row, nullptr};
  return {distance < 0 ? FrameBound::Kind::preceding : FrameBound::Kind::following,
          make_literal(distance < 0 ? -distance : distance)};
}

}  // namespace

DataType data_type(std::string_view text) { return value_or_throw(parse_data_type(text)); }

Col::Col(double value) : expression_(make_literal({value}, primitive(TypeKind::float64))) {}

Col::Col(std::nullptr_t) : expression_(make_literal({}, primitive(TypeKind::null))) {}

Col Col::alias(std::string name) const { return Col(make_alias(expression_, std::move(name))); }
Col Col::cast(std::string_view type) const {
  return Col(make_expr(Cast{expression_, data_type(type), false}));
}
Col Col::try_cast(std::string_view type) const {
  return Col(make_expr(Cast{expression_, data_type(type), true}));
}
Col Col::is_null() const { return make("isnull", {expression_}); }
Col Col::is_not_null() const { return make("isnotnull", {expression_}); }
Col Col::is_nan() const { return make("isnan", {expression_}); }
Col Col::eq_null_safe(const Col& other) const {
  return make("<=>", {expression_, other.expression_});
}
Col Col::between(const Col& low, const Col& high) const { return *this >= low && *this <= high; }
Col Col::isin(std::vector<Col> values) const {
  Exprs arguments{expression_};
  for (const Col& value : values) arguments.push_back(value.expression_);
  return make("in", std::move(arguments));
}
Col Col::like(const Col& pattern) const { return make("like", {expression_, pattern.expression_}); }
Col Col::ilike(const Col& pattern) const {
  return make("ilike", {expression_, pattern.expression_});
}
Col Col::rlike(const Col& pattern) const {
  return make("rlike", {expression_, pattern.expression_});
}
Col Col::contains(const Col& part) const {
  return make("contains", {expression_, part.expression_});
}
Col Col::starts_with(const Col& part) const {
  return make("startswith", {expression_, part.expression_});
}
Col Col::ends_with(const Col& part) const {
  return make("endswith", {expression_, part.expression_});
}
Col Col::substr(const Col& position, const Col& length) const {
  return make("substring", {expression_, position.expression_, length.expression_});
}
Col Col::get_item(const Col& key) const { return make("[]", {expression_, key.expression_}); }
Col Col::get_field(std::string name) const {
  return make(".", {expression_, make_literal(std::string_view(name))});
}
Col Col::bitwise_and(const Col& other) const { return make("&", {expression_, other.expression_}); }
Col Col::bitwise_or(const Col& other) const { return make("|", {expression_, other.expression_}); }
Col Col::bitwise_xor(const Col& other) const { return make("^", {expression_, other.expression_}); }

Col Col::sorted(bool is_descending, std::optional<bool> nulls_first) const {
  Col copy = *this;
  copy.is_descending_ = is_descending;
  copy.nulls_first_ = nulls_first;
  return copy;
}

Col Col::over(const WindowDefinition& window) const {
  const auto* call = expression_->as<Call>();
  if (!call) throw bad_plan("over() follows a function, for example row_number().over(…)");
  Call copy = *call;
  copy.over = std::make_shared<const WindowSpec>(window.spec());
  return Col(make_expr(std::move(copy)));
}

Col Col::filter(const Col& condition) const {
  const auto* call = expression_->as<Call>();
  if (!call) throw bad_plan("filter() follows an aggregate, for example count(…).filter(…)");
  Call copy = *call;
  copy.filter = condition.expression_;
  return Col(make_expr(std::move(copy)));
}

Col Col::when(const Col& condition, const Col& value) const {
  const auto* call = expression_->as<Call>();
  if (!call || call->name != "case" || call->arguments.size() % 2 != 0)
    throw bad_plan("when() can only be applied on a column made by when(), before otherwise()");
  Exprs arguments = call->arguments;
  arguments.push_back(condition.expression_);
  arguments.push_back(value.expression_);
  return make("case", std::move(arguments));
}

Col Col::otherwise(const Col& value) const {
  const auto* call = expression_->as<Call>();
  if (!call || call->name != "case" || call->arguments.size() % 2 != 0)
    throw bad_plan("otherwise() can only be applied once, on a column made by when()");
  Exprs arguments = call->arguments;
  arguments.push_back(value.expression_);
  return make("case", std::move(arguments));
}

WindowDefinition WindowDefinition::partition_by(const std::vector<Col>& columns) const {
  WindowDefinition copy = *this;
  for (const Col& column : columns) copy.spec_.partition_by.push_back(column.expression());
  return copy;
}
WindowDefinition WindowDefinition::order_by(const std::vector<Col>& columns) const {
  WindowDefinition copy = *this;
  for (const Col& column : columns) copy.spec_.order_by.push_back(column.sort_key());
  return copy;
}
WindowDefinition WindowDefinition::between(bool is_rows, std::int64_t start,
                                           std::int64_t end) const {
  WindowDefinition copy = *this;
  copy.spec_.frame = WindowFrame{is_rows, bound(start), bound(end)};
  return copy;
}
WindowDefinition WindowDefinition::rows_between(std::int64_t start, std::int64_t end) const {
  return between(true, start, end);
}
WindowDefinition WindowDefinition::range_between(std::int64_t start, std::int64_t end) const {
  return between(false, start, end);
}

Col col(std::string_view name) {
  if (name == "*") return Col(make_expr(Star{}));
  return Col(value_or_throw(parse_expression(name)));
}
Col lit(Col value) { return value; }
Col expr(std::string_view text) { return Col(value_or_throw(parse_expression(text))); }
Col when(const Col& condition, const Col& value) {
  return make("case", {condition.expression(), value.expression()});
}
Col call_function(std::string name, const std::vector<Col>& arguments) {
  Exprs expressions;
  for (const Col& argument : arguments) expressions.push_back(argument.expression());
  return make(std::move(name), std::move(expressions));
}

Col operator+(const Col& a, const Col& b) { return make("+", {a.expression(), b.expression()}); }
Col operator-(const Col& a, const Col& b) { return make("-", {a.expression(), b.expression()}); }
Col operator*(const Col& a, const Col& b) { return make("*", {a.expression(), b.expression()}); }
Col operator/(const Col& a, const Col& b) { return make("/", {a.expression(), b.expression()}); }
Col operator%(const Col& a, const Col& b) { return make("%", {a.expression(), b.expression()}); }
Col operator-(const Col& a) { return make("negative", {a.expression()}); }
Col operator!(const Col& a) { return make("not", {a.expression()}); }
Col operator==(const Col& a, const Col& b) { return make("=", {a.expression(), b.expression()}); }
Col operator!=(const Col& a, const Col& b) { return make("!=", {a.expression(), b.expression()}); }
Col operator<(const Col& a, const Col& b) { return make("<", {a.expression(), b.expression()}); }
Col operator<=(const Col& a, const Col& b) { return make("<=", {a.expression(), b.expression()}); }
Col operator>(const Col& a, const Col& b) { return make(">", {a.expression(), b.expression()}); }
Col operator>=(const Col& a, const Col& b) { return make(">=", {a.expression(), b.expression()}); }
Col operator&&(const Col& a, const Col& b) { return make("and", {a.expression(), b.expression()}); }
Col operator||(const Col& a, const Col& b) { return make("or", {a.expression(), b.expression()}); }

}  // namespace stream
