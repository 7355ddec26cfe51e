#include <libstream/base/log.hpp>
#include <libstream/connectors/kafka/kafka_reader.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace stream {
namespace {

// How long one call waits; in between the task can be ended.
constexpr Duration kSlice(100);
// A partition that was not read for so many ranges is no longer fetched.
constexpr std::uint64_t kForgetAfter = 10'000;

KafkaSettings consumer_settings(const KafkaReading& reading) {
  KafkaSettings settings;
  settings.defaults = {
      {"client.id", "libstream"},
      // A part of the memory bound, a partition.
      {"queued.max.messages.kbytes", "16384"},
      {"queued.min.messages", "50000"},
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "100"},
      {"check.crcs", "true"},
      {"isolation.level", "read_committed"},
  };
  if (!reading.group_id.empty()) settings.defaults["group.id"] = reading.group_id;
  settings.decided = {
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "true"},
      // Lost data has to be seen.
      {"auto.offset.reset", "error"},
  };
  return settings;
}

bool is_unknown(int code) {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/// Control records reach the callback as empty messages without a time, which real ones have since
/// message format 1.
bool is_control_record(const rd_kafka_message_t& message) {
  if (message.payload || message.key) return false;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  rd_kafka_message_timestamp(&message, &type);
  return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
}

}  // namespace

KafkaReader::Fetched::~Fetched() { stop(); }

void KafkaReader::Fetched::stop() {
  if (is_started) rd_kafka_consume_stop(topic.get(), partition);
  is_started = false;
  queue.reset();
}

KafkaReader::KafkaReader(std::shared_ptr<const KafkaSourceOptions> options,
                         std::vector<RecordField> fields)
    : options_(std::move(options)), fields_(std::move(fields)) {}

KafkaReader::~KafkaReader() { fetched_.clear(); }

Result<void> KafkaReader::start(const ReaderContext& context) {
  context_.emplace(context);
  columns_ = std::make_unique<RecordColumns>(fields_, context.pool);
  return {};
}

Result<void> KafkaReader::make_client() {
  if (client_) return {};
  STREAM_TRY(client_, KafkaClient::make(KafkaRole::consumer, options_->client,
                                        consumer_settings(options_->reading)));
  return {};
}

Result<void> KafkaReader::open(const Split& split) {
  STREAM_TRY(range_, parse_offset_range(split.content));
  STREAM_TRY(make_client());
  position_ = range_.from;
  failure_.reset();
  progress_at_ = context_->clock.steady_nanos();
  columns_->set_topic(range_.partition.topic);
  current_ = &fetched_[range_.partition];
  current_->last_open = ++num_opens_;
  forget_unused();
  if (current_->is_started && current_->next == position_) return {};
  return start_fetching(position_);
}

void KafkaReader::forget_unused() {
  std::erase_if(fetched_, [this](const auto& entry) {
    return num_opens_ - entry.second.last_open > kForgetAfter;
  });
}

Result<void> KafkaReader::start_fetching(std::int64_t from) {
  const TopicPartition& partition = range_.partition;
  current_->stop();
  if (!current_->topic)
    current_->topic.reset(rd_kafka_topic_new(client_->get(), partition.topic.c_str(), nullptr));
  if (!current_->topic)
    return client_->error(rd_kafka_last_error(), fmt::format("opening {}", place()));
  current_->partition = partition.partition;
  // A new queue: what the old one holds belongs to another offset.
  current_->queue.reset(rd_kafka_queue_new(client_->get()));
  if (rd_kafka_consume_start_queue(current_->topic.get(), partition.partition, from,
                                   current_->queue.get()) != 0)
    return client_->error(rd_kafka_last_error(), fmt::format("opening {}", place()));
  current_->is_started = true;
  current_->next = from;
  return {};
}

bool KafkaReader::is_full() const {
  return columns_->num_rows() >= context_->batch_rows ||
         columns_->num_bytes() >= context_->batch_bytes;
}

void KafkaReader::on_message(rd_kafka_message_s* message, void* opaque) {
  KafkaReader& self = *static_cast<KafkaReader*>(opaque);
  self.take(*message);
  // What is left in the queue stays there for the next batch or range.
  if (self.position_ >= self.range_.until || self.failure_ || self.is_full())
    rd_kafka_yield(self.client_->get());
}

