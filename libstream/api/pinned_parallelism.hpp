// With how many tasks a query starts: as many as asked for, unless its checkpoint has an epoch that
// another number began. Sinks that commit task by task need its rows at the tasks they had before,
// so the query begins with that number and is rescaled when the epoch is committed. Used where
// queries start.
#pragma once

#include <libstream/plans/runner.hpp>

namespace stream {

/// Sets options.parallelism and rescale_to; to be called before the physical plan is made.
Result<void> pin_parallelism(QueryOptions& options);

}  // namespace stream
