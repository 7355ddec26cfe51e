// A sink that counts rows and takes only so many a second, as a slow device does. Used by the
// back-pressure workload; blocks its task.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <atomic>
#include <memory>

namespace stream::perf {

/// `rows_per_second` is of each task; 0: as fast as they come. `num_rows` counts over all tasks.
std::shared_ptr<const Sink> slow_sink(double rows_per_second,
                                      std::shared_ptr<std::atomic<std::int64_t>> num_rows);

}  // namespace stream::perf
