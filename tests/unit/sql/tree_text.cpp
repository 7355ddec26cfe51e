#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/unit/sql/tree_text.hpp>

namespace stream::sql {

namespace {

template <class Items, class Text>
std::string joined(const Items& items, Text text) {
  std::string result;
  for (const auto& item : items) {
    if (&item != &*std::begin(items)) result += ", ";
    result += text(item);
  }
  return result;
}

std::string list(const Exprs& expressions) {
  return joined(expressions, [](const Expr& e) { return tree_text(e); });
}
std::string list(const std::vector<std::string>& names) {
  return joined(names, [](const std::string& name) { return name; });
}
std::string lists(const std::vector<Exprs>& sets) {
  return joined(sets, [](const Exprs& set) { return "{" + list(set) + "}"; });
}
std::string keys(const std::vector<SortKey>& sort_keys) {
  return joined(sort_keys, [](const SortKey& key) {
    std::string text = tree_text(key.expression) + (key.is_descending ? " desc" : "");
    if (key.nulls_first) text += *key.nulls_first ? " nulls first" : " nulls last";
    return text;
  });
}

std::string bound(const FrameBound& bound) {
  using Kind = FrameBound::Kind;
  switch (bound.kind) {
    case Kind::unbounded_preceding:
      return "-inf";
    case Kind::preceding:
      return "-" + tree_text(bound.distance);
    case Kind::current_row:
      return "0";
    case Kind::following:
      return "+" + tree_text(bound.distance);
    default:
      return "+inf";
  }
}

std::string window(const WindowSpec& spec) {
  std::string text = "{" + spec.name;
  if (!spec.partition_by.empty()) text += "by " + list(spec.partition_by);
  if (!spec.order_by.empty()) text += " order " + keys(spec.order_by);
  if (spec.frame)
    text += std::string(spec.frame->is_rows ? " rows " : " range ") + bound(spec.frame->start) +
            ".." + bound(spec.frame->end);
  return text + "}";
}

std::string literal(const Literal& literal) {
  const std::string type = ":" + literal.type.to_string();
  const auto& content = literal.value.content;
  if (const auto* flag = std::get_if<bool>(&content)) return *flag ? "true" : "false";
  if (const auto* v = std::get_if<std::int8_t>(&content)) return std::to_string(*v) + type;
  if (const auto* v = std::get_if<std::int16_t>(&content)) return std::to_string(*v) + type;
  if (const auto* v = std::get_if<std::int32_t>(&content)) return std::to_string(*v) + type;
  if (const auto* v = std::get_if<std::int64_t>(&content)) return std::to_string(*v) + type;
  if (const auto* v = std::get_if<float>(&content)) return std::to_string(*v) + type;
  if (const auto* v = std::get_if<double>(&content)) return std::to_string(*v) + type;
  if (const auto* v = std::get_if<Int128>(&content)) {
    std::string text;
    append_decimal(*v, literal.type.scale, text);
    return text + type;
  }
  if (const auto* text = std::get_if<std::string>(&content))
    return literal.type.kind == TypeKind::string ? "'" + *text + "'" : "'" + *text + "'" + type;
  return "null" + (literal.type.kind == TypeKind::null ? std::string() : type);
}

std::string call_text(const Call& call) {
  std::string text = call.name + "(" + (call.is_distinct ? "distinct " : "");
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) text += ", ";
    if (!call.argument_names.empty() && !call.argument_names[i].empty())
      text += call.argument_names[i] + " => ";
    text += tree_text(call.arguments[i]);
  }
  text += ")";
  if (call.ignores_nulls) text += *call.ignores_nulls ? " ignore nulls" : " respect nulls";
  if (call.filter) text += " filter " + tree_text(call.filter);
  if (!call.within_group.empty()) text += " within " + keys(call.within_group);
  if (call.over) text += " over " + window(*call.over);
  return text;
}

