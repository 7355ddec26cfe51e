// Asks a broker for the marker of a sink task: the epoch that its last committed transaction
// brought in. Used by the sink's writers as they start, on the task's thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/connectors/kafka/kafka_properties.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace stream {

/// The marker that KafkaProducer::mark left in `group`; nullopt: none. `topic` empty: looks at all.
/// Waits, within the request time-out, for a transaction that is just being ended. A broker that
/// was killed may call the offset unstable for ever: after two seconds `clear` is to end that.
Result<std::optional<std::int64_t>> read_kafka_marker(const KafkaProperties& properties,
                                                      const std::string& group,
                                                      const std::string& topic,
                                                      const std::function<Result<void>()>& clear);

}  // namespace stream
