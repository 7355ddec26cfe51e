// Stands in for kafka_workload.cpp where the client library is left out.
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <tests/perf/workloads.hpp>

namespace stream::perf {

void run_kafka_read(const BenchOptions&, const Print& print) {
  Line line;
  line.workload = "kafka-read";
  line.ratio = "skipped: " + std::string(kafka_absence());
  print(line);
}

}  // namespace stream::perf
