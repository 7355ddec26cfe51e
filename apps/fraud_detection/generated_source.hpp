// A source of generated records with the columns of Kafka's that the program reads: `value` and
// `timestamp`, the arrival. Replayable: offsets are record numbers. An example of a source of a
// program's own.
#pragma once

#include <libstream/connectors/source.hpp>

#include <functional>
#include <limits>

namespace stream::apps {

struct GeneratedRecords {
  std::string name;
  std::function<void(std::uint64_t index, std::string& out)> append;
  std::function<EpochMillis(std::uint64_t index)> arrival;
  std::int64_t total = std::numeric_limits<std::int64_t>::max();
  std::int64_t per_second = 0;  ///< by the clock; 0: as fast as they are read
  std::int64_t per_epoch = 100'000;
};

std::shared_ptr<const Source> generated_source(GeneratedRecords records);

}  // namespace stream::apps
