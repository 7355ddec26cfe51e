#include <libstream/plans/resolved_plan.hpp>

#include <algorithm>

namespace stream {

TypedExpr reference_to(const Attribute& attribute) {
  return make_typed(attribute.type, attribute.is_nullable,
                    AttributeReference{attribute.id, attribute.name});
}

Schema schema_of(const Attributes& attributes) {
  Schema schema;
  for (const Attribute& attribute : attributes)
    schema.fields.push_back({attribute.name, attribute.type, attribute.is_nullable});
  return schema;
}

void collect_attributes(const TypedExpression& expression, std::vector<AttributeId>& ids) {
  if (const auto* reference = expression.as<AttributeReference>()) ids.push_back(reference->id);
  for (const TypedExpr& child : children_of(expression)) collect_attributes(*child, ids);
}

const Attribute* find_attribute(const Attributes& attributes, AttributeId id) {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute& a) { return a.id == id; });
  return found == attributes.end() ? nullptr : &*found;
}

std::vector<TypedExpr> split_conjuncts(const TypedExpr& condition) {
  if (!condition) return {};
  const auto* call = condition->as<LazyCall>();
  if (!call || call->kind != LazyCall::Kind::logical_and) return {condition};
  std::vector<TypedExpr> parts;
  for (const TypedExpr& argument : call->arguments) {
    for (TypedExpr& part : split_conjuncts(argument)) parts.push_back(std::move(part));
  }
  return parts;
}

TypedExpr join_conjuncts(std::vector<TypedExpr> conjuncts) {
  if (conjuncts.empty()) return nullptr;
  if (conjuncts.size() == 1) return conjuncts[0];
  return make_typed(primitive(TypeKind::boolean), true,
                    LazyCall{LazyCall::Kind::logical_and, std::move(conjuncts)});
}

}  // namespace stream
