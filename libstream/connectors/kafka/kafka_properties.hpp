// The client's own configuration as users give it: every option that begins with "kafka." is passed
// to the client without the prefix, but for those that the engine decides. Pure; used by source and
// sink, on the thread that builds the plan.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/formats/format_options.hpp>

#include <map>
#include <string>
#include <string_view>

namespace stream {

enum class KafkaRole { consumer, producer };

struct KafkaProperties {
  std::map<std::string, std::string> values;  ///< by the client's names, in lower case
  /// How long a request may go unanswered (default.api.timeout.ms, max.block.ms).
  Duration request_timeout = std::chrono::seconds(20);

  /// "" where it is not set.
  std::string_view value(std::string_view name) const;
  std::string_view servers() const { return value("bootstrap.servers"); }
};

/// Takes all `kafka.` options out of `options`. Refuses, all at once: no kafka.bootstrap.servers,
/// what the engine decides itself (with Spark's texts), and names that only Java's client has.
Result<KafkaProperties> take_kafka_properties(OptionMap& options, KafkaRole role);

/// True for properties whose values must never be shown.
bool is_kafka_secret(std::string_view property);

}  // namespace stream
