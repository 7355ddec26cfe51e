// Stands in for the kafka workloads where the client library is left out.
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <tests/perf/workloads.hpp>

namespace stream::perf {
namespace {

void skip(const std::string& name, const Print& print) {
  Line line;
  line.workload = name;
  line.ratio = "skipped: " + std::string(kafka_absence());
  print(line);
}

}  // namespace

void run_kafka_read(const BenchOptions&, const Print& print) { skip("kafka-read", print); }
void run_kafka_write(const BenchOptions&, const Print& print) { skip("kafka-write", print); }
void run_kafka_exactly_once(const BenchOptions&, const Print& print) {
  skip("kafka-exactly-once", print);
}

}  // namespace stream::perf
