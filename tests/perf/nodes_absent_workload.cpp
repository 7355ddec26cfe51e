// Stands in for the workloads on nodes where CAF's network module is left out.
#include <tests/perf/node_workloads.hpp>

namespace stream::perf {

void run_shuffle(const BenchOptions& options, const Print& print) {
  if (options.wants("control")) measure_control_loop(options, print);
  Line line;
  line.workload = "W8";
  line.ratio = "skipped: this build has no nodes; install CAF's io module";
  print(line);
}

}  // namespace stream::perf
