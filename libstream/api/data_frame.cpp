#include <libstream/api/data_frame.hpp>
#include <libstream/api/writer.hpp>
#include <libstream/base/ascii.hpp>
#include <libstream/formats/table_text.hpp>
#include <libstream/plans/analyzer.hpp>
#include <libstream/sql/sql_parser.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace stream {
namespace {

Exprs expressions_of(const std::vector<Col>& columns) {
  Exprs expressions;
  for (const Col& column : columns) expressions.push_back(column.expression());
  return expressions;
}

JoinType join_type_of(const std::string& text) {
  std::string type;
  for (const char c : text) {
    if (c != '_') type += ascii_lower(c);
  }
  if (type == "inner") return JoinType::inner;
  if (type == "cross") return JoinType::cross;
  if (type == "left" || type == "leftouter") return JoinType::left_outer;
  if (type == "right" || type == "rightouter") return JoinType::right_outer;
  if (type == "full" || type == "outer" || type == "fullouter") return JoinType::full_outer;
  if (type == "semi" || type == "leftsemi") return JoinType::left_semi;
  if (type == "anti" || type == "leftanti") return JoinType::left_anti;
  throw bad_plan(
      fmt::format("Unsupported join type '{}'. Supported join types include: 'inner', "
                  "'outer', 'full', 'left', 'right', 'semi', 'anti', 'cross'.",
                  text));
}

RelationRef set_of(SetRelation::Kind kind, const DataFrame& a, const DataFrame& b) {
  SetRelation set;
  set.kind = kind;
  set.inputs = {a.relation(), b.relation()};
  return make_relation(std::move(set));
}

void append_tree(const DataType& type, std::size_t depth, std::string& text);

void append_field(const std::string& name, const DataType& type, bool is_nullable,
                  std::string_view nullable_word, std::size_t depth, std::string& text) {
  for (std::size_t i = 0; i < depth; ++i) text += " |   ";
  std::string type_name = type.to_string();
  if (!type.children.empty())
    type_name = type.kind == TypeKind::structure ? "struct"
                : type.kind == TypeKind::array   ? "array"
                                                 : "map";
  static const std::vector<std::pair<std::string, std::string>> kNames = {
      {"BIGINT", "long"},  {"INT", "integer"}, {"SMALLINT", "short"},
      {"TINYINT", "byte"}, {"VOID", "void"},   {"BOOLEAN", "boolean"}};
  for (const auto& [sql, spark] : kNames) {
    if (type_name == sql) type_name = spark;
  }
  text += fmt::format(" |-- {}: {}", name, ascii_lower(type_name));
  if (!nullable_word.empty()) text += fmt::format(" ({} = {})", nullable_word, is_nullable);
  text += '\n';
  append_tree(type, depth + 1, text);
}

void append_tree(const DataType& type, std::size_t depth, std::string& text) {
  for (const Field& child : type.children) {
    // A map's keys never are null, so nothing is said of them.
    const std::string_view word = type.kind == TypeKind::array ? "containsNull"
                                  : type.kind != TypeKind::map ? "nullable"
                                  : child.name == "value"      ? "valueContainsNull"
                                                               : "";
    append_field(child.name, child.type, child.is_nullable, word, depth, text);
  }
}

}  // namespace

DataFrame::DataFrame(std::shared_ptr<SessionState> session, RelationRef relation)
    : session_(std::move(session)), relation_(std::move(relation)) {}

