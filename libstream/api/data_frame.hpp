// DataFrame: a bounded or unbounded table, described, not computed. Methods are Spark's; each gives
// a new frame. Names and types are checked when the schema is asked for or the frame runs, and a
// wrong one throws Error with Spark's condition. Values; any thread.
#pragma once

#include <libstream/api/functions.hpp>
#include <libstream/api/query_start.hpp>

#include <functional>
#include <initializer_list>

namespace stream {

class DataFrameWriter;
class DataStreamWriter;
class GroupedData;
class NaFunctions;
template <class T>
class TypedFrame;

class DataFrame {
 public:
  DataFrame(std::shared_ptr<SessionState> session, RelationRef relation);

  const RelationRef& relation() const { return relation_; }
  const std::shared_ptr<SessionState>& session() const { return session_; }

  // ---- columns ----
  DataFrame select(const std::vector<Col>& columns) const;
  template <class... Cols>
  requires(std::is_convertible_v<Cols, Col>&&...) DataFrame select(const Cols&... columns)
  const { return select(std::vector<Col>{column_of(columns)...}); }
  DataFrame select_expr(const std::vector<std::string>& expressions) const;
  DataFrame with_column(const std::string& name, const Col& value) const;
  DataFrame with_columns(const std::vector<std::pair<std::string, Col>>& columns) const;
  DataFrame with_column_renamed(const std::string& from, const std::string& to) const;
  DataFrame drop(const std::vector<std::string>& columns) const;
  DataFrame to_df(const std::vector<std::string>& names) const;
  DataFrame alias(const std::string& name) const;

  // ---- rows ----
  DataFrame where(const Col& condition) const;
  DataFrame where(const std::string& condition) const;  ///< SQL text
  DataFrame where(const char* condition) const { return where(std::string(condition)); }
  template <class Condition>
  DataFrame filter(const Condition& condition) const {
    return where(condition);
  }
  DataFrame distinct() const;
  DataFrame drop_duplicates(const std::vector<std::string>& columns = {}) const;
  DataFrame drop_duplicates_within_watermark(const std::vector<std::string>& columns = {}) const;
  DataFrame limit(std::int32_t rows) const;
  DataFrame offset(std::int32_t rows) const;
  DataFrame order_by(const std::vector<Col>& columns) const;
  template <class... Cols>
  requires(std::is_convertible_v<Cols, Col>&&...) DataFrame order_by(const Cols&... columns)
  const { return order_by(std::vector<Col>{column_of(columns)...}); }
  template <class... Cols>
  DataFrame sort(const Cols&... columns) const {
    return order_by(columns...);
  }
  DataFrame sample(double fraction, std::uint64_t seed = 0) const;
  DataFrame repartition(std::uint32_t partitions) const;
  DataFrame coalesce(std::uint32_t partitions) const { return repartition(partitions); }
  /// Computed once, however many parts and outputs of a query read it; no filter moves below it.
  DataFrame cache() const;
  NaFunctions na() const;

  // ---- groups ----
  GroupedData group_by(const std::vector<Col>& columns) const;
  template <class... Cols>
  requires(std::is_convertible_v<Cols, Col>&&...) GroupedData group_by(const Cols&... columns)
  const;
  GroupedData rollup(const std::vector<Col>& columns) const;
  GroupedData cube(const std::vector<Col>& columns) const;
  DataFrame agg(const std::vector<Col>& aggregates) const;
  std::int64_t count() const;  ///< runs the (bounded) frame

  // ---- several frames ----
  /// `type`: inner, cross, left, right, full (with or without "outer"), semi, anti.
  DataFrame join(const DataFrame& right, const Col& condition,
                 const std::string& type = "inner") const;
  DataFrame join(const DataFrame& right, const std::vector<std::string>& using_columns,
                 const std::string& type = "inner") const;
  DataFrame join(const DataFrame& right, std::initializer_list<const char*> using_columns,
                 const std::string& type = "inner") const {
    return join(right, std::vector<std::string>(using_columns.begin(), using_columns.end()), type);
  }
  DataFrame join(const DataFrame& right, const char* using_column,
                 const std::string& type = "inner") const {
    return join(right, {using_column}, type);
  }
  DataFrame cross_join(const DataFrame& right) const;
  DataFrame union_all(const DataFrame& other) const;  ///< Spark's union, a word of C++
  DataFrame union_by_name(const DataFrame& other, bool allow_missing_columns = false) const;
  DataFrame intersect(const DataFrame& other) const;
  DataFrame intersect_all(const DataFrame& other) const;
  DataFrame except(const DataFrame& other) const;
  DataFrame except_all(const DataFrame& other) const;

