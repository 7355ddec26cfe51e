#include <libstream/expressions/evaluate.hpp>
#include <libstream/plans/join_conditions.hpp>
#include <libstream/plans/window_expressions.hpp>

#include <algorithm>
#include <limits>

namespace stream {
namespace {

bool reads_only(const TypedExpression& expression, const Attributes& attributes) {
  std::vector<AttributeId> ids;
  collect_attributes(expression, ids);
  return std::all_of(ids.begin(), ids.end(),
                     [&](AttributeId id) { return find_attribute(attributes, id) != nullptr; });
}

bool reads_nothing(const TypedExpression& expression) {
  std::vector<AttributeId> ids;
  collect_attributes(expression, ids);
  return ids.empty();
}

/// A time as attribute + constant.
struct LinearTime {
  AttributeId attribute = 0;
  std::int64_t micros = 0;
};

std::optional<std::int64_t> constant_micros(const TypedExpression& expression) {
  if (!is_foldable(expression)) return std::nullopt;
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const Result<Value> value = fold(expression, context);
  if (!value || value->is_null()) return std::nullopt;
  if (expression.type.kind == TypeKind::day_time_interval) return value->as<std::int64_t>();
  if (expression.type.kind == TypeKind::calendar_interval) {
    const auto& interval = value->as<CalendarInterval>();
    if (interval.months != 0) return std::nullopt;
    return std::int64_t{interval.days} * 86'400'000'000 + interval.micros;
  }
  return std::nullopt;
}

std::optional<LinearTime> linear_time(const TypedExpression& expression) {
  if (const auto* reference = expression.as<AttributeReference>())
    return LinearTime{reference->id, 0};
  const auto* call = expression.as<FunctionCall>();
  if (!call) return std::nullopt;
  if (call->arguments.size() == 1 && call->name == "cast") return linear_time(*call->arguments[0]);
  if (call->arguments.size() != 2 || (call->name != "+" && call->name != "-")) return std::nullopt;
  const auto shift = constant_micros(*call->arguments[1]);
  if (shift) {
    auto base = linear_time(*call->arguments[0]);
    if (!base) return std::nullopt;
    base->micros += call->name == "+" ? *shift : -*shift;
    return base;
  }
  const auto front = constant_micros(*call->arguments[0]);
  if (!front || call->name != "+") return std::nullopt;
  auto base = linear_time(*call->arguments[1]);
  if (base) base->micros += *front;
  return base;
}

/// constant < column over integers of one side. Spark takes it for a bound on the side's time, at
/// that many microseconds since 1970: such a side's rows are in effect never forgotten.
bool is_taken_for_time(const TypedExpression& lower, const TypedExpression& upper,
                       const Attributes& side) {
  const auto* column = upper.as<AttributeReference>();
  return column && is_integral(upper.type.kind) && find_attribute(side, column->id) &&
         is_integral(lower.type.kind) && is_foldable(lower);
}

/// The floor of micros in millis.
std::int64_t floor_millis(std::int64_t micros) {
  return micros / 1000 - (micros % 1000 < 0 ? 1 : 0);
}

/// From `lower (<|<=) upper`, where the upper time is of `side` and the lower of the other side:
/// how far the side's rows are bounded from below.
std::optional<std::int64_t> bound_of(const TypedExpression& lower, const TypedExpression& upper,
                                     bool is_strict, const Attributes& side,
                                     const Attributes& other, AttributeId& column) {
  const auto low = linear_time(lower);
  const auto high = linear_time(upper);
  if (!low || !high) return std::nullopt;
  const Attribute* of_side = find_attribute(side, high->attribute);
  const Attribute* of_other = find_attribute(other, low->attribute);
  if (!of_side || !of_other || !of_other->event_time) return std::nullopt;
  // other + a < side + b, and other >= watermark: side > watermark + a − b.
  column = of_side->id;
  const std::int64_t millis = floor_millis(low->micros - high->micros);
  return is_strict ? millis : millis - 1;
}

}  // namespace

JoinConditions split_join_condition(const TypedExpr& condition, const Attributes& left,
                                    const Attributes& right) {
  JoinConditions parts;
  for (const TypedExpr& part : split_conjuncts(condition)) {
    const auto* call = part->as<FunctionCall>();
    if (call && call->arguments.size() == 2 &&
        (call->name == "=" || call->name == "==" || call->name == "<=>")) {
      const TypedExpr& a = call->arguments[0];
      const TypedExpr& b = call->arguments[1];
      const bool is_null_safe = call->name == "<=>";
      if (!reads_nothing(*a) && !reads_nothing(*b) && is_deterministic(*part)) {
        if (reads_only(*a, left) && reads_only(*b, right)) {
          parts.keys.push_back({a, b, is_null_safe});
          continue;
        }
        if (reads_only(*a, right) && reads_only(*b, left)) {
          parts.keys.push_back({b, a, is_null_safe});
          continue;
        }
      }
    }
    if (reads_nothing(*part) || !is_deterministic(*part)) {
      parts.rest.push_back(part);
    } else if (reads_only(*part, left)) {
      parts.left_only.push_back(part);
    } else if (reads_only(*part, right)) {
      parts.right_only.push_back(part);
    } else {
      parts.rest.push_back(part);
    }
  }
  return parts;
}

namespace {

/// Some value of the type that is not null.
std::optional<Value> stand_in(const DataType& type) {
  switch (type.kind) {
    case TypeKind::boolean:
      return Value{false};
    case TypeKind::int8:
      return Value{std::int8_t{0}};
    case TypeKind::int16:
      return Value{std::int16_t{0}};
    case TypeKind::int32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return Value{std::int32_t{0}};
    case TypeKind::int64:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return Value{std::int64_t{0}};
    case TypeKind::float32:
      return Value{0.0F};
    case TypeKind::float64:
      return Value{0.0};
    case TypeKind::decimal:
      return Value{Int128{0}};
    case TypeKind::string:
    case TypeKind::binary:
      return Value{std::string()};
    case TypeKind::structure: {
      ValueList fields;
      for (const Field& field : type.children) {
        std::optional<Value> value = stand_in(field.type);
        if (!value) return std::nullopt;
        fields.push_back(std::move(*value));
      }
      return Value{std::move(fields)};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

void make_null_safe_keys_plain(JoinConditions& parts) {
  std::vector<EquiKey> keys;
  for (EquiKey& key : parts.keys) {
    const std::optional<Value> value = key.is_null_safe ? stand_in(key.left->type) : std::nullopt;
    if (!value) {
      keys.push_back(std::move(key));
      continue;
    }
    const auto filled = [&](const TypedExpr& side) {
      return make_typed(
          side->type, false,
          LazyCall{LazyCall::Kind::coalesce, {side, make_constant(*value, side->type)}});
    };
    keys.push_back({filled(key.left), filled(key.right), false});
    keys.push_back({is_not_null(key.left), is_not_null(key.right), false});
  }
  parts.keys = std::move(keys);
}

const Attribute* event_time_attribute(const Attributes& attributes) {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [](const Attribute& a) { return a.event_time.has_value(); });
  return found == attributes.end() ? nullptr : &*found;
}

std::optional<TimeBound> time_bound(const TypedExpr& condition, const JoinConditions& parts,
                                    const Attributes& side, const Attributes& other, bool is_left) {
  const auto is_marked = [](const TypedExpr& key, const Attributes& attributes) {
    const auto* reference = key->as<AttributeReference>();
    const Attribute* attribute = reference ? find_attribute(attributes, reference->id) : nullptr;
    return attribute && attribute->event_time;
  };
  // A watermark on a key of either side bounds both.
  for (std::size_t i = 0; i < parts.keys.size(); ++i) {
    const TypedExpr& own = is_left ? parts.keys[i].left : parts.keys[i].right;
    const TypedExpr& others = is_left ? parts.keys[i].right : parts.keys[i].left;
    if (is_marked(own, side) || is_marked(others, other)) return TimeBound{own, true, i, 0};
  }
  std::optional<TimeBound> tightest;
  bool is_held = false;
  for (const TypedExpr& part : split_conjuncts(condition)) {
    const auto* call = part->as<FunctionCall>();
    if (!call || call->arguments.size() != 2) continue;
    const std::string& name = call->name;
    const bool is_less = name == "<" || name == "<=";
    if (!is_less && name != ">" && name != ">=") continue;
    const TypedExpr& lower = call->arguments[is_less ? 0 : 1];
    const TypedExpr& upper = call->arguments[is_less ? 1 : 0];
    if (is_taken_for_time(*lower, *upper, side)) is_held = true;
    AttributeId column = 0;
    const auto offset = bound_of(*lower, *upper, name == "<" || name == ">", side, other, column);
    if (!offset) continue;
    // Spark takes the smallest of several.
    if (!tightest || *offset < tightest->offset_millis)
      tightest = TimeBound{reference_to(*find_attribute(side, column)), false, 0, *offset};
  }
  if (tightest && is_held) tightest->offset_millis = TimeBound::kNever;
  return tightest;
}

std::optional<TimeBound> kept_bound(const TypedExpr& condition, const JoinConditions& parts,
                                    const Attributes& side, const Attributes& other, bool is_left) {
  std::optional<TimeBound> bound = time_bound(condition, parts, side, other, is_left);
  if (!bound || bound->is_key) return bound;
  const Attribute* own = find_attribute(side, bound->column->as<AttributeReference>()->id);
  return own->event_time ? bound : std::nullopt;
}

}  // namespace stream