struct ExpressionText {
  std::string operator()(const Literal& value) const { return literal(value); }
  std::string operator()(const ColumnName& column) const {
    std::string name;
    for (const std::string& part : column.parts) name += (name.empty() ? "" : ".") + part;
    return name;
  }
  std::string operator()(const Star& star) const {
    std::string text = star.qualifier.empty() ? "*" : list(star.qualifier) + ".*";
    return star.except.empty() ? text : text + " except {" + list(star.except) + "}";
  }
  std::string operator()(const Call& call) const { return call_text(call); }
  std::string operator()(const Cast& cast) const {
    return std::string(cast.is_try ? "try_cast(" : "cast(") + tree_text(cast.child) + " as " +
           cast.type.to_string() + ")";
  }
  std::string operator()(const Lambda& lambda) const {
    return "{" + list(lambda.parameters) + " -> " + tree_text(lambda.body) + "}";
  }
  std::string operator()(const Alias& alias) const {
    return tree_text(alias.child) + " as " + list(alias.names);
  }
  std::string operator()(const Subquery& subquery) const {
    const std::string query = "<" + tree_text(subquery.relation) + ">";
    if (subquery.kind == Subquery::Kind::exists) return "exists" + query;
    if (subquery.kind == Subquery::Kind::in) return "in{" + list(subquery.values) + "}" + query;
    return query;
  }
};

std::string_view name_of(JoinType type) {
  switch (type) {
    case JoinType::inner:
      return "join";
    case JoinType::cross:
      return "cross_join";
    case JoinType::left_outer:
      return "left_join";
    case JoinType::right_outer:
      return "right_join";
    case JoinType::full_outer:
      return "full_join";
    case JoinType::left_semi:
      return "semi_join";
    default:
      return "anti_join";
  }
}

std::string_view name_of(SetRelation::Kind kind) {
  using Kind = SetRelation::Kind;
  switch (kind) {
    case Kind::union_all:
      return "union_all";
    case Kind::union_distinct:
      return "union";
    case Kind::intersect:
      return "intersect";
    case Kind::intersect_all:
      return "intersect_all";
    case Kind::except:
      return "except";
    default:
      return "except_all";
  }
}

std::string over(std::string name, std::string details, const RelationRef& input) {
  return std::move(name) + "[" + std::move(details) + "](" + tree_text(input) + ")";
}

