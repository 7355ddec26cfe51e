#include <libstream/expressions/expression_text.hpp>
#include <libstream/plans/resolved_plan_text.hpp>
#include <libstream/plans/typed_operator.hpp>

#include <fmt/format.h>

#include <cctype>

namespace stream {
namespace {

template <class Items, class Text>
std::string joined(const Items& items, const Text& text) {
  std::string all;
  for (const auto& item : items) all += (all.empty() ? "" : ", ") + text(item);
  return all;
}

std::string expression_text(const TypedExpr& expression) { return plan_text(*expression); }
std::string arguments_text(const std::vector<TypedExpr>& arguments) {
  return joined(arguments, expression_text);
}
std::string attribute_text(const Attribute& attribute) {
  return fmt::format("{}#{}{}", attribute.name, attribute.id, attribute.event_time ? "-T" : "");
}

bool is_word(std::string_view name) {
  return !name.empty() && (std::isalpha(static_cast<unsigned char>(name.front())) != 0);
}

std::string function_text(const FunctionCall& call) {
  if (!is_word(call.name) && call.arguments.size() == 2)
    return fmt::format("({} {} {})", plan_text(*call.arguments[0]), call.name,
                       plan_text(*call.arguments[1]));
  return fmt::format("{}({})", call.name, arguments_text(call.arguments));
}

std::string lazy_text(const LazyCall& call) {
  switch (call.kind) {
    case LazyCall::Kind::logical_and:
    case LazyCall::Kind::logical_or: {
      const char* word = call.kind == LazyCall::Kind::logical_and ? " AND " : " OR ";
      std::string all;
      for (const TypedExpr& argument : call.arguments)
        all += (all.empty() ? "" : word) + plan_text(*argument);
      return "(" + all + ")";
    }
    case LazyCall::Kind::case_when: {
      std::string all = "CASE";
      std::size_t i = 0;
      for (; i + 1 < call.arguments.size(); i += 2)
        all += fmt::format(" WHEN {} THEN {}", plan_text(*call.arguments[i]),
                           plan_text(*call.arguments[i + 1]));
      if (i < call.arguments.size()) all += " ELSE " + plan_text(*call.arguments[i]);
      return all + " END";
    }
    case LazyCall::Kind::coalesce:
      return "coalesce(" + arguments_text(call.arguments) + ")";
    case LazyCall::Kind::null_on_error:
      return "try(" + arguments_text(call.arguments) + ")";
  }
  return "";
}

std::string sort_text(const SortColumn& column) {
  return fmt::format("{} {} NULLS {}", plan_text(*column.expression),
                     column.is_descending ? "DESC" : "ASC", column.nulls_first ? "FIRST" : "LAST");
}

std::string_view join_text(JoinKind kind) {
  switch (kind) {
    case JoinKind::inner:
      return "Inner";
    case JoinKind::left_outer:
      return "LeftOuter";
    case JoinKind::right_outer:
      return "RightOuter";
    case JoinKind::full_outer:
      return "FullOuter";
    case JoinKind::left_semi:
      return "LeftSemi";
    case JoinKind::left_anti:
      return "LeftAnti";
    case JoinKind::existence:
      return "ExistenceJoin";
  }
  return "";
}

std::string named_text(const ResolvedPlan& node, AttributeId id) {
  for (const Attribute& attribute : node.output) {
    if (attribute.id == id) return attribute_text(attribute);
  }
  for (const PlanRef& input : node.inputs) {
    for (const Attribute& attribute : input->output) {
      if (attribute.id == id) return attribute_text(attribute);
    }
  }
  return fmt::format("#{}", id);
}

std::string ids_text(const ResolvedPlan& node, const std::vector<AttributeId>& ids) {
  return joined(ids, [&](AttributeId id) { return named_text(node, id); });
}

std::string project_text(const ResolvedPlan& node, const ProjectPlan& project) {
  std::string all;
  for (std::size_t i = 0; i < project.expressions.size(); ++i) {
    const std::string made = plan_text(*project.expressions[i]);
    const std::string name = attribute_text(node.output[i]);
    const auto* column = project.expressions[i]->as<AttributeReference>();
    const bool is_same = column && column->id == node.output[i].id;
    all += (i == 0 ? "" : ", ") + (is_same ? name : made + " AS " + name);
  }
  return "Project [" + all + "]";
}

std::string aggregate_text(const ResolvedPlan& node, const AggregatePlan& aggregate) {
  std::string all;
  const std::size_t first = node.output.size() - aggregate.aggregates.size();
  for (std::size_t i = 0; i < aggregate.aggregates.size(); ++i) {
    const NamedAggregate& one = aggregate.aggregates[i];
    all += fmt::format(
        "{}{}({}{}){} AS {}", i == 0 ? "" : ", ", one.name, one.call.is_distinct ? "distinct " : "",
        arguments_text(one.call.arguments),
        one.call.filter ? " FILTER (WHERE " + plan_text(*one.call.filter) + ")" : std::string(),
        attribute_text(node.output[first + i]));
  }
  return fmt::format("Aggregate [{}], [{}]", ids_text(node, aggregate.keys), all);
}

std::string window_text(const WindowPlan& window) {
  return fmt::format("Window [{}], [{}], [{}]",
                     joined(window.calls,
                            [](const NamedOverCall& call) {
                              return call.name + "(" + arguments_text(call.call.arguments) + ")";
                            }),
                     arguments_text(window.partition_by), joined(window.order_by, sort_text));
}

std::string generate_text(const ResolvedPlan& node, const GeneratePlan& generate) {
  Attributes made(
      node.output.end() - static_cast<std::ptrdiff_t>(generate.generator.columns.size()),
      node.output.end());
  return fmt::format("Generate {}({}), {}[{}]", generate.name, arguments_text(generate.arguments),
                     generate.is_outer ? "outer, " : "", joined(made, attribute_text));
}

/// Nodes with one input and a text that needs no more than their own fields.
std::string unary_text(const ResolvedPlan& node) {
  if (const auto* kind = node.as<FilterPlan>()) return "Filter " + plan_text(*kind->condition);
  if (const auto* kind = node.as<WatermarkPlan>())
    return fmt::format("EventTimeWatermark {}, {} ms", named_text(node, kind->event_time),
                       kind->delay_millis);
  if (const auto* kind = node.as<TimeWindowPlan>())
    return fmt::format("TimeWindow {}, {} us every {} us AS {}", plan_text(*kind->time),
                       kind->size_micros, kind->slide_micros, attribute_text(node.output.back()));
  if (const auto* kind = node.as<SessionWindowPlan>())
    return fmt::format("SessionWindow {}, {} AS {}", plan_text(*kind->time), plan_text(*kind->gap),
                       attribute_text(node.output.back()));
  if (const auto* kind = node.as<SortPlan>())
    return fmt::format("Sort [{}], {}", joined(kind->keys, sort_text), kind->is_global);
  if (const auto* kind = node.as<LimitPlan>())
    return (kind->limit ? fmt::format("GlobalLimit {}", *kind->limit) : std::string("Offset")) +
           (kind->offset > 0 ? fmt::format(" offset {}", kind->offset) : "");
  if (const auto* kind = node.as<DeduplicatePlan>())
    return fmt::format("{} [{}]",
                       kind->is_within_watermark ? "DeduplicateWithinWatermark" : "Deduplicate",
                       ids_text(node, kind->keys));
  if (const auto* kind = node.as<RepartitionPlan>())
    return fmt::format("Repartition {}", kind->count);
  if (const auto* kind = node.as<SamplePlan>()) return fmt::format("Sample {}", kind->fraction);
  if (node.as<CachePlan>()) return "Cache";
  if (const auto* kind = node.as<ExpandPlan>())
    return fmt::format(
        "Expand [{}], [{}]",
        joined(kind->projections, [](const auto& row) { return "[" + arguments_text(row) + "]"; }),
        joined(node.output, attribute_text));
  return "ScalarSubquery";
}

std::string node_text(const ResolvedPlan& node) {
  if (const auto* scan = node.as<ScanPlan>())
    return fmt::format("{} {}[{}]", node.is_streaming ? "StreamingRelation" : "Relation",
                       scan->source->description(), joined(node.output, attribute_text));
  if (const auto* rows = node.as<RowsPlan>())
    return fmt::format("LocalRelation [{}], {} rows", joined(node.output, attribute_text),
                       rows->rows.size());
  if (const auto* kind = node.as<ProjectPlan>()) return project_text(node, *kind);
  if (const auto* kind = node.as<AggregatePlan>()) return aggregate_text(node, *kind);
  if (const auto* kind = node.as<WindowPlan>()) return window_text(*kind);
  if (const auto* kind = node.as<GeneratePlan>()) return generate_text(node, *kind);
  if (const auto* join = node.as<JoinPlan>())
    return fmt::format("Join {}{}", join_text(join->kind),
                       join->condition ? ", " + plan_text(*join->condition) : "");
  if (node.as<UnionPlan>()) return "Union";
  if (const auto* set = node.as<SetPlan>())
    return fmt::format("{}{}", set->is_except ? "Except" : "Intersect", set->is_all ? " All" : "");
  if (const auto* typed = node.as<TypedOperatorPlan>())
    return fmt::format("Typed {} [{}]", typed->op->name, joined(node.output, attribute_text));
  if (const auto* late = node.as<LateRowsPlan>())
    return fmt::format("LateRows {} of input {}", plan_text(*late->time), late->input);
  if (const auto* bad = node.as<BadRecordsPlan>())
    return fmt::format("BadRecords {}", bad->source->description());
  return unary_text(node);
}

/// `first` stands before the node's line, `rest` before the lines of what is below it.
void append_tree(const ResolvedPlan& node, const std::string& first, const std::string& rest,
                 std::string& text) {
  text += first + node_text(node) + "\n";
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const bool is_last = i + 1 == node.inputs.size();
    append_tree(*node.inputs[i], rest + (is_last ? "+- " : ":- "), rest + (is_last ? "   " : ":  "),
                text);
  }
}

}  // namespace

std::string plan_text(const TypedExpression& expression) {
  if (const auto* column = expression.as<AttributeReference>())
    return fmt::format("{}#{}", column->name, column->id);
  if (const auto* column = expression.as<InputColumn>())
    return fmt::format("input[{}]", column->index);
  if (const auto* constant = expression.as<Constant>())
    return literal_text({constant->value, expression.type});
  if (const auto* call = expression.as<FunctionCall>()) return function_text(*call);
  if (const auto* call = expression.as<LazyCall>()) return lazy_text(*call);
  return "lambda(" + plan_text(*expression.as<LambdaFunction>()->body) + ")";
}

std::string plan_text(const PlanRef& plan) {
  std::string text;
  append_tree(*plan, "", "", text);
  return text;
}

}  // namespace stream
