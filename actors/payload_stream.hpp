// A stream of payloads from one process to another by CAF alone: what channels between nodes are
// measured against. Needs no CAF header. Loopback only.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace stream {

class PayloadReceiver {
 public:
  virtual ~PayloadReceiver() = default;
  virtual std::uint16_t port() const = 0;
};
/// `take` gets each payload, on one thread.
Result<std::unique_ptr<PayloadReceiver>> start_payload_receiver(
    std::function<void(const std::string&)> take);

/// Sends `count` payloads that `make` gives to a receiver of this machine, so many of them without
/// an answer; returns when all are answered. Error: nobody is there.
Result<void> send_payloads(std::uint16_t port, std::size_t count, std::size_t most_on_their_way,
                           const std::function<std::string()>& make);

}  // namespace stream