void KafkaReader::take(rd_kafka_message_s& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    position_ = std::max(position_, message.offset);
    return;
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* text = rd_kafka_message_errstr(&message);
    failure_ = Failure{message.err, text ? text : ""};
    return;
  }
  if (message.offset < position_) return;  // seen: the client fetched it again
  if (message.offset >= range_.until) {
    // The end of the range had no record of its own, and the client gave this one away for good.
    position_ = range_.until;
    has_overshot_ = true;
    return;
  }
  if (!is_control_record(message)) columns_->append(message);
  position_ = message.offset + 1;
}

void KafkaReader::consume(Duration wait) {
  const std::int64_t before = position_;
  has_overshot_ = false;
  rd_kafka_consume_callback_queue(current_->queue.get(), static_cast<int>(wait.count()),
                                  &on_message, this);
  current_->next = has_overshot_ || failure_ ? -1 : position_;
  position_ = std::min(position_, range_.until);
  if (position_ != before) progress_at_ = context_->clock.steady_nanos();
}

Result<ReadStatus> KafkaReader::read(Batch& batch) {
  for (Duration wait(0);;) {
    const std::int64_t before = position_;
    if (position_ < range_.until && !failure_ && !is_full()) consume(wait);
    const bool is_over = position_ >= range_.until || failure_ || is_full();
    if (!is_over && position_ != before) {
      wait = Duration(0);
      continue;
    }
    if (columns_->num_rows() > 0) {
      batch = columns_->finish();
      return ReadStatus::batch;
    }
    if (failure_) {
      STREAM_TRY(resolve_failure());
      continue;
    }
    if (position_ >= range_.until) return ReadStatus::end_of_split;
    if (wait == kSlice) return wait_for_more();
    wait = kSlice;
  }
}

Result<ReadStatus> KafkaReader::wait_for_more() {
  client_->poll();
  const Duration waited((context_->clock.steady_nanos() - progress_at_) / 1'000'000);
  if (waited >= options_->reading.poll_timeout)
    return client_->error(
        RD_KAFKA_RESP_ERR__TIMED_OUT,
        fmt::format("reading {}: at offset {} nothing came for {} ms (kafkaConsumer.pollTimeoutMs)",
                    place(), position_, waited.count()));
  if (context_->wake) context_->wake();
  return ReadStatus::no_rows_yet;
}

/// The offsets that the partition has now, or none where it no longer exists.
Result<OutOfRange> KafkaReader::ask_what_is_there() {
  std::int64_t ends[2] = {};
  const KafkaPtr<rd_kafka_topic_partition_list_s> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t& asked = *rd_kafka_topic_partition_list_add(
      list.get(), range_.partition.topic.c_str(), range_.partition.partition);
  const auto timeout = static_cast<int>(client_->request_timeout().count());
  for (const std::int64_t place_of : {kEarliestOffset, kLatestOffset}) {
    asked.offset = place_of;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client_->get(), list.get(), timeout);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = asked.err;
    if (is_unknown(code)) return OutOfRange{range_.until, true};
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return client_->error(code, "reading the offsets of " + range_.partition.to_string());
    ends[place_of == kLatestOffset] = asked.offset;
  }
  return judge_out_of_range(position_, range_.until, ends[0], ends[1]);
}

Result<void> KafkaReader::resolve_failure() {
  const Failure failure = *std::exchange(failure_, std::nullopt);
  const bool is_about_offset = failure.code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                               failure.code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
  const Duration waited((context_->clock.steady_nanos() - progress_at_) / 1'000'000);
  if ((!is_about_offset && !is_unknown(failure.code)) || waited >= options_->reading.poll_timeout)
    return client_->error(failure.code, fmt::format("reading {}", place()), failure.text);
  STREAM_TRY(const OutOfRange found, ask_what_is_there());
  if (found.is_loss) {
    const std::string lost =
        fmt::format("kafka ({}): cannot fetch the records of {} at offsets [{}, {}): {}",
                    options_->client.servers(), range_.partition.to_string(), position_,
                    found.go_on, failure.text);
    if (options_->fails_on_data_loss) return fatal(fmt::format("{}. {}", lost, kDataLossAdvice));
    STREAM_LOG(warning, "{}", lost);
  }
  position_ = found.go_on;
  if (position_ >= range_.until) return {};
  return start_fetching(position_);
}

}  // namespace stream
