// From what the user wrote (earliest, offsets, a time) to offsets. Used by both planners.
#pragma once

#include <libstream/connectors/kafka/kafka_source_options.hpp>
#include <libstream/connectors/kafka/topic_offsets.hpp>

namespace stream {

enum class LimitSide { start, end };

/// The offsets that a limit means now, in all partitions of the subscription. Errors: a topic that
/// does not exist, partitions that are not all named, no record at a start time.
Result<PartitionOffsets> resolve_limit(TopicOffsets& offsets, const KafkaSourceOptions& options,
                                       LimitSide side);

/// Puts offsets where `partitions` says earliest or latest.
Result<PartitionOffsets> resolve_places(TopicOffsets& offsets, PartitionOffsets partitions);

}  // namespace stream
