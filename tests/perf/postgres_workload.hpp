// The workload `postgres-write`: rows into a real server. One thread.
#pragma once

#include <tests/perf/workloads.hpp>

namespace stream::perf {

void run_postgres_write(const BenchOptions& options, const Print& print);

}  // namespace stream::perf
