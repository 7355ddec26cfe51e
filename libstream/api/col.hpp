// Columns as programs write them: col("v") + 1, when(col("v") > 5, "big").otherwise("small"). A
// value over an Expression; names and types are looked up when the frame is used. Spark's class
// Column.
#pragma once

#include <libstream/expressions/expression.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// A type by its SQL name: "decimal(10,2)". Throws Error.
DataType data_type(std::string_view text);

class Col {
 public:
  explicit Col(Expr expression) : expression_(std::move(expression)) {}
  // Values are literals, so that `col("v") + 1` reads as it should.
  Col(std::int32_t value) : expression_(make_literal(value)) {}
  Col(std::int64_t value) : expression_(make_literal(value)) {}
  Col(double value);
  Col(bool value) : expression_(make_literal(value)) {}
  Col(const char* text) : expression_(make_literal(std::string_view(text))) {}
  Col(std::nullptr_t);  ///< NULL
  Col(const std::string& text) : expression_(make_literal(std::string_view(text))) {}

  const Expr& expression() const { return expression_; }

  Col alias(std::string name) const;
  Col as(std::string name) const { return alias(std::move(name)); }
  Col cast(std::string_view type) const;  ///< "bigint"; Error thrown for an unknown type
  Col try_cast(std::string_view type) const;

  Col is_null() const;
  Col is_not_null() const;
  Col is_nan() const;
  Col eq_null_safe(const Col& other) const;
  Col between(const Col& low, const Col& high) const;
  Col isin(std::vector<Col> values) const;
  Col like(const Col& pattern) const;
  Col ilike(const Col& pattern) const;
  Col rlike(const Col& pattern) const;
  Col contains(const Col& part) const;
  Col starts_with(const Col& part) const;
  Col ends_with(const Col& part) const;
  Col substr(const Col& position, const Col& length) const;
  /// An array's element from 0, or a map's value.
  Col get_item(const Col& key) const;
  Col operator[](const Col& key) const { return get_item(key); }
  Col get_field(std::string name) const;
  Col bitwise_and(const Col& other) const;
  Col bitwise_or(const Col& other) const;
  Col bitwise_xor(const Col& other) const;

  /// How order_by sorts by it.
  Col asc() const { return sorted(false, std::nullopt); }
  Col desc() const { return sorted(true, std::nullopt); }
  Col asc_nulls_first() const { return sorted(false, true); }
  Col asc_nulls_last() const { return sorted(false, false); }
  Col desc_nulls_first() const { return sorted(true, true); }
  Col desc_nulls_last() const { return sorted(true, false); }
  SortKey sort_key() const { return {expression_, is_descending_, nulls_first_}; }

  /// An aggregate or window function over a window: row_number().over(partition_by(…)…).
  Col over(const class WindowDefinition& window) const;
  /// An aggregate over the rows of a condition.
  Col filter(const Col& condition) const;

  /// case: another condition and its value; what there is otherwise.
  Col when(const Col& condition, const Col& value) const;
  Col otherwise(const Col& value) const;

 private:
  Col sorted(bool is_descending, std::optional<bool> nulls_first) const;

  Expr expression_;
  bool is_descending_ = false;
  std::optional<bool> nulls_first_;
};

/// PARTITION BY, ORDER BY and frame of OVER.
class WindowDefinition {
 public:
  static constexpr std::int64_t kUnboundedPreceding = INT64_MIN;
  static constexpr std::int64_t kUnboundedFollowing = INT64_MAX;
  static constexpr std::int64_t kCurrentRow = 0;

  WindowDefinition partition_by(const std::vector<Col>& columns) const;
  WindowDefinition order_by(const std::vector<Col>& columns) const;
  WindowDefinition rows_between(std::int64_t start, std::int64_t end) const;
  WindowDefinition range_between(std::int64_t start, std::int64_t end) const;
  const WindowSpec& spec() const { return spec_; }

 private:
  WindowDefinition between(bool is_rows, std::int64_t start, std::int64_t end) const;
  WindowSpec spec_;
};

/// A column by name: "v", "t.v", "s.field", "*".
Col col(std::string_view name);
Col lit(Col value);
/// SQL text: expr("v + 1 AS w"). Throws Error.
Col expr(std::string_view text);
Col when(const Col& condition, const Col& value);
/// Any function by name, built in or the session's own.
Col call_function(std::string name, const std::vector<Col>& arguments);

Col operator+(const Col& a, const Col& b);
Col operator-(const Col& a, const Col& b);
Col operator*(const Col& a, const Col& b);
Col operator/(const Col& a, const Col& b);
Col operator%(const Col& a, const Col& b);
Col operator-(const Col& a);
Col operator!(const Col& a);
Col operator==(const Col& a, const Col& b);
Col operator!=(const Col& a, const Col& b);
Col operator<(const Col& a, const Col& b);
Col operator<=(const Col& a, const Col& b);
Col operator>(const Col& a, const Col& b);
Col operator>=(const Col& a, const Col& b);
Col operator&&(const Col& a, const Col& b);
Col operator||(const Col& a, const Col& b);

}  // namespace stream
