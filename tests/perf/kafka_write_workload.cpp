#include <libstream/api/query_start.hpp>
#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <libstream/connectors/kafka/kafka_handles.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/replay_source.hpp>
#include <tests/perf/sql_query.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{300'000};
constexpr int kWaitMillis = 60'000;
constexpr int kSliceMillis = 300;
constexpr std::size_t kRecordBytes = 100;
constexpr std::int64_t kLinesAFile = 100'000;

using Client = KafkaPtr<rd_kafka_s>;
using Properties = std::initializer_list<std::pair<const char*, const char*>>;

struct WriteSetting {
  std::string servers;
  std::string lines;  ///< path of a file of kLinesAFile lines
  std::int64_t laps = 1;
  std::int64_t num_rows() const { return laps * kLinesAFile; }
};

Result<Client> make_client(rd_kafka_type_t type, const std::string& servers, Properties more) {
  std::array<char, 512> reason{};
  KafkaPtr<rd_kafka_conf_s> conf(rd_kafka_conf_new());
  rd_kafka_conf_set(conf.get(), "bootstrap.servers", servers.c_str(), nullptr, 0);
  for (const auto& [name, value] : more) rd_kafka_conf_set(conf.get(), name, value, nullptr, 0);
  Client client(rd_kafka_new(type, conf.get(), reason.data(), reason.size()));
  if (!client) return fatal(reason.data());
  conf.release();
  return client;
}

std::string record(std::int64_t number) { return fmt::format("{:0{}}", number, kRecordBytes); }

/// Counts what a read_committed consumer finds: each of the lines once a lap.
Result<std::string> check_topic(const WriteSetting& setting, const std::string& name) {
  STREAM_TRY(const Client client, make_client(RD_KAFKA_CONSUMER, setting.servers,
                                              {{"isolation.level", "read_committed"},
                                               {"enable.partition.eof", "true"}}));
  const KafkaPtr<rd_kafka_topic_s> topic(rd_kafka_topic_new(client.get(), name.c_str(), nullptr));
  if (rd_kafka_consume_start(topic.get(), 0, RD_KAFKA_OFFSET_BEGINNING) != 0)
    return fatal(rd_kafka_err2str(rd_kafka_last_error()));
  std::vector<std::int64_t> seen(static_cast<std::size_t>(kLinesAFile), 0);
  std::vector<rd_kafka_message_t*> messages(4096);
  std::int64_t rows = 0;
  bool is_at_end = false;
  const Stopwatch watch;
  while (!is_at_end) {
    // The call waits until the batch is full or its time is up.
    const ssize_t count =
        rd_kafka_consume_batch(topic.get(), 0, kSliceMillis, messages.data(), messages.size());
    if (count < 0 || watch.seconds() * 1000 > kWaitMillis)
      return fatal("the topic gives neither records nor its end");
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const std::string text(static_cast<const char*>(message->payload), message->len);
        ++seen.at(static_cast<std::size_t>(std::stoll(text)));
        ++rows;
      } else {
        is_at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      }
      rd_kafka_message_destroy(message);
    }
  }
  rd_kafka_consume_stop(topic.get(), 0);
  for (const std::int64_t times : seen) {
    if (times != setting.laps)
      return bad_data(fmt::format("a line is {} times in the topic, not {}", times, setting.laps));
  }
  return fmt::format("{} rows, each once", rows);
}

