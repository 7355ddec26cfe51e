// The query of W8: rows (time, key, value) go by their key to tasks that tally them.
#pragma once

#include <actors/node.hpp>
#include <tests/perf/key_tally.hpp>

namespace stream::perf {

/// Reads `batches_per_epoch` each epoch; its trigger and the rest of its options are the caller's.
Result<PlannedQuery> plan_shuffle(const std::vector<Batch>& batches, std::size_t batches_per_epoch,
                                  std::uint32_t parallelism, std::shared_ptr<KeyTally> tally);

}  // namespace stream::perf
