#include <libstream/control/restart_policy.hpp>

#include <algorithm>

namespace stream {

std::optional<std::int64_t> RestartPolicy::on_failed(ErrorClass error, std::int64_t now) {
  if (error != ErrorClass::transient && error != ErrorClass::fenced) return std::nullopt;
  if (now - started_at_ >= options_.forgive_after.count()) restarts_ = 0;
  if (restarts_ >= options_.max_restarts) return std::nullopt;
  std::int64_t delay = options_.first_delay.count();
  for (int i = 0; i < restarts_ && delay < options_.longest_delay.count(); ++i) delay *= 2;
  ++restarts_;
  return now + std::min(delay, options_.longest_delay.count());
}

}  // namespace stream