/// The client library alone, with the sink's settings.
Result<Work> write_by_hand(const WriteSetting& setting) {
  const std::string name = "libstream-bench-" + make_unique_id();
  std::vector<std::string> lines;
  for (std::int64_t i = 0; i < kLinesAFile; ++i) lines.push_back(record(i));
  double seconds = 0;
  {
    STREAM_TRY(const Client client, make_client(RD_KAFKA_PRODUCER, setting.servers,
                                                {{"enable.idempotence", "true"},
                                                 {"linger.ms", "5"},
                                                 {"queue.buffering.max.messages", "500000"},
                                                 {"queue.buffering.max.kbytes", "65536"},
                                                 {"delivery.report.only.error", "true"}}));
    const KafkaPtr<rd_kafka_topic_s> topic(rd_kafka_topic_new(client.get(), name.c_str(), nullptr));
    const Stopwatch watch;
    for (std::int64_t lap = 0; lap < setting.laps; ++lap) {
      for (std::string& line : lines) {
        while (rd_kafka_produce(topic.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                line.data(), line.size(), nullptr, 0, nullptr) != 0) {
          if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return fatal(rd_kafka_err2str(rd_kafka_last_error()));
          rd_kafka_poll(client.get(), 5);
        }
      }
    }
    if (rd_kafka_flush(client.get(), kWaitMillis) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fatal("the records were not taken in time");
    seconds = watch.seconds();
  }
  STREAM_TRY(std::string note, check_topic(setting, name));
  return Work{seconds, setting.num_rows(), std::move(note)};
}

/// Epochs of a second, with a checkpoint directory of its own.
Result<Work> write_by_query(const WriteSetting& setting, RunnerKind runner,
                            const std::string& delivery) {
  const std::string name = "libstream-bench-" + make_unique_id();
  STREAM_TRY(const auto directory, TemporaryDirectory::make());
  const Stopwatch watch;
  SqlQuery query;
  query.runner = runner;
  STREAM_TRY(const FileStatus file, local_file_system().status(setting.lines));
  query.source = replay_source({setting.lines, file.size_bytes, setting.laps, nullptr});
  query.view = "SELECT current_timestamp() AS time FROM events";
  STREAM_TRY(const auto session, make_session(query));
  STREAM_TRY(const RelationRef relation, parse_query("SELECT value FROM events"));
  StreamingOptions options;
  STREAM_TRY(options.sink, make_kafka_sink({{"kafka.bootstrap.servers", setting.servers},
                                            {"topic", name},
                                            {"delivery", delivery}},
                                           true));
  options.query.trigger = Trigger::processing_time(Duration(1000));
  options.query.checkpoint_directory = directory / "query";
  STREAM_TRY(const auto running, start_streaming(*session, relation, std::move(options)));
  STREAM_TRY(running->process_all_available());
  const double seconds = watch.seconds();
  running->stop(false);
  STREAM_TRY(std::string note, check_topic(setting, name));
  return Work{seconds, setting.num_rows(), std::move(note)};
}

Result<void> write_lines(const std::string& path) {
  STREAM_TRY(auto file, local_file_system().open_writing(path));
  std::string text;
  for (std::int64_t i = 0; i < kLinesAFile; ++i) text += record(i) + "\n";
  STREAM_TRY(file->append(text));
  return file->close();
}

void skip(const std::string& name, const Print& print) {
  Line line;
  line.workload = name;
  line.ratio = "skipped: give --kafka HOST:PORT";
  print(line);
}

using MakeWork = std::function<Result<Work>(const WriteSetting& setting, RunnerKind kind)>;

/// Both pieces of work in turn, for each runner.
void compare_writes(const std::string& name, const BenchOptions& options, const Print& print,
                    const MakeWork& first, const MakeWork& second) {
  if (options.kafka.empty()) return skip(name, print);
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line(name, directory.error().message()));
  const WriteSetting setting{options.kafka, *directory / "lines", options.is_quick ? 20 : 60};
  if (const auto written = write_lines(setting.lines); !written)
    return print(failed_line(name, written.error().message()));
  for (const RunnerKind kind : {RunnerKind::local, RunnerKind::actors}) {
    const std::string line = fmt::format("{} {}", name, to_string(kind));
    const Comparison comparison = compare_notes(compare([&](int) { return first(setting, kind); },
                                                        [&](int) { return second(setting, kind); },
                                                        num_pairs(options), kTimeLimit));
    print_pairs(line, comparison, print);
    if (comparison.is_ok()) print_scaling(line + " rate", comparison, print);
  }
}

}  // namespace

void run_kafka_write(const BenchOptions& options, const Print& print) {
  compare_writes(
      "kafka-write", options, print,
      [](const WriteSetting& setting, RunnerKind kind) {
        return write_by_query(setting, kind, "at_least_once");
      },
      [](const WriteSetting& setting, RunnerKind) { return write_by_hand(setting); });
}

void run_kafka_exactly_once(const BenchOptions& options, const Print& print) {
  compare_writes(
      "kafka-exactly-once", options, print,
      [](const WriteSetting& setting, RunnerKind kind) {
        return write_by_query(setting, kind, "exactly_once");
      },
      [](const WriteSetting& setting, RunnerKind kind) {
        return write_by_query(setting, kind, "at_least_once");
      });
}

}  // namespace stream::perf
