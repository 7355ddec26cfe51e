#include <libstream/base/ascii.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/plans/select_resolver.hpp>
#include <libstream/plans/time_windows.hpp>

#include <fmt/format.h>
#include <strings.h>

namespace stream {
namespace {

DataType window_type(const DataType& time) {
  return struct_of({{"start", time, true}, {"end", time, true}});
}

bool is_window_struct(const DataType& type) {
  return type.kind == TypeKind::structure && type.children.size() == 2 &&
         type.children[0].name == "start" && type.children[1].name == "end" &&
         (type.children[0].type.kind == TypeKind::timestamp ||
          type.children[0].type.kind == TypeKind::timestamp_ntz);
}

/// The time argument as TIMESTAMP or TIMESTAMP_NTZ; of a window its last moment.
Result<TypedExpr> time_of(BlockResolver& resolver, const Expr& argument,
                          std::string_view function) {
  STREAM_TRY(TypedExpr time, resolver.resolve(argument));
  if (is_window_struct(time->type)) return resolver.resolve(make_call("window_time", {argument}));
  if (time->type.kind == TypeKind::timestamp || time->type.kind == TypeKind::timestamp_ntz)
    return time;
  const Argument described{time->type, true, {}, false, pretty_text(*argument)};
  STREAM_TRY(DataType type, implicit_type(function, {&described, 1}, 0,
                                          primitive(TypeKind::timestamp), SqlSettings{}));
  return cast_expression(std::move(time), std::move(type), CastMode::ansi);
}

Error wrong_window(std::string_view what) {
  return analysis_error("DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION", what);
}

Result<std::int64_t> duration_of(ExpressionResolver& resolver, const Expr& argument,
                                 std::string_view what) {
  STREAM_TRY(const Value value,
             resolver.resolve_constant(argument, primitive(TypeKind::string), what));
  if (value.is_null()) return wrong_window(fmt::format("The {} must not be null.", what));
  return parse_duration_micros(value.as<std::string>(), 0, what);
}

Result<PlanRef> add_fixed_window(Analysis& analysis, const PlanRef& input, const Call& call,
                                 Attribute& window) {
  STREAM_TRY(check_argument_count("window", call.arguments.size(), 2, 4));
  BlockResolver resolver(analysis, input->output);
  TimeWindowPlan plan;
  STREAM_TRY(plan.time, time_of(resolver, call.arguments[0], "window"));
  STREAM_TRY(plan.size_micros, duration_of(resolver, call.arguments[1], "window duration"));
  plan.slide_micros = plan.size_micros;
  if (call.arguments.size() > 2) {
    STREAM_TRY(plan.slide_micros, duration_of(resolver, call.arguments[2], "slide duration"));
  }
  if (call.arguments.size() > 3) {
    STREAM_TRY(plan.start_micros, duration_of(resolver, call.arguments[3], "start time"));
  }
  for (const auto& [micros, what] : {std::pair{plan.size_micros, "window duration"},
                                     std::pair{plan.slide_micros, "slide duration"}}) {
    if (micros <= 0)
      return analysis_error(
          "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
          fmt::format("The {} must be greater than 0, but it is {} microseconds.", what, micros));
  }
  if (plan.slide_micros > plan.size_micros)
    return wrong_window(
        fmt::format("The slide duration ({} microseconds) must be less than or equal to the window "
                    "duration ({} microseconds).",
                    plan.slide_micros, plan.size_micros));
  if (std::abs(plan.start_micros) >= plan.slide_micros)
    return wrong_window(
        "The absolute value of the start time must be less than the slide "
        "duration.");
  window = analysis.new_attribute("window", window_type(plan.time->type), false);
  window.is_hidden = true;
  window.event_time = event_time_of(*plan.time, input->output);
  Attributes output = input->output;
  output.push_back(window);
  return make_plan(std::move(plan), {input}, std::move(output));
}

Result<PlanRef> add_session_window(Analysis& analysis, const PlanRef& input, const Call& call,
                                   Attribute& window) {
  STREAM_TRY(check_argument_count("session_window", call.arguments.size(), 2, 2));
  BlockResolver resolver(analysis, input->output);
  SessionWindowPlan plan;
  STREAM_TRY(plan.time, time_of(resolver, call.arguments[0], "session_window"));
  // A constant gap is checked here; others become intervals row by row.
  if (const auto* literal = call.arguments[1]->as<Literal>();
      literal && literal->type.kind == TypeKind::string) {
    STREAM_TRY(const std::int64_t micros,
               parse_duration_micros(literal->value.as<std::string>(), 0, "gap duration"));
    plan.gap = make_constant({micros}, day_time_interval());
  } else {
    STREAM_TRY(plan.gap, resolver.resolve(call.arguments[1]));
    if (plan.gap->type.kind != TypeKind::day_time_interval) {
      STREAM_TRY(plan.gap, cast_expression(std::move(plan.gap),
                                           primitive(TypeKind::calendar_interval), CastMode::ansi));
    }
  }
  window = analysis.new_attribute("session_window", window_type(plan.time->type), false);
  window.is_hidden = true;
  window.event_time = event_time_of(*plan.time, input->output);
  Attributes output = input->output;
  output.push_back(window);
  return make_plan(std::move(plan), {input}, std::move(output));
}

void append_key(const Expression& expression, std::string& key) {
  if (const auto* call = expression.as<Call>()) {
    key += call_key(*call);
  } else if (const auto* column = expression.as<ColumnName>()) {
    for (const std::string& part : column->parts) {
      key += '.';
      key += ascii_lower(part);
    }
  } else if (const auto* cast = expression.as<Cast>()) {
    append_key(*cast->child, key);
    key += "::" + cast->type.to_string();
  } else {
    key += pretty_text(expression);
  }
}

}  // namespace

std::string call_key(const Call& call) {
  std::string key = ascii_lower(call.name);
  key += '(';
  for (const Expr& argument : call.arguments) {
    append_key(*argument, key);
    key += ',';
  }
  return key + ')';
}

Result<PlanRef> add_time_window(Analysis& analysis, const PlanRef& input, const Call& call,
                                Attribute& window) {
  const bool is_session = strcasecmp(call.name.c_str(), "session_window") == 0;
  return is_session ? add_session_window(analysis, input, call, window)
                    : add_fixed_window(analysis, input, call, window);
}

std::optional<EventTimeMark> event_time_of(const TypedExpression& expression,
                                           const Attributes& input) {
  if (const auto* reference = expression.as<AttributeReference>()) {
    const Attribute* attribute = find_attribute(input, reference->id);
    return attribute ? attribute->event_time : std::nullopt;
  }
  const auto* call = expression.as<FunctionCall>();
  if (call && call->name == "window_time") return event_time_of(*call->arguments[0], input);
  return std::nullopt;
}

Result<std::int64_t> parse_duration_micros(const std::string& text, int month_days,
                                           std::string_view what) {
  Result<CalendarInterval> interval = parse_calendar_interval(text);
  if (!interval) return std::move(interval).error().with_context(what);
  if (interval->months != 0 && month_days == 0)
    return analysis_error(
        "_LEGACY_ERROR_TEMP_3231",
        fmt::format("Intervals greater than a month is not supported ({}).", text));
  const std::int64_t days = std::int64_t{interval->months} * month_days + interval->days;
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(days, std::int64_t{86'400'000'000}, &micros) ||
      __builtin_add_overflow(micros, interval->micros, &micros))
    return analysis_error("INTERVAL_ARITHMETIC_OVERFLOW",
                          fmt::format("{}: {} is too long.", what, text));
  return micros;
}

}  // namespace stream