struct RelationText {
  std::string operator()(const NamedRelation& relation) const {
    std::string name;
    for (const std::string& part : relation.name) name += (name.empty() ? "" : ".") + part;
    return relation.is_stream ? "stream " + name : name;
  }
  std::string operator()(const LocalRelation& relation) const {
    return "rows" + std::to_string(relation.rows.size());
  }
  std::string operator()(const InlineTable& table) const {
    return "values[" + lists(table.rows) + "]";
  }
  std::string operator()(const TableFunction& function) const {
    return "table " + call_text(function.call);
  }
  std::string operator()(const ProjectRelation& r) const {
    return over("project", list(r.expressions), r.input);
  }
  std::string operator()(const FilterRelation& r) const {
    return over("filter", tree_text(r.condition), r.input);
  }
  std::string operator()(const AggregateRelation& r) const {
    using Grouping = AggregateRelation::Grouping;
    std::string details = r.is_group_by_all ? "all" : list(r.keys);
    if (r.grouping == Grouping::rollup) details = "rollup " + details;
    if (r.grouping == Grouping::cube) details = "cube " + details;
    if (r.grouping == Grouping::sets) details += " sets " + lists(r.sets);
    details += "; " + list(r.output);
    if (r.having) details += "; having " + tree_text(r.having);
    return over("aggregate", details, r.input);
  }
  std::string operator()(const SortRelation& r) const {
    return over(r.is_global ? "sort" : "local_sort",
                (r.by_all_columns ? "all " : "") + keys(r.keys), r.input);
  }
  std::string operator()(const LimitRelation& r) const {
    std::string details = r.limit ? tree_text(r.limit) : "all";
    if (r.offset) details += " offset " + tree_text(r.offset);
    return over("limit", details, r.input);
  }
  std::string operator()(const DistinctRelation& r) const { return over("distinct", "", r.input); }
  std::string operator()(const WatermarkRelation& r) const {
    return over("watermark", tree_text(r.event_time) + "; " + r.delay, r.input);
  }
  std::string operator()(const AliasRelation& r) const {
    return over("as", r.name + (r.columns.empty() ? "" : ": " + list(r.columns)), r.input);
  }
  std::string operator()(const JoinRelation& r) const {
    std::string details = r.condition ? tree_text(r.condition) : "";
    if (!r.using_columns.empty()) details = "using " + list(r.using_columns);
    if (r.is_natural) details = "natural";
    if (r.is_lateral) details += " lateral";
    return std::string(name_of(r.type)) + "[" + details + "](" + tree_text(r.left) + ", " +
           tree_text(r.right) + ")";
  }
  std::string operator()(const SetRelation& r) const {
    std::string name(name_of(r.kind));
    if (r.is_by_name) name += r.allows_missing_columns ? " by name or missing" : " by name";
    return name + "(" + joined(r.inputs, [](const RelationRef& q) { return tree_text(q); }) + ")";
  }
  std::string operator()(const GenerateRelation& r) const {
    return over(r.is_outer ? "generate_outer" : "generate",
                call_text(r.generator) + " " + r.table + ": " + list(r.columns), r.input);
  }
  std::string operator()(const WithRelation& r) const {
    return over("with",
                joined(r.definitions,
                       [](const auto& definition) {
                         return definition.first + " = " + tree_text(definition.second);
                       }),
                r.input);
  }
  std::string operator()(const NamedWindowsRelation& r) const {
    return over("windows",
                joined(r.windows,
                       [](const auto& named) { return named.first + " " + window(named.second); }),
                r.input);
  }
  std::string operator()(const PivotRelation& r) const {
    return over("pivot",
                list(r.aggregates) + "; " + list(r.columns) + "; " +
                    joined(r.values,
                           [](const auto& value) {
                             return tree_text(value.first) +
                                    (value.second.empty() ? "" : " as " + value.second);
                           }),
                r.input);
  }
  std::string operator()(const UnpivotRelation& r) const {
    return over(r.includes_nulls ? "unpivot_nulls" : "unpivot",
                list(r.value_columns) + "; " + r.name_column + "; " +
                    joined(r.values,
                           [](const auto& value) {
                             return "{" + list(value.first) + "}" +
                                    (value.second.empty() ? "" : " as " + value.second);
                           }),
                r.input);
  }
  std::string operator()(const RepartitionRelation& r) const {
    return over("repartition", list(r.keys), r.input);
  }
  std::string operator()(const SampleRelation& r) const {
    return over("sample", std::to_string(r.fraction), r.input);
  }
  std::string operator()(const ChangeColumnsRelation& r) const {
    const std::string set =
        joined(r.set, [](const auto& item) { return item.first + " = " + tree_text(item.second); });
    return over("change", set + (r.dropped.empty() ? "" : "drop " + list(r.dropped)), r.input);
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "?";
  }
};

}  // namespace

std::string tree_text(const Expr& expression) {
  return std::visit(ExpressionText(), expression->kind);
}

std::string tree_text(const RelationRef& relation) {
  return std::visit(RelationText(), relation->kind);
}

std::string expression_tree(std::string_view text) {
  const Result<Expr> parsed = parse_expression(text);
  return parsed ? tree_text(*parsed) : parsed.error().message();
}

std::string query_tree(std::string_view text) {
  const Result<RelationRef> parsed = parse_query(text);
  return parsed ? tree_text(*parsed) : parsed.error().message();
}

}  // namespace stream::sql
