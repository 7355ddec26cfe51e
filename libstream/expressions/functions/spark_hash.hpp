// Spark's xxhash64 of a value, on which approx_count_distinct rests. Pure function, any thread.
#pragma once

#include <libstream/data/batch.hpp>

namespace stream {

/// The hash of row `row`, chained on `seed`; NULL leaves the seed as it is.
std::uint64_t spark_xxhash64(const Column& column, std::size_t row, std::uint64_t seed);

}  // namespace stream