DataFrame DataFrame::select(const std::vector<Col>& columns) const {
  return with(make_relation(ProjectRelation{relation_, expressions_of(columns)}));
}
DataFrame DataFrame::select_expr(const std::vector<std::string>& expressions) const {
  std::vector<Col> columns;
  for (const std::string& text : expressions)
    columns.push_back(text == "*" ? col("*") : expr(text));
  return select(columns);
}
DataFrame DataFrame::with_column(const std::string& name, const Col& value) const {
  return with_columns({{name, value}});
}
DataFrame DataFrame::with_columns(const std::vector<std::pair<std::string, Col>>& columns) const {
  ChangeColumnsRelation change;
  change.input = relation_;
  for (const auto& [name, value] : columns) change.set.emplace_back(name, value.expression());
  return with(make_relation(std::move(change)));
}
DataFrame DataFrame::with_column_renamed(const std::string& from, const std::string& to) const {
  ChangeColumnsRelation change;
  change.input = relation_;
  change.renamed = {{from, to}};
  return with(make_relation(std::move(change)));
}
DataFrame DataFrame::drop(const std::vector<std::string>& columns) const {
  ChangeColumnsRelation change;
  change.input = relation_;
  change.dropped = columns;
  return with(make_relation(std::move(change)));
}
DataFrame DataFrame::to_df(const std::vector<std::string>& names) const {
  return with(make_relation(AliasRelation{relation_, "", names}));
}
DataFrame DataFrame::alias(const std::string& name) const {
  return with(make_relation(AliasRelation{relation_, name, {}}));
}

DataFrame DataFrame::where(const Col& condition) const {
  return with(make_relation(FilterRelation{relation_, condition.expression()}));
}
DataFrame DataFrame::where(const std::string& condition) const { return where(expr(condition)); }
DataFrame DataFrame::distinct() const { return with(make_relation(DistinctRelation{relation_})); }
DataFrame DataFrame::drop_duplicates(const std::vector<std::string>& columns) const {
  return with(make_relation(DeduplicateRelation{relation_, columns, false}));
}
DataFrame DataFrame::drop_duplicates_within_watermark(
    const std::vector<std::string>& columns) const {
  return with(make_relation(DeduplicateRelation{relation_, columns, true}));
}
DataFrame DataFrame::limit(std::int32_t rows) const {
  return with(make_relation(LimitRelation{relation_, make_literal(rows), nullptr}));
}
DataFrame DataFrame::offset(std::int32_t rows) const {
  return with(make_relation(LimitRelation{relation_, nullptr, make_literal(rows)}));
}
DataFrame DataFrame::order_by(const std::vector<Col>& columns) const {
  SortRelation sort;
  sort.input = relation_;
  for (const Col& column : columns) sort.keys.push_back(column.sort_key());
  return with(make_relation(std::move(sort)));
}
DataFrame DataFrame::sample(double fraction, std::uint64_t seed) const {
  if (!(fraction >= 0 && fraction <= 1))
    throw bad_plan(fmt::format("sample: the fraction is {}; it must be 0 to 1", fraction));
  return with(make_relation(SampleRelation{relation_, fraction, seed}));
}
DataFrame DataFrame::repartition(std::uint32_t partitions) const {
  return with(make_relation(RepartitionRelation{relation_, partitions, {}}));
}
DataFrame DataFrame::cache() const { return with(make_relation(CacheRelation{relation_})); }
NaFunctions DataFrame::na() const { return NaFunctions(*this); }

GroupedData DataFrame::group_by(const std::vector<Col>& columns) const {
  return {*this, AggregateRelation::Grouping::plain, columns};
}
GroupedData DataFrame::rollup(const std::vector<Col>& columns) const {
  return {*this, AggregateRelation::Grouping::rollup, columns};
}
GroupedData DataFrame::cube(const std::vector<Col>& columns) const {
  return {*this, AggregateRelation::Grouping::cube, columns};
}
DataFrame DataFrame::agg(const std::vector<Col>& aggregates) const {
  return group_by(std::vector<Col>{}).agg(aggregates);
}
std::int64_t DataFrame::count() const {
  return group_by(std::vector<Col>{}).count().collect().at(0).at(0).as<std::int64_t>();
}

