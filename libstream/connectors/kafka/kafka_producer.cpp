#include <libstream/base/log.hpp>
#include <libstream/connectors/kafka/kafka_errors.hpp>
#include <libstream/connectors/kafka/kafka_producer.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace stream {
namespace {

// How long a stopping producer tries to take an open transaction back.
constexpr int kAbortMillis = 2000;
// Calls that time out go on in the background; they are repeated so many times.
constexpr int kMaxCalls = 5;

std::int64_t steady_millis() { return system_clock().steady_nanos() / 1'000'000; }

using ErrorPtr = KafkaPtr<rd_kafka_error_s>;

KafkaSettings producer_settings(const std::string& transactional_id) {
  KafkaSettings settings;
  settings.defaults = {
      {"enable.idempotence", "true"},          {"linger.ms", "5"},
      {"batch.num.messages", "10000"},         {"queue.buffering.max.messages", "500000"},
      {"queue.buffering.max.kbytes", "65536"}, {"message.timeout.ms", "120000"},
      {"partitioner", "murmur2_random"},  // as Java's client deals keys out
  };
  settings.decided = {{"delivery.report.only.error", "true"}};
  if (!transactional_id.empty()) {
    settings.defaults["transaction.timeout.ms"] = "900000";
    settings.decided["transactional.id"] = transactional_id;
  }
  return settings;
}

}  // namespace

/// Called within poll and flush, for rows that were not delivered.
struct KafkaProducer::Reports {
  static void on_failed(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* self = static_cast<KafkaProducer*>(static_cast<KafkaClient*>(opaque)->owner());
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || self->failed_code_ != 0) return;
    self->failed_code_ = message->err;
    self->failed_topic_ = message->rkt ? rd_kafka_topic_name(message->rkt) : "";
  }
};

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::make(const KafkaProperties& properties,
                                                           const std::string& transactional_id) {
  std::unique_ptr<KafkaProducer> made(new KafkaProducer());
  made->is_transactional_ = !transactional_id.empty();
  KafkaSettings settings = producer_settings(transactional_id);
  settings.owner = made.get();
  settings.prepare = [](rd_kafka_conf_s* configuration) {
    rd_kafka_conf_set_dr_msg_cb(configuration, &Reports::on_failed);
  };
  STREAM_TRY(made->client_,
             KafkaClient::make(KafkaRole::producer, properties, std::move(settings)));
  return made;
}

KafkaProducer::~KafkaProducer() {
  if (!client_) return;
  rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  if (is_in_transaction_ && !is_dead_)
    const ErrorPtr ignored(rd_kafka_abort_transaction(client_->get(), kAbortMillis));
  client_->poll();
}

/// Repeats `call`, which gives an rd_kafka_error_t, while it may be repeated.
template <class Call>
Result<void> KafkaProducer::carry_out(std::string_view doing, Call call) {
  const int millis = static_cast<int>(client_->request_timeout().count());
  for (int i = 1;; ++i) {
    const ErrorPtr error(call(millis));
    if (!error) return {};
    client_->poll();
    if (auto never = client_->hopeless()) return std::move(*never);
    const bool is_repeatable = rd_kafka_error_is_retriable(error.get()) != 0;
    if (!is_repeatable || i == kMaxCalls) return failure(error.get(), doing);
  }
}

Error KafkaProducer::failure(rd_kafka_error_s* error, std::string_view doing) {
  const int code = rd_kafka_error_code(error);
  const char* text = rd_kafka_error_string(error);
  if (rd_kafka_error_is_fatal(error) != 0) {
    is_dead_ = true;
    const bool is_fenced = code == RD_KAFKA_RESP_ERR__FENCED ||
                           code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
                           code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    if (!is_fenced) return failure_of_attempt(code, doing, text);
    const std::int64_t age = is_in_transaction_ ? steady_millis() - transaction_began_ : 0;
    return fenced(fmt::format(
        "{}; another instance of this query has taken over, or this transaction ({} ms old) was "
        "open for longer than kafka.transaction.timeout.ms: this instance stops and nothing of its "
        "epoch is visible; start it again if no other runs",
        client_->error(code, doing, text).message(), age));
  }
  if (rd_kafka_error_txn_requires_abort(error) == 0) return client_->error(code, doing, text);
  const ErrorPtr abort(rd_kafka_abort_transaction(
      client_->get(), static_cast<int>(client_->request_timeout().count())));
  if (abort && rd_kafka_error_is_fatal(abort.get()) != 0) return failure(abort.get(), doing);
  is_in_transaction_ = false;
  return failure_of_attempt(code, doing, text);
}

Error KafkaProducer::failure_of_attempt(int code, std::string_view doing,
                                        std::string_view text) const {
  Error reason = client_->error(code, doing, text);
  const bool is_final = kafka_error_class(code) == ErrorClass::bad_option || is_kafka_refusal(code);
  return is_final ? reason : transient(reason.message());
}

