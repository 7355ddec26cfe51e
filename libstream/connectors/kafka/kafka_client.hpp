// One client of the library: made from properties, with its errors as ours and its log in ours.
// Used by the source's planner and readers and by the sink's writers and committer. One thread at a
// time (the library's own threads only call into the parts that are locked).
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/connectors/kafka/kafka_handles.hpp>
#include <libstream/connectors/kafka/kafka_properties.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace stream {

/// What a role decides beside the user: `defaults` give way to the user's values, `decided` do not.
struct KafkaSettings {
  std::map<std::string, std::string> defaults = {};
  std::map<std::string, std::string> decided = {};
  /// Further calls on the configuration before the client is made (delivery reports). The opaque
  /// pointer of callbacks is the KafkaClient; see `owner`.
  std::function<void(rd_kafka_conf_s* configuration)> prepare = {};
  void* owner = nullptr;
};

class KafkaClient {
 public:
  /// Errors name each property that the client does not know or whose value it does not take. Does
  /// not wait for a broker.
  static Result<std::unique_ptr<KafkaClient>> make(KafkaRole role,
                                                   const KafkaProperties& properties,
                                                   KafkaSettings settings);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_s* get() const { return client_.get(); }
  void* owner() const { return settings_.owner; }
  const KafkaProperties& properties() const { return properties_; }
  Duration request_timeout() const { return properties_.request_timeout; }

  /// Serves the client's callbacks, waiting up to `wait` for one.
  void poll(Duration wait = Duration(0));

  /// Waits until a broker answers. Error within the request time-out: at once where trying again is
  /// of no use (wrong password, TLS against plain text), else what the connection last said.
  Result<void> connect();

  /// The failure `code` (rd_kafka_resp_err_t) of `doing` ("reading the offsets of topic t") as an
  /// Error of our classes, with what the connection last said where it explains the failure.
  Error error(int code, std::string_view doing, std::string_view text = {}) const;

  /// The error because of which no broker can be reached with these properties, if one came before
  /// `connect` was through.
  std::optional<Error> hopeless() const;

 private:
  struct Callbacks;
  KafkaClient(KafkaProperties properties, KafkaSettings settings);
  Result<void> configure(KafkaRole role);
  void take_error(int code, std::string text);
  std::string connection_trouble() const;

  KafkaProperties properties_;
  KafkaSettings settings_;
  mutable std::mutex mutex_;  // guards the three below: callbacks come from the library's threads
  bool has_connected_ = false;
  std::optional<Error> hopeless_;
  std::string last_trouble_;
  KafkaPtr<rd_kafka_s> client_;
};

}  // namespace stream
