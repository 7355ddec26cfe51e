#include <libstream/sql/parser.hpp>

#include <algorithm>

namespace stream::sql {

namespace {

/// Collects the children of a node.
class Below {
 public:
  explicit Below(const std::unordered_map<const void*, TreeSize>& sizes) : sizes_(sizes) {}

  TreeSize total() const { return total_; }

  template <class T>
  void operator()(const std::shared_ptr<const T>& node) {
    const auto found = sizes_.find(node.get());
    if (found == sizes_.end()) return;
    total_.height = std::max(total_.height, found->second.height);
    total_.num_nodes = std::min(total_.num_nodes + found->second.num_nodes, 2 * kMaxSqlTreeNodes);
  }
  template <class T>
  void operator()(const std::vector<T>& items) {
    for (const T& item : items) (*this)(item);
  }
  template <class A, class B>
  void operator()(const std::pair<A, B>& item) {
    (*this)(item.first);
    (*this)(item.second);
  }
  void operator()(const std::string&) {}
  void operator()(const std::vector<std::vector<Value>>&) {}
  void operator()(const SortKey& key) { (*this)(key.expression); }
  void operator()(const WindowSpec& spec) {
    (*this)(spec.partition_by);
    (*this)(spec.order_by);
    if (!spec.frame) return;
    (*this)(spec.frame->start.distance);
    (*this)(spec.frame->end.distance);
  }

  void operator()(const Literal&) {}
  void operator()(const ColumnName&) {}
  void operator()(const Star&) {}
  void operator()(const Call& call) {
    (*this)(call.arguments);
    (*this)(call.filter);
    (*this)(call.within_group);
    if (call.over) (*this)(*call.over);
  }
  void operator()(const Cast& cast) { (*this)(cast.child); }
  void operator()(const Lambda& lambda) { (*this)(lambda.body); }
  void operator()(const Alias& alias) { (*this)(alias.child); }
  void operator()(const Subquery& subquery) {
    (*this)(subquery.relation);
    (*this)(subquery.values);
  }

  void operator()(const NamedRelation&) {}
  void operator()(const LocalRelation&) {}
  void operator()(const SourceRelation&) {}
  void operator()(const InlineTable& table) { (*this)(table.rows); }
  void operator()(const TableFunction& function) { (*this)(function.call); }
  void operator()(const JoinRelation& join) {
    (*this)(join.left);
    (*this)(join.right);
    (*this)(join.condition);
  }
  void operator()(const SetRelation& set) { (*this)(set.inputs); }
  void operator()(const WithRelation& with) {
    (*this)(with.definitions);
    (*this)(with.input);
  }
  void operator()(const ProjectRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.expressions);
  }
  void operator()(const FilterRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.condition);
  }
  void operator()(const AggregateRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.keys);
    (*this)(relation.sets);
    (*this)(relation.output);
    (*this)(relation.having);
  }
  void operator()(const SortRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.keys);
  }
  void operator()(const LimitRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.limit);
    (*this)(relation.offset);
  }
  void operator()(const WatermarkRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.event_time);
  }
  void operator()(const GenerateRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.generator);
  }
  void operator()(const NamedWindowsRelation& relation) {
    (*this)(relation.input);
    for (const auto& [name, spec] : relation.windows) (*this)(spec);
  }
  void operator()(const PivotRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.aggregates);
    (*this)(relation.values);
  }
  void operator()(const UnpivotRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.values);
  }
  void operator()(const RepartitionRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.keys);
  }
  void operator()(const ChangeColumnsRelation& relation) {
    (*this)(relation.input);
    (*this)(relation.set);
  }
  template <class OneInput>
  void operator()(const OneInput& relation) {
    (*this)(relation.input);
  }

 private:
  const std::unordered_map<const void*, TreeSize>& sizes_;
  TreeSize total_;
};

}  // namespace

TreeSize Parser::size_below(const Expression& expression) const {
  Below below(sizes_);
  std::visit(below, expression.kind);
  return below.total();
}

TreeSize Parser::size_below(const Relation& relation) const {
  Below below(sizes_);
  std::visit(below, relation.kind);
  return below.total();
}

void Parser::note_size(const void* node, TreeSize below) {
  const TreeSize size{below.height + 1, below.num_nodes + 1};
  sizes_[node] = size;
  largest_.height = std::max(largest_.height, size.height);
  largest_.num_nodes = std::max(largest_.num_nodes, size.num_nodes);
}

Result<void> Parser::check_size() const {
  if (largest_.height > kMaxSqlTreeHeight)
    return cursor_.error_at(cursor_.position(), "EXCEED_LIMIT_LENGTH",
                            "The expression or query is more than " +
                                std::to_string(kMaxSqlTreeHeight) +
                                " operations deep; split it, or use parentheses.");
  if (largest_.num_nodes > kMaxSqlTreeNodes)
    return cursor_.error_at(cursor_.position(), "EXCEED_LIMIT_LENGTH",
                            "The expression or query is too large when BETWEEN and CASE are "
                            "written out; split it.");
  return {};
}

Result<void> Parser::check_nesting() const {
  if (depth_ > kMaxSqlNesting)
    return cursor_.error_at(cursor_.position(), "FAILED_TO_PARSE_TOO_COMPLEX",
                            "The statement is nested more than " + std::to_string(kMaxSqlNesting) +
                                " levels deep; split it into several queries or views.");
  return check_size();
}

Expr Parser::call(std::string name, Exprs arguments, std::size_t first) {
  Call result;
  result.name = std::move(name);
  result.arguments = std::move(arguments);
  return make(std::move(result), first);
}

Expr Parser::negated_if(bool is_negated, Expr expression, std::size_t first) {
  return is_negated ? call("not", {std::move(expression)}, first) : expression;
}

Expr Parser::text_literal(std::string text, std::size_t first) {
  return make(Literal{Value{std::move(text)}, primitive(TypeKind::string)}, first);
}

TextSpan Parser::span_from(std::size_t first) const {
  const std::uint32_t start = cursor_.token_at(first).offset;
  const std::uint32_t end = cursor_.end_offset();
  return {start, end > start ? end - start : 0};
}

}  // namespace stream::sql
