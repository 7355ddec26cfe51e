// Peers that a node did not want, counted by reason, and logged: the first at once, then a line for
// all of ten seconds. Shared by the gate and by scribes; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace stream {

enum class Refusal {
  not_a_node,         ///< its first byte is none of TLS, or of a node's
  no_certificate,     ///< or it went away when asked for one
  wrong_certificate,  ///< of another authority, or ended
  broken_handshake,
  too_slow,  ///< no handshake within the time
  crowded,   ///< too many at once
  bad_frame,
};
inline constexpr std::size_t kNumRefusals = 7;
std::string_view to_string(Refusal refusal);

class Refusals {
 public:
  Refusals() = default;
  ~Refusals();  ///< logs what was not logged yet
  Refusals(const Refusals&) = delete;
  Refusals& operator=(const Refusals&) = delete;
  void note(Refusal refusal, std::string_view peer, std::string_view reason);
  /// Logs what waits to be logged, when its time has come.
  void flush();
  std::uint64_t total() const;

 private:
  void log(std::int64_t now);

  mutable std::mutex mutex_;
  std::array<std::uint64_t, kNumRefusals> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t num_logged_ = 0;
  std::int64_t next_log_nanos_ = 0;
  std::string last_;
};

}  // namespace stream
