// The query of W8: rows (time, key, value) go by their key to tasks that tally them.
#pragma once

#include <actors/node.hpp>
#include <libstream/connectors/source.hpp>
#include <tests/perf/key_tally.hpp>

namespace stream::perf {

/// Reads `source`; its trigger and the rest of its options are the caller's.
Result<PlannedQuery> plan_shuffle(std::shared_ptr<const Source> source, std::uint32_t parallelism,
                                  std::shared_ptr<KeyTally> tally);

}  // namespace stream::perf
