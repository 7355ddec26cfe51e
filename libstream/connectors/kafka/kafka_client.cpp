#include <libstream/base/log.hpp>
#include <libstream/connectors/kafka/kafka_client.hpp>
#include <libstream/connectors/kafka/kafka_errors.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

namespace stream {
namespace {

// The wait for a first answer is cut into growing slices: between two the connection's errors are
// looked at.
constexpr Duration kFirstSlice(100);

Error refused_property(rd_kafka_conf_res_t result, const std::string& name,
                       const std::string& value, std::string_view reason) {
  if (result == RD_KAFKA_CONF_UNKNOWN)
    return bad_option(fmt::format("kafka.{}: librdkafka {} has no property of this name", name,
                                  rd_kafka_version_str()));
  if (is_kafka_secret(name)) return bad_option(fmt::format("kafka.{}: the value is refused", name));
  return bad_option(fmt::format("kafka.{}: '{}' is refused: {}", name, value, reason));
}

/// " (kafka.ssl.ca.location = /nowhere)": the library's reason names properties, not their values.
std::string values_named_in(std::string_view reason, const KafkaProperties& properties) {
  std::string values;
  for (const auto& [name, value] : properties.values) {
    if (is_kafka_secret(name) || reason.find(name) == std::string_view::npos) continue;
    values += fmt::format("{}kafka.{} = {}", values.empty() ? " (" : ", ", name, value);
  }
  return values.empty() ? values : values + ")";
}

}  // namespace

/// What the library calls, on its own threads or in poll.
struct KafkaClient::Callbacks {
  static void on_error(rd_kafka_t*, int code, const char* text, void* opaque) {
    static_cast<KafkaClient*>(opaque)->take_error(code, text ? text : "");
  }
  static void on_log(const rd_kafka_t*, int level, const char* facility, const char* text) {
    // What matters comes as an error too; the client's own words are for who asks for them.
    if (level <= 4) {
      STREAM_LOG(info, "kafka client: {} {}", facility, text);
    } else {
      STREAM_LOG(debug, "kafka client: {} {}", facility, text);
    }
  }
};

KafkaClient::KafkaClient(KafkaProperties properties, KafkaSettings settings)
    : properties_(std::move(properties)), settings_(std::move(settings)) {}

KafkaClient::~KafkaClient() = default;

Result<std::unique_ptr<KafkaClient>> KafkaClient::make(KafkaRole role,
                                                       const KafkaProperties& properties,
                                                       KafkaSettings settings) {
  std::unique_ptr<KafkaClient> client(new KafkaClient(properties, std::move(settings)));
  STREAM_TRY(client->configure(role));
  return client;
}

Result<void> KafkaClient::configure(KafkaRole role) {
  KafkaPtr<rd_kafka_conf_s> configuration(rd_kafka_conf_new());
  std::array<char, 512> reason{};
  std::vector<Error> errors;
  const auto set_all = [&](const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
      const rd_kafka_conf_res_t result = rd_kafka_conf_set(
          configuration.get(), name.c_str(), value.c_str(), reason.data(), reason.size());
      if (result != RD_KAFKA_CONF_OK)
        errors.push_back(refused_property(result, name, value, reason.data()));
    }
  };
  set_all(settings_.defaults);
  set_all(properties_.values);
  set_all(settings_.decided);
  if (!errors.empty()) return join_errors(errors);
  rd_kafka_conf_set_opaque(configuration.get(), this);
  rd_kafka_conf_set_error_cb(configuration.get(), &Callbacks::on_error);
  rd_kafka_conf_set_log_cb(configuration.get(), &Callbacks::on_log);
  if (settings_.prepare) settings_.prepare(configuration.get());
  const auto type = role == KafkaRole::consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  client_.reset(rd_kafka_new(type, configuration.get(), reason.data(), reason.size()));
  if (!client_)
    return bad_option(fmt::format("kafka: no client with these options: {}{}", reason.data(),
                                  values_named_in(reason.data(), properties_)));
  configuration.release();  // the client has taken it
  return {};
}

void KafkaClient::poll(Duration wait) {
  rd_kafka_poll(client_.get(), static_cast<int>(wait.count()));
}

void KafkaClient::take_error(int code, std::string text) {
  const bool is_hopeless = is_hopeless_connection(code, text);
  std::lock_guard lock(mutex_);
  // "All brokers are down" says less than what came before it.
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || last_trouble_.empty()) last_trouble_ = text;
  if (!is_hopeless || hopeless_ || has_connected_) return;
  const std::string advice = kafka_advice(code, text, properties_, rd_kafka_version_str());
  hopeless_ =
      Error(kafka_error_class(code), fmt::format("kafka ({}): {}{}{}", properties_.servers(), text,
                                                 advice.empty() ? "" : "; ", advice));
}

std::optional<Error> KafkaClient::hopeless() const {
  std::lock_guard lock(mutex_);
  return hopeless_;
}

std::string KafkaClient::connection_trouble() const {
  std::lock_guard lock(mutex_);
  return last_trouble_;
}

Result<void> KafkaClient::connect() {
  const auto millis = [] { return system_clock().steady_nanos() / 1'000'000; };
  const std::int64_t deadline = millis() + request_timeout().count();
  for (Duration slice = kFirstSlice;; slice *= 2) {
    const struct rd_kafka_metadata* found = nullptr;
    const std::int64_t wait = std::clamp<std::int64_t>(deadline - millis(), 1, slice.count());
    // The list of brokers alone: the client knows no topic yet.
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(client_.get(), 0, nullptr, &found, static_cast<int>(wait));
    const KafkaPtr<const struct rd_kafka_metadata> metadata(found);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      // From now on such errors are those of a broker that goes down in the middle of a login.
      std::lock_guard lock(mutex_);
      has_connected_ = true;
      hopeless_.reset();
      return {};
    }
    poll(Duration(1));
    if (auto never = hopeless()) return std::move(*never);
    if (millis() >= deadline)
      return error(code, fmt::format("no broker answered within {} ms", request_timeout().count()));
  }
}

Error KafkaClient::error(int code, std::string_view doing, std::string_view text) const {
  const auto reason = static_cast<rd_kafka_resp_err_t>(code);
  std::string message = fmt::format("kafka ({}): {}: {}", properties_.servers(), doing,
                                    text.empty() ? rd_kafka_err2str(reason) : text);
  std::string trouble;
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
      code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE)
    trouble = connection_trouble();
  if (!trouble.empty()) message += fmt::format(" ({})", trouble);
  const std::string advice = kafka_advice(code, trouble.empty() ? text : std::string_view(trouble),
                                          properties_, rd_kafka_version_str());
  if (!advice.empty()) message += "; " + advice;
  return Error(kafka_error_class(code), std::move(message));
}

}  // namespace stream
