// Stream-static joins whose static side is asked by key (connectors/lookup_source.hpp).
#include <libstream/connectors/lookup_source.hpp>
#include <libstream/operators/lookup_join.hpp>
#include <libstream/plans/planning.hpp>

#include <algorithm>

namespace stream {
namespace {

/// The static side, down to what can be asked: filters and renamings are taken into the condition.
struct LookupSide {
  const ResolvedPlan* scan = nullptr;
  std::shared_ptr<const Source> source;
  const LookupSource* lookup = nullptr;
  std::vector<TypedExpr> filters;
};

bool is_renaming(const ProjectPlan& project) {
  return std::all_of(project.expressions.begin(), project.expressions.end(),
                     [](const TypedExpr& e) { return e->as<AttributeReference>() != nullptr; });
}

/// Over the scan's attributes, whatever the nodes between call them.
TypedExpr below(const TypedExpr& expression, const ResolvedPlan& project) {
  return expression ? inline_projection(expression, project) : expression;
}

/// `expressions` are rewritten to the scan's attributes on the way.
std::optional<LookupSide> find_lookup(const PlanRef& right, std::vector<TypedExpr>& expressions) {
  LookupSide side;
  const ResolvedPlan* node = right.get();
  while (!node->as<ScanPlan>()) {
    if (const auto* filter = node->as<FilterPlan>()) {
      side.filters.push_back(filter->condition);
    } else if (const auto* project = node->as<ProjectPlan>(); project && is_renaming(*project)) {
      for (auto* list : {&expressions, &side.filters}) {
        for (TypedExpr& expression : *list) expression = below(expression, *node);
      }
    } else {
      return std::nullopt;
    }
    node = node->inputs[0].get();
  }
  side.scan = node;
  side.source = node->as<ScanPlan>()->source;
  side.lookup = dynamic_cast<const LookupSource*>(side.source.get());
  if (!side.lookup) return std::nullopt;
  return side;
}

/// Kinds whose bytes are equal exactly when the values are.
bool is_plain_key(TypeKind kind) {
  return is_integral(kind) || kind == TypeKind::boolean || kind == TypeKind::string ||
         kind == TypeKind::binary || kind == TypeKind::date || kind == TypeKind::timestamp ||
         kind == TypeKind::timestamp_ntz;
}

}  // namespace

Result<std::optional<Planned>> RelationalPlanner::lookup_join(const ResolvedPlan& node,
                                                              const JoinPlan& join) {
  const std::optional<Planned> not_one;
  const bool is_wanted = node.inputs[0]->is_streaming && !node.inputs[1]->is_streaming &&
                         (join.kind == JoinKind::inner || join.kind == JoinKind::left_outer);
  if (!is_wanted) return not_one;
  const JoinConditions parts =
      split_join_condition(join.condition, node.inputs[0]->output, node.inputs[1]->output);
  std::vector<TypedExpr> left_keys;
  std::vector<TypedExpr> right;  // keys, then output, then what else must be true
  for (const EquiKey& key : parts.keys) {
    if (key.is_null_safe) return not_one;
    left_keys.push_back(key.left);
    right.push_back(key.right);
  }
  const std::size_t num_keys = right.size();
  if (num_keys == 0) return not_one;
  for (const Attribute& attribute : node.inputs[1]->output)
    right.push_back(reference_to(attribute));
  std::vector<TypedExpr> rest = parts.rest;
  rest.insert(rest.end(), parts.left_only.begin(), parts.left_only.end());
  rest.insert(rest.end(), parts.right_only.begin(), parts.right_only.end());
  const std::size_t num_fixed = right.size();
  right.insert(right.end(), rest.begin(), rest.end());
  const auto side = find_lookup(node.inputs[1], right);
  if (!side) return not_one;

  LookupJoinSpec spec;
  const ColumnIds scanned = ids_of(side->scan->output);
  for (std::size_t i = 0; i < num_keys; ++i) {
    const auto* key = right[i]->as<AttributeReference>();
    if (!key || !is_plain_key(right[i]->type.kind)) return not_one;
    STREAM_TRY(const std::size_t column, column_of(key->id, scanned));
    spec.right_keys.push_back(column);
  }
  if (!side->lookup->can_find(spec.right_keys)) return not_one;

  STREAM_TRY(Planned left, plan(node.inputs[0]));
  STREAM_TRY(left, with_columns(std::move(left), left_keys, spec.left_keys));
  ColumnIds both = left.columns;
  both.insert(both.end(), scanned.begin(), scanned.end());
  std::vector<TypedExpr> conditions(right.begin() + static_cast<std::ptrdiff_t>(num_fixed),
                                    right.end());
  conditions.insert(conditions.end(), side->filters.begin(), side->filters.end());
  STREAM_TRY(spec.condition, bind(join_conjuncts(std::move(conditions)), both));
  for (const Attribute& attribute : node.inputs[0]->output) {
    STREAM_TRY(const std::size_t column, column_of(attribute.id, left.columns));
    spec.output.push_back(column);
  }
  for (std::size_t i = num_keys; i < num_fixed; ++i) {
    STREAM_TRY(const std::size_t column,
               column_of(right[i]->as<AttributeReference>()->id, scanned));
    spec.output.push_back(left.columns.size() + column);
  }
  spec.keeps_left = join.kind == JoinKind::left_outer;
  spec.left_columns = left.schema.fields;
  spec.right_columns = side->source->schema().fields;
  spec.schema = shared(schema_of(node.output));
  spec.evaluation = evaluation();
  const LookupCache cache = side->lookup->cache();
  spec.max_keys = cache.max_keys;
  spec.ttl_millis = cache.ttl_millis;
  spec.make_lookup = [source = side->source, lookup = side->lookup,
                      keys = spec.right_keys](BlockPool& pool) -> Result<KeyLookup> {
    STREAM_TRY(std::shared_ptr<LookupReader> reader, lookup->make_lookup(keys, pool));
    return KeyLookup([reader](const Batch& wanted) { return reader->find(wanted); });
  };
  return std::optional<Planned>(add("lookup join", left, {make_lookup_join(std::move(spec))},
                                    ids_of(node.output), schema_of(node.output)));
}

}  // namespace stream
