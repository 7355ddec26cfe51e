// The parts of W8 beside the shuffle: what a cluster adds to a query. Used by the shuffle workload.
#pragma once

#include <tests/perf/workloads.hpp>

namespace stream::perf {

/// Frames of batches between two processes, against payloads of 1 MiB by CAF alone.
void measure_channel(const BenchOptions& options, const Print& print);
/// Empty epochs with tasks on 2, 4 and 8 nodes.
void measure_node_epochs(const BenchOptions& options, const Print& print);
/// How long a query of 100 MB of state stands still to go from 2 tasks to 4.
void measure_rescale(const BenchOptions& options, const Print& print);
/// What the coordinator and the leader do in an epoch and in a heartbeat of 100 and 1,000 nodes.
void measure_control_loop(const BenchOptions& options, const Print& print);

}  // namespace stream::perf
