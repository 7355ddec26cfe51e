// What the rest of the engine knows of Kafka: whether this build has it, and its source and sink
// by their options. Used by api; the thread that builds the plan.
#pragma once

#include <string_view>

namespace stream {

/// "" where this build has Kafka, else why not and what to install.
std::string_view kafka_absence();

}  // namespace stream
