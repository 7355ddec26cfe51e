#include <libstream/connectors/kafka/kafka_sink_options.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

const OptionTable<KafkaSinkOptions>& option_table() {
  using Options = KafkaSinkOptions;
  static const OptionTable<Options> table = {
      {{"topic", "", "", "topic of all rows; without it each row's column `topic` says it"},
       [](Options& o, const std::string& v) -> Result<void> {
         if (v.empty()) return bad_option("is empty: name a topic");
         o.topic = v;
         return {};
       }},
      {{"includeHeaders", "", "true", "whether a column `headers` is written"},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.writes_headers, option_flag(v));
         return {};
       }},
      {{"delivery", "", "exactly_once",
        "exactly_once: a transaction an epoch and task; at_least_once (bounded: the default)"},
       [](Options& o, const std::string& v) -> Result<void> {
         if (v == "exactly_once") {
           o.delivery = KafkaDelivery::exactly_once;
         } else if (v == "at_least_once") {
           o.delivery = KafkaDelivery::at_least_once;
         } else {
           return bad_option(fmt::format("'{}': write exactly_once or at_least_once", v));
         }
         return {};
       }},
  };
  return table;
}

bool is_bytes(const DataType& type) {
  return type.kind == TypeKind::string || type.kind == TypeKind::binary;
}

bool is_headers(const DataType& type) {
  if (type.kind != TypeKind::array || type.children.size() != 1) return false;
  const DataType& entry = type.children.front().type;
  return entry.kind == TypeKind::structure && entry.children.size() == 2 &&
         entry.children[0].type.kind == TypeKind::string && is_bytes(entry.children[1].type);
}

Error wrong_type(std::string_view column, std::string_view wanted, const DataType& type) {
  return bad_plan(
      fmt::format("{} attribute type must be a {}, not {}", column, wanted, type.to_string()));
}

}  // namespace

std::vector<OptionText> kafka_sink_option_texts() { return texts_of(option_table()); }

Result<KafkaSinkOptions> parse_kafka_sink_options(OptionMap options) {
  KafkaSinkOptions parsed;
  std::vector<Error> errors;
  if (auto properties = take_kafka_properties(options, KafkaRole::producer)) {
    parsed.properties = std::move(*properties);
  } else {
    errors.push_back(std::move(properties).error());
  }
  if (auto read = read_options(option_table(), options, parsed); !read)
    errors.push_back(std::move(read).error());
  if (auto known = refuse_unknown(options, kafka_sink_option_texts(), "kafka"); !known)
    errors.push_back(std::move(known).error());
  const KafkaProperties& properties = parsed.properties;
  const std::string_view acks = properties.value("acks").empty()
                                    ? properties.value("request.required.acks")
                                    : properties.value("acks");
  const bool is_exact = parsed.delivery != KafkaDelivery::at_least_once;
  if (is_exact && (acks == "0" || acks == "1"))
    errors.push_back(bad_option(fmt::format(
        "kafka.acks={} may lose rows that were confirmed: leave it out, or set delivery to "
        "at_least_once",
        acks)));
  if (is_exact && properties.value("enable.idempotence") == "false")
    errors.push_back(bad_option(
        "kafka.enable.idempotence=false: delivery exactly_once needs it; leave it out, or "
        "set delivery to at_least_once"));
  if (errors.empty()) return parsed;
  return join_errors(errors);
}

Result<KafkaSinkColumns> find_kafka_columns(const Schema& schema, const KafkaSinkOptions& options) {
  KafkaSinkColumns columns;
  std::optional<std::size_t> value;
  std::vector<Error> errors;
  for (std::size_t i = 0; i < schema.num_fields(); ++i) {
    const std::string& name = schema.fields[i].name;
    const DataType& type = schema.fields[i].type;
    if (name == "value") {
      value = i;
      if (!is_bytes(type)) errors.push_back(wrong_type(name, "STRING or BINARY", type));
    } else if (name == "key") {
      columns.key = i;
      if (!is_bytes(type)) errors.push_back(wrong_type(name, "STRING or BINARY", type));
    } else if (name == "topic" && options.topic.empty()) {
      columns.topic = i;
      if (type.kind != TypeKind::string) errors.push_back(wrong_type(name, "STRING", type));
    } else if (name == "partition") {
      columns.partition = i;
      if (type.kind != TypeKind::int32) errors.push_back(wrong_type(name, "INT", type));
    } else if (name == "headers" && options.writes_headers) {
      columns.headers = i;
      if (!is_headers(type))
        errors.push_back(wrong_type(name, "ARRAY<STRUCT<key: STRING, value: BINARY>>", type));
    }
  }
  if (!value)
    errors.push_back(
        bad_plan(fmt::format("Required attribute 'value' not found in ({})", schema.to_string())));
  if (options.topic.empty() && !columns.topic)
    errors.push_back(
        bad_plan("topic option required when no 'topic' attribute is present. Use the topic option "
                 "for setting a topic."));
  if (!errors.empty()) return join_errors(errors);
  columns.value = *value;
  return columns;
}

}  // namespace stream
