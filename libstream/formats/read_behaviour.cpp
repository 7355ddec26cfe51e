#include <libstream/formats/read_behaviour.hpp>

namespace stream {

MalformedMode parse_malformed_mode(const std::string& value) {
  const OptionMap names = {{"DROPMALFORMED", ""}, {"FAILFAST", ""}};
  const auto found = names.find(value);
  if (found == names.end()) return MalformedMode::permissive;
  return found->first == "FAILFAST" ? MalformedMode::fail_fast : MalformedMode::drop_malformed;
}

MalformedHandling default_malformed_handling(const SqlSettings& settings) {
  MalformedHandling handling;
  handling.corrupt_column =
      settings.get("spark.sql.columnNameOfCorruptRecord", handling.corrupt_column);
  return handling;
}

TimeFormats default_time_formats(const SqlSettings& settings) {
  TimeFormats formats;
  formats.time_zone = settings.time_zone;
  return formats;
}

}  // namespace stream
