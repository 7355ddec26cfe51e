// Typed operators: columns become the fields of a record, by name, with casts that lose nothing.
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/plans/analysis.hpp>
#include <libstream/plans/join_conditions.hpp>
#include <libstream/plans/typed_operator.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

Result<TypedExpr> up_cast(TypedExpr value, const Field& field, std::string_view what) {
  if (value->type == field.type) return value;
  const std::optional<DataType> common = common_type(value->type, field.type, false);
  const bool loses = !common || !(*common == field.type) || value->type.kind == TypeKind::timestamp;
  if (loses)
    return analysis_error(
        "CANNOT_UP_CAST_DATATYPE",
        fmt::format("Cannot up cast {} from \"{}\" to \"{}\". The field is `{}`: change its type, "
                    "or cast the column.",
                    what, value->type.to_string(), field.type.to_string(), field.name));
  return cast_expression(std::move(value), field.type, CastMode::ansi);
}

}  // namespace

Result<PlanRef> Analysis::analyze_typed(const TypedOperatorRelation& typed,
                                        const EnvironmentRef& environment) {
  const TypedOperator& op = *typed.op;
  STREAM_TRY(PlanRef input, analyze(typed.input, environment));
  input = without_hidden(input);
  ExpressionResolver resolver(catalog_, input->output);
  std::vector<TypedExpr> expressions;
  Attributes columns;
  const auto add = [&](TypedExpr value, const Field& field, std::string_view what) -> Result<void> {
    const auto* reference = value->as<AttributeReference>();
    const Attribute* from = reference ? find_attribute(input->output, reference->id) : nullptr;
    Attribute column = new_attribute(field.name, field.type, value->is_nullable);
    if (from && value->type == field.type) column.event_time = from->event_time;
    STREAM_TRY(TypedExpr cast, up_cast(std::move(value), field, what));
    expressions.push_back(std::move(cast));
    columns.push_back(std::move(column));
    return {};
  };
  const std::size_t num_fields = op.record.num_fields();
  if (op.is_by_position && input->output.size() != num_fields)
    return analysis_error("UNSUPPORTED_DESERIALIZER.FIELD_NUMBER_MISMATCH",
                          fmt::format("{}: the record has {} fields, but the frame has {} columns.",
                                      op.name, num_fields, input->output.size()));
  for (std::size_t i = 0; i < num_fields; ++i) {
    const Field& field = op.record.fields[i];
    TypedExpr value;
    if (op.is_by_position) {
      value = reference_to(input->output[i]);
    } else {
      STREAM_TRY(value, resolver.resolve(make_column(field.name)));
    }
    STREAM_TRY(add(std::move(value), field, field.name));
  }
  if (op.keys.size() != op.key.num_fields())
    return bad_plan(fmt::format("{}: {} grouping columns, but the key has {} fields", op.name,
                                op.keys.size(), op.key.num_fields()));
  for (std::size_t i = 0; i < op.keys.size(); ++i) {
    STREAM_TRY(TypedExpr value, resolver.resolve(make_column(op.keys[i])));
    STREAM_TRY(add(std::move(value), op.key.fields[i], op.keys[i]));
  }
  // Time-outs and late rows need the event time, whether the record has it or not.
  const Attribute* event_time = event_time_attribute(input->output);
  if (event_time && !op.keys.empty() && !event_time_attribute(columns)) {
    expressions.push_back(reference_to(*event_time));
    columns.push_back(new_attribute(event_time->name, event_time->type, event_time->is_nullable));
    columns.back().event_time = event_time->event_time;
  }
  const PlanRef records = make_plan(ProjectPlan{std::move(expressions)}, {input}, columns);
  Attributes output;
  for (const Field& field : op.output->fields)
    output.push_back(new_attribute(field.name, field.type, field.is_nullable));
  if (const auto* processor = std::get_if<TypedProcessor>(&op.function);
      processor && !processor->event_time.empty()) {
    bool is_there = false;
    for (Attribute& column : output) {
      if (column.name != processor->event_time) continue;
      is_there = true;
      column.event_time = EventTimeMark{};
    }
    if (!is_there)
      return bad_plan(fmt::format("{}: the output has no column {} to be its event time", op.name,
                                  processor->event_time));
  }
  return make_plan(TypedOperatorPlan{typed.op}, {records}, std::move(output));
}

}  // namespace stream
