// What a sink task makes of the marker that it finds on the broker when it opens: which epochs are
// in already, or why it must not go on. Pure.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace stream {

/// The newest epoch that is in, -1: none; rows of epochs up to it are not written again. `found` is
/// the broker's marker. Error where broker and checkpoint contradict each other.
Result<std::int64_t> judge_kafka_marker(std::optional<std::int64_t> found,
                                        const SinkHistory& history, std::string_view group);

}  // namespace stream
