// Batches that are in memory already, as a stream: so many of them an epoch. What "from memory"
// means in the workloads. Immutable, any thread.
#pragma once

#include <libstream/connectors/source.hpp>

namespace stream::perf {

/// Requires at least one batch.
std::shared_ptr<const Source> batches_source(std::vector<Batch> batches,
                                             std::size_t batches_per_epoch);

}  // namespace stream::perf
