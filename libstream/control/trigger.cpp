#include <libstream/base/duration.hpp>
#include <libstream/control/trigger.hpp>

#include <string>

namespace stream {

Trigger Trigger::processing_time(Duration interval) { return {Kind::processing_time, interval}; }
Trigger Trigger::every(Duration interval) { return {Kind::interval, interval}; }
Trigger Trigger::available_now() { return {Kind::available_now, Duration{0}}; }
Trigger Trigger::manual() { return {Kind::manual, Duration{0}}; }

Result<Trigger> parse_trigger(std::string_view text) {
  if (text == "available-now") return Trigger::available_now();
  auto interval = parse_duration(text);
  if (!interval) {
    return bad_option("trigger '" + std::string(text.substr(0, 80)) +
                      "' is unknown; write available-now or a duration, as 500ms or 5s");
  }
  return Trigger::processing_time(*interval);
}

}  // namespace stream
