#include <libstream/connectors/kafka/kafka_marker.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

std::optional<std::int64_t> recorded_epoch(const std::string& message) {
  if (message.empty() || message.find_first_not_of("0123456789") != std::string::npos) return {};
  return std::stoll(message);
}

}  // namespace

Result<std::int64_t> judge_kafka_marker(std::optional<std::int64_t> found,
                                        const SinkHistory& history, std::string_view group) {
  const std::optional<std::int64_t> recorded = recorded_epoch(history.last_message);
  if (!found) {
    // Groups that nobody uses expire. Nothing of an epoch is in before its offsets are written.
    if (!recorded || history.unfinished < 0) return recorded.value_or(-1);
    return fatal(fmt::format(
        "kafka: the marker of group {} is gone from the broker (groups expire, by default after 7 "
        "days), so whether epoch {} went in cannot be known: look for its rows in the topic, then "
        "start with a new checkpoint at the offsets that follow",
        group, history.unfinished));
  }
  if (recorded && *found < *recorded)
    return fatal(fmt::format(
        "kafka: the broker's marker of group {} stands at epoch {}, the checkpoint's at {}: this "
        "is "
        "another cluster than before, or one that was set back; start with a new checkpoint",
        group, *found, *recorded));
  if (*found > history.last_committed && *found != history.unfinished)
    return fatal(fmt::format(
        "kafka: epoch {} of this query is in the topic (group {}) but the checkpoint ends at epoch "
        "{}: the checkpoint is an old copy; start with the newest one, or with a new checkpoint",
        *found, group, std::max(history.last_committed, history.unfinished)));
  return *found;
}

}  // namespace stream
