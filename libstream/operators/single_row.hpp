// Passes the one row of a scalar subquery; several are an error. Runs as a single task.
#pragma once

#include <libstream/operators/operator.hpp>

namespace stream {

/// Error [SCALAR_SUBQUERY_TOO_MANY_ROWS]: a second row in an epoch.
OperatorFactory make_single_row();

}  // namespace stream
