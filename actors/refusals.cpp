#include <actors/refusals.hpp>
#include <libstream/base/clock.hpp>
#include <libstream/base/log.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr std::int64_t kBetweenLinesNanos = 10'000'000'000;

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::not_a_node:
      return "not a node";
    case Refusal::no_certificate:
      return "no certificate";
    case Refusal::wrong_certificate:
      return "wrong certificate";
    case Refusal::broken_handshake:
      return "broken handshake";
    case Refusal::too_slow:
      return "too slow";
    case Refusal::crowded:
      return "too many at once";
    case Refusal::bad_frame:
      return "bad frame";
  }
  return "?";
}

Refusals::~Refusals() {
  if (total_ > num_logged_) log(0);
}

void Refusals::note(Refusal refusal, std::string_view peer, std::string_view reason) {
  const std::int64_t now = system_clock().steady_nanos();
  std::lock_guard lock(mutex_);
  ++counts_[static_cast<std::size_t>(refusal)];
  ++total_;
  last_ = fmt::format("{}: {}{}{}", peer, to_string(refusal), reason.empty() ? "" : ", ", reason);
  if (now >= next_log_nanos_) log(now);
}

void Refusals::flush() {
  const std::int64_t now = system_clock().steady_nanos();
  std::lock_guard lock(mutex_);
  if (total_ > num_logged_ && now >= next_log_nanos_) log(now);
}

std::uint64_t Refusals::total() const {
  std::lock_guard lock(mutex_);
  return total_;
}

void Refusals::log(std::int64_t now) {
  next_log_nanos_ = now + kBetweenLinesNanos;
  std::string counts;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    if (!counts.empty()) counts += ", ";
    counts += fmt::format("{} {}", counts_[i], to_string(static_cast<Refusal>(i)));
  }
  STREAM_LOG(warning, "refused {} connections, {} since the start ({}); the last: {}",
             total_ - num_logged_, total_, counts, last_);
  num_logged_ = total_;
}

}  // namespace stream