  // ---- C++ values ----
  /// Rows as values of a record, pair, tuple or number (typed_frame.hpp).
  template <class T>
  TypedFrame<T> as() const;

  // ---- streams ----
  /// Rows later than `delay` behind the newest event time may be dropped.
  DataFrame with_watermark(const std::string& event_time, const std::string& delay) const;
  /// The rows that the last operator with state drops as late, as they came to it: an output to be
  /// written beside the frame itself (start_all), or alone.
  DataFrame late_rows() const;
  /// What the reader that the frame comes from could not take: bytes, place, reason, source. The
  /// reader keeps them aside with its option bad_records = drop.
  DataFrame bad_records() const;
  bool is_streaming() const;
  DataStreamWriter write_stream() const;

  // ---- bounded frames run ----
  DataFrameWriter write() const;
  std::vector<std::vector<Value>> collect() const;
  std::vector<std::vector<Value>> take(std::int32_t rows) const { return limit(rows).collect(); }
  /// The text of the first rows as a table, and the same on standard output.
  std::string show_string(std::size_t rows = 20, std::size_t truncate = 20,
                          bool is_vertical = false) const;
  void show(std::size_t rows = 20, std::size_t truncate = 20, bool is_vertical = false) const;

  // ---- descriptions ----
  Schema schema() const;
  std::vector<std::string> columns() const;
  std::string schema_tree() const;  ///< what print_schema prints
  void print_schema() const;
  std::string explain_string() const;
  void explain() const;

  /// f(frame): a chain of user functions reads from left to right.
  DataFrame transform(const std::function<DataFrame(const DataFrame&)>& f) const {
    return f(*this);
  }
  void create_temp_view(const std::string& name) const;
  void create_or_replace_temp_view(const std::string& name) const;

 private:
  DataFrame with(RelationRef relation) const { return {session_, std::move(relation)}; }
  /// Texts name columns in select and group_by.
  static Col column_of(const Col& column) { return column; }
  static Col column_of(const char* name) { return col(name); }
  static Col column_of(const std::string& name) { return col(name); }

  std::shared_ptr<SessionState> session_;
  RelationRef relation_;
};

/// What group_by gives: frames come of its aggregates.
class GroupedData {
 public:
  GroupedData(DataFrame input, AggregateRelation::Grouping grouping, std::vector<Col> keys)
      : input_(std::move(input)), grouping_(grouping), keys_(std::move(keys)) {}

  DataFrame agg(const std::vector<Col>& aggregates) const;
  template <class... Cols>
  requires(std::is_same_v<Cols, Col>&&...) DataFrame agg(const Cols&... aggregates)
  const { return agg(std::vector<Col>{aggregates...}); }
  DataFrame count() const;
  DataFrame sum(const std::vector<std::string>& columns) const { return each("sum", columns); }
  DataFrame avg(const std::vector<std::string>& columns) const { return each("avg", columns); }
  DataFrame min(const std::vector<std::string>& columns) const { return each("min", columns); }
  DataFrame max(const std::vector<std::string>& columns) const { return each("max", columns); }
  /// Columns of the values; then agg.
  GroupedData pivot(const std::string& column, const std::vector<Col>& values) const;

 private:
  DataFrame each(const std::string& function, const std::vector<std::string>& columns) const;

  DataFrame input_;
  AggregateRelation::Grouping grouping_;
  std::vector<Col> keys_;
  std::string pivot_column_;
  std::vector<Col> pivot_values_;
};

template <class... Cols>
requires(std::is_convertible_v<Cols, Col>&&...)
    GroupedData DataFrame::group_by(const Cols&... columns)
const { return group_by(std::vector<Col>{column_of(columns)...}); }

/// Rows with nulls.
class NaFunctions {
 public:
  explicit NaFunctions(DataFrame input) : input_(std::move(input)) {}
  /// Without rows that have a null in any (or "all") of the columns.
  DataFrame drop(const std::string& how = "any", std::vector<std::string> columns = {}) const;
  /// Nulls of columns of the value's type replaced.
  DataFrame fill(const Col& value, std::vector<std::string> columns = {}) const;

 private:
  DataFrame input_;
};

}  // namespace stream
