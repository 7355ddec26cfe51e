// window(length, slide) over batch time: at every slide the rows of the last `length`
// intervals. Works on batches of any schema.
#pragma once

#include <libstream/operators/operator.hpp>

namespace stream {

/// Lengths in batch intervals; slide divides into the intervals at which windows end.
OperatorFactory make_window(std::int64_t length, std::int64_t slide);

}  // namespace stream
