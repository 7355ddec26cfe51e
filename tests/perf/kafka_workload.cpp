#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <libstream/connectors/kafka/kafka_handles.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/sql_query.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{300'000};
constexpr int kWaitMillis = 30'000;
constexpr std::size_t kRecordBytes = 100;

using Client = KafkaPtr<rd_kafka_s>;

Result<Client> make_client(rd_kafka_type_t type, const std::string& servers,
                           std::initializer_list<std::pair<const char*, const char*>> more) {
  std::array<char, 512> reason{};
  KafkaPtr<rd_kafka_conf_s> conf(rd_kafka_conf_new());
  rd_kafka_conf_set(conf.get(), "bootstrap.servers", servers.c_str(), nullptr, 0);
  for (const auto& [name, value] : more) rd_kafka_conf_set(conf.get(), name, value, nullptr, 0);
  Client client(rd_kafka_new(type, conf.get(), reason.data(), reason.size()));
  if (!client) return fatal(reason.data());
  conf.release();
  return client;
}

/// The records of the topic's one partition, made on first use.
Result<void> fill_topic(const std::string& servers, const std::string& name,
                        std::int64_t num_rows) {
  STREAM_TRY(const Client client,
             make_client(RD_KAFKA_PRODUCER, servers,
                         {{"linger.ms", "20"}, {"queue.buffering.max.messages", "1000000"}}));
  std::int64_t low = 0;
  std::int64_t high = 0;
  rd_kafka_query_watermark_offsets(client.get(), name.c_str(), 0, &low, &high, kWaitMillis);
  if (high == num_rows) return {};
  if (high > 0) return fatal(fmt::format("topic {} has {} records: delete it", name, high));
  const KafkaPtr<rd_kafka_topic_s> topic(rd_kafka_topic_new(client.get(), name.c_str(), nullptr));
  std::string record(kRecordBytes, 'x');
  for (std::int64_t i = 0; i < num_rows; ++i) {
    fmt::format_to_n(record.data(), 20, "{:020}", i);
    while (rd_kafka_produce(topic.get(), 0, RD_KAFKA_MSG_F_COPY, record.data(), record.size(),
                            nullptr, 0, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return fatal(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(client.get(), 100);
    }
  }
  if (rd_kafka_flush(client.get(), kWaitMillis) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fatal("the records were not taken in time");
  return {};
}

/// The library's own batches, counted and given back.
Result<Work> read_by_hand(const std::string& servers, const std::string& name,
                          std::int64_t num_rows) {
  STREAM_TRY(const Client client, make_client(RD_KAFKA_CONSUMER, servers, {}));
  const KafkaPtr<rd_kafka_topic_s> topic(rd_kafka_topic_new(client.get(), name.c_str(), nullptr));
  const KafkaPtr<rd_kafka_queue_s> queue(rd_kafka_queue_new(client.get()));
  const Stopwatch watch;
  if (rd_kafka_consume_start_queue(topic.get(), 0, 0, queue.get()) != 0)
    return fatal(rd_kafka_err2str(rd_kafka_last_error()));
  std::vector<rd_kafka_message_t*> messages(4096);
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  while (rows < num_rows) {
    const ssize_t count =
        rd_kafka_consume_batch_queue(queue.get(), 1000, messages.data(), messages.size());
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++rows;
        bytes += static_cast<std::int64_t>(message->len);
      }
      rd_kafka_message_destroy(message);
    }
    if (watch.seconds() * 1000 > static_cast<double>(kTimeLimit.count()))
      return fatal("the records did not come in time");
  }
  const double seconds = watch.seconds();
  rd_kafka_consume_stop(topic.get(), 0);
  return Work{seconds, rows, fmt::format("{} rows {} bytes", rows, bytes)};
}

/// `text` reads all values, or none and counts the rows.
Result<Work> read_by_query(const std::string& servers, const std::string& name, RunnerKind runner,
                           const std::string& text) {
  const Stopwatch watch;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  SqlQuery query;
  STREAM_TRY(query.source, make_kafka_source({{"kafka.bootstrap.servers", servers},
                                              {"subscribe", name},
                                              {"startingOffsets", "earliest"}},
                                             true));
  query.view = "SELECT timestamp AS time FROM events";
  query.text = text;
  query.runner = runner;
  query.sink = fold_sink([&](const Batch& batch) {
    rows += static_cast<std::int64_t>(batch.num_rows());
    for (std::size_t row = 0; row < batch.num_rows(); ++row)
      bytes += static_cast<std::int64_t>(batch.column(0).string_at(row).size());
  });
  STREAM_TRY(run_to_end(query));
  return Work{watch.seconds(), rows, fmt::format("{} rows {} bytes", rows, bytes)};
}

}  // namespace

void run_kafka_read(const BenchOptions& options, const Print& print) {
  const std::string& servers = options.kafka;
  if (servers.empty()) {
    Line line;
    line.workload = "kafka-read";
    line.ratio = "skipped: give --kafka HOST:PORT";
    return print(line);
  }
  const std::int64_t num_rows = options.is_quick ? 1'000'000 : 5'000'000;
  const std::string name = fmt::format("libstream-bench-{}", num_rows);
  // In a child: the client's threads must not live in the process that forks.
  const Measured filled = measure(
      [&]() -> Result<Work> {
        const Stopwatch watch;
        STREAM_TRY(fill_topic(servers, name, num_rows));
        return Work{watch.seconds(), num_rows, {}};
      },
      kTimeLimit);
  if (!filled.is_ok()) return print(failed_line("kafka-read", filled.error));
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    const std::string line = fmt::format("kafka-read {}", to_string(kind));
    const Comparison comparison = compare_notes(
        compare([&](int) { return read_by_query(servers, name, kind, "SELECT value FROM events"); },
                [&](int) { return read_by_hand(servers, name, num_rows); }, num_pairs(options),
                kTimeLimit));
    print_pairs(line, comparison, print);
    if (comparison.is_ok())
      print(line_of(line + " rate", median_run(comparison.first),
                    in_words(comparison.ratio_of_rates(), "x the client library's rate")));
  }
}

}  // namespace stream::perf
