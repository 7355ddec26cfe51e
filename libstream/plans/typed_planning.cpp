// Functions of the program over records, with and without state.
#include <libstream/operators/group_state.hpp>
#include <libstream/operators/transform_with_state.hpp>
#include <libstream/plans/planning.hpp>

#include <numeric>

namespace stream {

namespace {

/// The rows without the hash that stands in front of them.
std::vector<Batch> without_hash(const std::vector<Batch>& batches) {
  std::vector<Batch> rows;
  for (const Batch& batch : batches) {
    Schema schema{{batch.schema().fields.begin() + 1, batch.schema().fields.end()}};
    rows.emplace_back(shared(std::move(schema)),
                      std::vector<Column>(batch.columns().begin() + 1, batch.columns().end()),
                      batch.num_rows());
  }
  return rows;
}

/// A processor over rows with a hash in front.
class UnhashedProcessor final : public StatefulProcessor {
 public:
  explicit UnhashedProcessor(std::unique_ptr<StatefulProcessor> inner) : inner_(std::move(inner)) {}
  Result<std::vector<StateVariable>> variables(TimeMode mode) override {
    return inner_->variables(mode);
  }
  Result<void> rows(const Batch& key, const std::vector<Batch>& rows, ProcessorState& state,
                    Output& output) override {
    return inner_->rows(key, without_hash(rows), state, output);
  }
  Result<void> timer(const Batch& key, EpochMillis expiry, ProcessorState& state,
                     Output& output) override {
    return inner_->timer(key, expiry, state, output);
  }

 private:
  std::unique_ptr<StatefulProcessor> inner_;
};

}  // namespace

Result<Planned> RelationalPlanner::typed(const ResolvedPlan& node, const TypedOperator& op) {
  STREAM_TRY(Planned input, plan(node.inputs[0]));
  // Records are read by the places of their columns.
  STREAM_TRY(input, finish(std::move(input), node.inputs[0]->output));
  if (const auto* rows = std::get_if<TypedRowFunction>(&op.function))
    return add(op.name, input, {rows->make}, ids_of(node.output), schema_of(node.output));
  std::vector<std::size_t> keys(op.keys.size());
  std::iota(keys.begin(), keys.end(), op.record.num_fields());
  const Planned hashed = with_hash(input, std::move(keys));
  return std::get_if<TypedGroupFunction>(&op.function) ? group_state(node, op, hashed)
                                                       : processor(node, op, hashed);
}

Planned RelationalPlanner::group_state(const ResolvedPlan& node, const TypedOperator& op,
                                       const Planned& input) {
  const auto& typed = std::get<TypedGroupFunction>(op.function);
  GroupStateSpec spec;
  for (std::size_t i = 0; i < op.keys.size(); ++i)
    spec.keys.push_back(1 + op.record.num_fields() + i);
  spec.key_fields = op.key.fields;
  spec.state_type = typed.state_type;
  spec.timeout = typed.timeout;
  if (node.is_streaming) spec.event_time = event_time_column(node.inputs[0]->output, input.columns);
  spec.has_watermark = spec.event_time.has_value();
  spec.watermark = input.watermark;
  spec.codec = typed.codec;
  spec.make_function = [make = typed.make] { return make(1); };  // behind the hash
  spec.name = op.name;
  spec.schema = op.output;
  const NoDataEpochs no_data = typed.timeout == GroupTimeout::none ? NoDataEpochs::never
                               : typed.timeout == GroupTimeout::processing_time
                                   ? NoDataEpochs::always
                                   : NoDataEpochs::when_watermark_moves;
  Planned made =
      add(op.name, input, {make_group_state(std::move(spec)), Exchange::hash, 0, no_data},
          ids_of(node.output), schema_of(node.output), state_id("groups"));
  // Nothing is known of the times of what a function makes.
  made.watermark = [](EpochMillis) { return EpochMillis{0}; };
  return made;
}

Planned RelationalPlanner::processor(const ResolvedPlan& node, const TypedOperator& op,
                                     const Planned& input) {
  const auto& typed = std::get<TypedProcessor>(op.function);
  TransformWithStateSpec spec;
  for (std::size_t i = 0; i < op.keys.size(); ++i)
    spec.keys.push_back(1 + op.record.num_fields() + i);
  spec.key_fields = op.key.fields;
  spec.mode = typed.mode;
  if (node.is_streaming) spec.event_time = event_time_column(node.inputs[0]->output, input.columns);
  spec.watermark = input.watermark;
  spec.make_processor = [make = typed.make]() -> std::unique_ptr<StatefulProcessor> {
    return std::make_unique<UnhashedProcessor>(make());
  };
  spec.name = op.name;
  spec.schema = op.output;
  for (std::size_t i = 0; i < node.output.size(); ++i) {
    if (node.output[i].event_time) spec.output_event_time = i;
  }
  const NoDataEpochs no_data = typed.mode == TimeMode::none ? NoDataEpochs::never
                               : typed.mode == TimeMode::processing_time
                                   ? NoDataEpochs::always
                                   : NoDataEpochs::when_watermark_moves;
  return add(op.name, input,
             {make_transform_with_state(std::move(spec)), Exchange::hash, 0, no_data},
             ids_of(node.output), schema_of(node.output), state_id("processor"));
}

}  // namespace stream
