// What the rest of the engine knows of Kafka: whether this build has it, its source and its
// sink by their options. Used by api; the thread that builds the plan.
#pragma once

#include <libstream/connectors/sink.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/formats/format_options.hpp>

#include <memory>
#include <string_view>

namespace stream {

/// "" where this build has Kafka, else why not and what to install.
std::string_view kafka_absence();

/// Topics as rows. Errors are those of parse_kafka_source_options, or kafka_absence.
Result<std::shared_ptr<const Source>> make_kafka_source(OptionMap options, bool is_streaming);

/// A stream of topics whose rows have the fields of `schema`: those of the source by their names,
/// key and value as BINARY or STRING. For typed programs.
Result<std::shared_ptr<const Source>> make_typed_kafka_source(OptionMap options,
                                                              const Schema& schema);

/// Rows as records. Exactly once is the default of streams, at least once of bounded writes.
Result<std::shared_ptr<const Sink>> make_kafka_sink(OptionMap options, bool is_streaming);

}  // namespace stream
