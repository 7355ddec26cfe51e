#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/kafka/kafka_client.hpp>
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <libstream/connectors/kafka/kafka_planner.hpp>
#include <libstream/connectors/kafka/kafka_reader.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

class KafkaSource final : public Source {
 public:
  KafkaSource(std::shared_ptr<const KafkaSourceOptions> options, std::vector<RecordField> fields,
              bool is_streaming)
      : options_(std::move(options)), fields_(std::move(fields)), is_streaming_(is_streaming) {}

  std::string description() const override {
    return fmt::format("KafkaV2[{}]", options_->subscription.to_string());
  }
  Schema schema() const override {
    Schema schema;
    for (const RecordField& one : fields_) schema.fields.push_back(one.field);
    return schema;
  }
  bool is_static() const override { return !is_streaming_; }
  bool makes_empty_first_epoch() const override { return is_streaming_; }
  bool may_block() const override { return true; }
  std::shared_ptr<const Source> with_columns(
      const std::vector<std::size_t>& columns) const override {
    std::vector<RecordField> chosen;
    for (const std::size_t column : columns) chosen.push_back(fields_[column]);
    return std::make_shared<KafkaSource>(options_, std::move(chosen), is_streaming_);
  }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    if (!is_streaming_)
      return std::make_unique<KafkaBoundedPlanner>(options_, broker_offsets(*options_));
    return std::make_unique<KafkaStreamPlanner>(options_, broker_offsets(*options_));
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<KafkaReader>(options_, fields_);
  }

 private:
  std::shared_ptr<const KafkaSourceOptions> options_;
  std::vector<RecordField> fields_;
  bool is_streaming_;
};

Result<std::shared_ptr<const KafkaSourceOptions>> checked_options(OptionMap options,
                                                                  bool is_streaming) {
  STREAM_TRY(KafkaSourceOptions parsed,
             parse_kafka_source_options(std::move(options), is_streaming));
  // The client's own properties are wrong or right now, not when the query starts.
  STREAM_TRY(KafkaClient::make(KafkaRole::consumer, parsed.client, {}));
  KafkaReading& reading = parsed.reading;
  if (!reading.group_id_prefix.empty())
    reading.group_id = fmt::format("{}-{}", reading.group_id_prefix, make_unique_id());
  return std::make_shared<const KafkaSourceOptions>(std::move(parsed));
}

}  // namespace

std::string_view kafka_absence() { return {}; }

Result<std::shared_ptr<const Source>> make_kafka_source(OptionMap options, bool is_streaming) {
  STREAM_TRY(auto checked, checked_options(std::move(options), is_streaming));
  std::vector<RecordField> fields = record_fields(checked->has_headers);
  return std::shared_ptr<const Source>(
      std::make_shared<KafkaSource>(std::move(checked), std::move(fields), is_streaming));
}

Result<std::shared_ptr<const Source>> make_typed_kafka_source(OptionMap options,
                                                              const Schema& schema) {
  STREAM_TRY(auto checked, checked_options(std::move(options), true));
  const std::vector<RecordField> all = record_fields(true);
  std::vector<RecordField> chosen;
  for (const Field& field : schema.fields) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const RecordField& one) {
      return one.field.name == field.name;
    });
    if (found == all.end() || value_width(found->field.type.kind) != value_width(field.type.kind))
      return bad_plan(fmt::format("kafka: its records have no {} {}; they have {}", field.name,
                                  field.type.to_string(), kafka_schema(true).to_string()));
    const bool is_left_out = field.name == "headers" && !checked->has_headers;
    chosen.push_back({is_left_out ? kNoHeaders : found->column, field});
  }
  return std::shared_ptr<const Source>(
      std::make_shared<KafkaSource>(std::move(checked), std::move(chosen), true));
}

}  // namespace stream
