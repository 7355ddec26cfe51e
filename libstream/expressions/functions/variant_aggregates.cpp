#include <libstream/expressions/aggregate_function.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/variant_values.hpp>
#include <libstream/expressions/text_options.hpp>
#include <libstream/expressions/type_text.hpp>

namespace stream {

namespace {

/// The common schema of the variants of each group; a state travels as the text of a type.
class VariantSchemas : public Accumulator {
 public:
  void resize(std::size_t num_groups) override { schemas_.resize(num_groups); }

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Operand& values = arguments[0];
    for (std::size_t row = 0; row < groups.size(); ++row) {
      if (groups[row] == kNoGroup || values.is_null(row)) continue;
      document_.parse(values.column.string_at(values.index(row)), strict_json());
      if (document_.is_empty()) continue;
      DataType& schema = schemas_[groups[row]];
      schema = merge_variant_schemas(schema, variant_schema(document_, 0));
    }
    return {};
  }

  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      STREAM_TRY(const DataType other, parse_data_type(state[0].string_at(row)));
      DataType& schema = schemas_[groups[row]];
      schema = merge_variant_schemas(schema, other);
    }
    return {};
  }

  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups)
      builders[0].append_string(sql_type_text(schemas_[group]));
  }

  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups)
      builder.append_string(variant_schema_text(schemas_[group]));
    return {};
  }

  void clear(std::span<const std::uint32_t> groups) override {
    for (const std::uint32_t group : groups) schemas_[group] = DataType();
  }
  std::size_t bytes() const override { return schemas_.capacity() * sizeof(DataType); }

 private:
  std::vector<DataType> schemas_;
  JsonDocument document_;
};

}  // namespace

void add_variant_aggregates(FunctionRegistry& registry) {
  AggregateFunction made;
  made.name = "schema_of_variant_agg";
  made.usage = "schema_of_variant_agg(v) - what is in all of them";
  made.min_arguments = made.max_arguments = 1;
  made.resolve = [](Arguments arguments, const AggregateModifiers&,
                    const SqlSettings&) -> Result<ResolvedAggregate> {
    if (arguments[0].type.kind != TypeKind::variant && arguments[0].type.kind != TypeKind::null)
      return wrong_argument("schema_of_variant_agg", arguments, 0, "the \"VARIANT\" type");
    ResolvedAggregate resolved;
    resolved.parameter_types = {primitive(TypeKind::variant)};
    resolved.type = primitive(TypeKind::string);
    resolved.is_nullable = false;
    resolved.state = {{"schema", primitive(TypeKind::string), false}};
    resolved.make = [] { return std::make_unique<VariantSchemas>(); };
    return resolved;
  };
  registry.add(std::move(made));
}

}  // namespace stream