DataFrame DataFrame::join(const DataFrame& right, const Col& condition,
                          const std::string& type) const {
  JoinRelation join;
  join.left = relation_;
  join.right = right.relation_;
  join.type = join_type_of(type);
  join.condition = condition.expression();
  return with(make_relation(std::move(join)));
}
DataFrame DataFrame::join(const DataFrame& right, const std::vector<std::string>& using_columns,
                          const std::string& type) const {
  JoinRelation join;
  join.left = relation_;
  join.right = right.relation_;
  join.type = join_type_of(type);
  join.using_columns = using_columns;
  return with(make_relation(std::move(join)));
}
DataFrame DataFrame::cross_join(const DataFrame& right) const {
  JoinRelation join;
  join.left = relation_;
  join.right = right.relation_;
  join.type = JoinType::cross;
  return with(make_relation(std::move(join)));
}
DataFrame DataFrame::union_all(const DataFrame& other) const {
  return with(set_of(SetRelation::Kind::union_all, *this, other));
}
DataFrame DataFrame::union_by_name(const DataFrame& other, bool allow_missing_columns) const {
  SetRelation set;
  set.inputs = {relation_, other.relation_};
  set.is_by_name = true;
  set.allows_missing_columns = allow_missing_columns;
  return with(make_relation(std::move(set)));
}
DataFrame DataFrame::intersect(const DataFrame& other) const {
  return with(set_of(SetRelation::Kind::intersect, *this, other));
}
DataFrame DataFrame::intersect_all(const DataFrame& other) const {
  return with(set_of(SetRelation::Kind::intersect_all, *this, other));
}
DataFrame DataFrame::except(const DataFrame& other) const {
  return with(set_of(SetRelation::Kind::except, *this, other));
}
DataFrame DataFrame::except_all(const DataFrame& other) const {
  return with(set_of(SetRelation::Kind::except_all, *this, other));
}

DataFrame DataFrame::with_watermark(const std::string& event_time, const std::string& delay) const {
  return with(make_relation(WatermarkRelation{relation_, col(event_time).expression(), delay}));
}
DataFrame DataFrame::late_rows() const {
  return {session_, make_relation(LateRowsRelation{relation_})};
}
DataFrame DataFrame::bad_records() const {
  return {session_, make_relation(BadRecordsRelation{relation_})};
}
bool DataFrame::is_streaming() const {
  return value_or_throw(analyze(relation_, *session_))->is_streaming;
}
DataStreamWriter DataFrame::write_stream() const { return DataStreamWriter(*this); }
DataFrameWriter DataFrame::write() const { return DataFrameWriter(*this); }

std::vector<std::vector<Value>> DataFrame::collect() const {
  BoundedOptions options;
  options.parallelism = session_->parallelism();
  const CollectedRows collected = value_or_throw(stream::collect(*session_, relation_, options));
  std::vector<std::vector<Value>> rows;
  for (const Batch& batch : collected.batches) {
    for (std::vector<Value>& row : rows_of(batch)) rows.push_back(std::move(row));
  }
  return rows;
}

std::string DataFrame::show_string(std::size_t rows, std::size_t truncate, bool is_vertical) const {
  BoundedOptions options;
  options.parallelism = session_->parallelism();
  const DataFrame cut = limit(static_cast<std::int32_t>(std::min<std::size_t>(rows, 1u << 30) + 1));
  const CollectedRows collected =
      value_or_throw(stream::collect(*session_, cut.relation_, options));
  return show_text(collected.schema, collected.batches, {rows, truncate, is_vertical},
                   session_->settings());
}
void DataFrame::show(std::size_t rows, std::size_t truncate, bool is_vertical) const {
  fmt::print("{}", show_string(rows, truncate, is_vertical));
  std::fflush(stdout);
}