Result<void> KafkaProducer::start() {
  if (!is_transactional_) return client_->connect();
  return carry_out("starting transactions", [this](int millis) {
    return rd_kafka_init_transactions(client_->get(), millis);
  });
}

Result<rd_kafka_topic_s*> KafkaProducer::topic_of(const std::string& name) {
  if (last_topic_ < topics_.size() && topics_[last_topic_].name == name)
    return topics_[last_topic_].handle.get();
  for (last_topic_ = 0; last_topic_ < topics_.size(); ++last_topic_) {
    if (topics_[last_topic_].name == name) return topics_[last_topic_].handle.get();
  }
  KafkaPtr<rd_kafka_topic_s> handle(rd_kafka_topic_new(client_->get(), name.c_str(), nullptr));
  if (!handle)
    return client_->error(rd_kafka_last_error(), fmt::format("opening topic '{}'", name));
  topics_.push_back({name, std::move(handle)});
  return topics_.back().handle.get();
}

Result<void> KafkaProducer::check() {
  client_->poll();
  if (failed_code_ == 0) return {};
  // The true reason of a fatal client hides behind the rows that it purged.
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t fatal_code =
      rd_kafka_fatal_error(client_->get(), text.data(), text.size());
  if (fatal_code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const ErrorPtr error(rd_kafka_error_new(fatal_code, "%s", text.data()));
    is_dead_ = true;
    if (!is_transactional_) return failure_of_attempt(fatal_code, "writing", text.data());
    const ErrorPtr seen(rd_kafka_abort_transaction(client_->get(), kAbortMillis));
    return failure(seen ? seen.get() : error.get(), "writing");
  }
  return client_->error(failed_code_, fmt::format("writing to topic '{}'", failed_topic_));
}

Result<void> KafkaProducer::wait_for_room() {
  client_->poll(Duration(5));
  if (auto never = client_->hopeless()) return std::move(*never);
  return check();
}

Result<void> KafkaProducer::write(const std::string& name, const KafkaRow& row,
                                  KafkaPtr<rd_kafka_headers_s> headers) {
  STREAM_TRY(rd_kafka_topic_s * topic, topic_of(name));
  static char nothing = 0;
  void* const value =
      row.has_value ? const_cast<char*>(row.value.empty() ? &nothing : row.value.data()) : nullptr;
  const void* const key = row.has_key ? (row.key.empty() ? &nothing : row.key.data()) : nullptr;
  for (;;) {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (headers) {
      code = rd_kafka_producev(
          client_->get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(row.partition),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, row.value.size()),
          RD_KAFKA_V_KEY(key, row.key.size()), RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) headers.release();
    } else if (rd_kafka_produce(topic, row.partition, RD_KAFKA_MSG_F_COPY, value, row.value.size(),
                                key, row.key.size(), nullptr) != 0) {
      code = rd_kafka_last_error();
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      STREAM_TRY(check());
      return client_->error(
          code, fmt::format("writing a row of {} bytes to topic '{}'", row.value.size(), name));
    }
    STREAM_TRY(wait_for_room());
  }
}

Result<void> KafkaProducer::flush() {
  // Each row ends delivered or failed within message.timeout.ms.
  constexpr int kSlice = 100;
  while (rd_kafka_flush(client_->get(), kSlice) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (auto never = client_->hopeless()) return std::move(*never);
    STREAM_TRY(check());
  }
  return check();
}

Result<void> KafkaProducer::begin() {
  const ErrorPtr error(rd_kafka_begin_transaction(client_->get()));
  if (error) return failure(error.get(), "beginning a transaction");
  is_in_transaction_ = true;
  transaction_began_ = steady_millis();
  return {};
}

Result<void> KafkaProducer::mark(const std::string& group, const std::string& topic,
                                 std::int64_t epoch) {
  const KafkaPtr<rd_kafka_topic_partition_list_s> offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), 0)->offset = epoch + 1;
  const KafkaPtr<rd_kafka_consumer_group_metadata_s> members(
      rd_kafka_consumer_group_metadata_new(group.c_str()));
  return carry_out(fmt::format("marking epoch {} in group {}", epoch, group), [&](int millis) {
    return rd_kafka_send_offsets_to_transaction(client_->get(), offsets.get(), members.get(),
                                                millis);
  });
}

Result<void> KafkaProducer::clear_pending_mark(const std::string& group, const std::string& topic) {
  STREAM_LOG(warning,
             "kafka: the marker of group {} is held by a transaction that is over (a broker died "
             "in it); clearing it",
             group);
  STREAM_TRY(begin());
  STREAM_TRY(mark(group, topic, 0));
  STREAM_TRY(carry_out(fmt::format("clearing the marker of group {}", group), [this](int millis) {
    return rd_kafka_abort_transaction(client_->get(), millis);
  }));
  is_in_transaction_ = false;
  return {};
}

Result<void> KafkaProducer::commit() {
  STREAM_TRY(carry_out("committing a transaction", [this](int millis) {
    return rd_kafka_commit_transaction(client_->get(), millis);
  }));
  is_in_transaction_ = false;
  return {};
}

}  // namespace stream