Schema DataFrame::schema() const { return value_or_throw(schema_of(*session_, relation_)); }
std::vector<std::string> DataFrame::columns() const {
  std::vector<std::string> names;
  for (const Field& field : schema().fields) names.push_back(field.name);
  return names;
}
std::string DataFrame::schema_tree() const {
  std::string text = "root\n";
  for (const Field& field : schema().fields)
    append_field(field.name, field.type, field.is_nullable, "nullable", 0, text);
  return text;
}
void DataFrame::print_schema() const { fmt::print("{}\n", schema_tree()); }
std::string DataFrame::explain_string() const {
  return value_or_throw(explain_relation(*session_, relation_, OutputMode::append));
}
void DataFrame::explain() const { fmt::print("{}", explain_string()); }

void DataFrame::create_temp_view(const std::string& name) const {
  value_or_throw(schema_of(*session_, relation_));
  value_or_throw(session_->add_relation(name, relation_, false));
}
void DataFrame::create_or_replace_temp_view(const std::string& name) const {
  value_or_throw(schema_of(*session_, relation_));
  value_or_throw(session_->add_relation(name, relation_, true));
}

DataFrame GroupedData::agg(const std::vector<Col>& aggregates) const {
  if (!pivot_column_.empty()) {
    PivotRelation pivot;
    pivot.input = input_.relation();
    pivot.keys = expressions_of(keys_);
    pivot.aggregates = expressions_of(aggregates);
    pivot.columns = {make_column(pivot_column_)};
    for (const Col& value : pivot_values_) pivot.values.emplace_back(value.expression(), "");
    return {input_.session(), make_relation(std::move(pivot))};
  }
  AggregateRelation aggregate;
  aggregate.input = input_.relation();
  aggregate.grouping = grouping_;
  for (const Col& key : keys_) {
    // A key's name counts in the output only.
    const auto* alias = key.expression()->as<Alias>();
    aggregate.keys.push_back(alias ? alias->child : key.expression());
    aggregate.output.push_back(key.expression());
  }
  for (const Col& column : aggregates) aggregate.output.push_back(column.expression());
  return {input_.session(), make_relation(std::move(aggregate))};
}
DataFrame GroupedData::count() const { return agg({stream::count().alias("count")}); }
DataFrame GroupedData::each(const std::string& function,
                            const std::vector<std::string>& columns) const {
  std::vector<Col> aggregates;
  for (const std::string& name : columns)
    aggregates.push_back(call_function(function, {col(name)}));
  return agg(aggregates);
}
GroupedData GroupedData::pivot(const std::string& column, const std::vector<Col>& values) const {
  GroupedData copy = *this;
  copy.pivot_column_ = column;
  copy.pivot_values_ = values;
  return copy;
}

DataFrame NaFunctions::drop(const std::string& how, std::vector<std::string> columns) const {
  if (how != "any" && how != "all")
    throw bad_plan("na().drop: how is '" + how + "'; write any or all");
  if (columns.empty()) columns = input_.columns();
  std::optional<Col> condition;
  for (const std::string& name : columns) {
    const Col is_there = col(name).is_not_null();
    condition = !condition     ? is_there
                : how == "any" ? *condition && is_there
                               : *condition || is_there;
  }
  return condition ? input_.where(*condition) : input_;
}

DataFrame NaFunctions::fill(const Col& value, std::vector<std::string> columns) const {
  const auto* literal = value.expression()->as<Literal>();
  if (!literal) throw bad_plan("na().fill: the value must be a literal");
  const Schema schema = input_.schema();
  std::vector<std::pair<std::string, Col>> changed;
  for (const Field& field : schema.fields) {
    const bool is_wanted =
        columns.empty() || std::find(columns.begin(), columns.end(), field.name) != columns.end();
    const bool fits = is_numeric(literal->type.kind) ? is_numeric(field.type.kind)
                                                     : literal->type.kind == field.type.kind;
    if (!is_wanted || !fits) continue;
    const Col filled = call_function(
        "coalesce",
        {col("`" + field.name + "`"), Col(make_expr(Cast{value.expression(), field.type, false}))});
    changed.emplace_back(field.name, filled);
  }
  return changed.empty() ? input_ : input_.with_columns(changed);
}

}  // namespace stream
