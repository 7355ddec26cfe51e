#include <libstream/base/duration.hpp>
#include <libstream/connectors/files/file_source_options.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/formats/text_encoding.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

using Options = FileSourceOptions;

Result<std::int64_t> positive(const std::string& value) {
  const auto number = option_integer(value);
  if (!number || *number <= 0)
    return bad_option(fmt::format("Invalid value '{}', must be a positive integer", value));
  return *number;
}

Result<Duration> parse_age(const std::string& value) {
  // "7d" and "1h" as Java's parsers of durations take them, or an interval.
  constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {"ms", "milliseconds"}, {"min", "minutes"}, {"us", "microseconds"}, {"d", "days"},
      {"h", "hours"},         {"m", "minutes"},   {"s", "seconds"}};
  std::string text = value;
  const std::size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
  const std::string_view unit = std::string_view(value).substr(digits);
  for (const auto& [brief, whole] : kUnits) {
    if (unit == brief) text = fmt::format("{} {}", value.substr(0, digits), whole);
  }
  if (unit.empty() && !value.empty()) text = value + " milliseconds";
  STREAM_TRY(const CalendarInterval interval, parse_calendar_interval(text));
  STREAM_TRY(const std::int64_t micros, duration_micros(interval));
  return Duration(micros / 1000);
}

void add_selection(OptionTable<Options>& table) {
  const auto flag = [](bool FileSelection::*field) {
    return [field](Options& o, const std::string& v) -> Result<void> {
      STREAM_TRY(o.selection.*field, option_flag(v));
      return {};
    };
  };
  const auto time_limit = [](std::optional<EpochMillis> FileSelection::*field) {
    return [field](Options& o, const std::string& v) -> Result<void> {
      const auto micros = parse_timestamp(v, utc_zone());
      if (!micros) return bad_option(fmt::format("'{}' is not a timestamp", v));
      o.selection.*field = *micros / 1000;
      return {};
    };
  };
  table.push_back({{"pathGlobFilter", "", "", "Only files whose name matches this glob."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     o.selection.name_glob = v;
                     return {};
                   }});
  table.push_back(
      {{"recursiveFileLookup", "", "false",
        "Whether files of all directories below count; partition columns are off then."},
       flag(&FileSelection::is_recursive)});
  table.push_back({{"basePath", "", "", "The directory below which k=v directories are columns."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     o.selection.base_path = v;
                     return {};
                   }});
  table.push_back({{"modifiedBefore", "", "", "Only files modified before; bounded reads only."},
                   time_limit(&FileSelection::modified_before)});
  table.push_back({{"modifiedAfter", "", "", "Only files modified after; bounded reads only."},
                   time_limit(&FileSelection::modified_after)});
  table.push_back(
      {{"ignoreCorruptFiles", "", "false", "Whether files that cannot be read are skipped."},
       flag(&FileSelection::ignores_corrupt)});
  table.push_back({{"ignoreMissingFiles", "", "false", "Whether files that are gone are skipped."},
                   flag(&FileSelection::ignores_missing)});
}

void add_triggers(OptionTable<Options>& table) {
  const auto flag = [](bool FileTriggers::*field) {
    return [field](Options& o, const std::string& v) -> Result<void> {
      STREAM_TRY(o.triggers.*field, option_flag(v));
      return {};
    };
  };
  const auto limit = [](std::optional<std::int64_t> FileTriggers::*field) {
    return [field](Options& o, const std::string& v) -> Result<void> {
      STREAM_TRY(o.triggers.*field, positive(v));
      return {};
    };
  };
  table.push_back({{"maxFilesPerTrigger", "", "", "Streams: files of one epoch at most."},
                   limit(&FileTriggers::max_files)});
  table.push_back(
      {{"maxBytesPerTrigger", "", "", "Streams: bytes of one epoch at most, one file always."},
       limit(&FileTriggers::max_bytes)});
  table.push_back({{"latestFirst", "", "false", "Streams: whether the newest files come first."},
                   flag(&FileTriggers::latest_first)});
  table.push_back(
      {{"maxFileAge", "", "7d", "Streams: files older than the newest by more are left out."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.triggers.max_age, parse_age(v));
         return {};
       }});
  table.push_back({{"fileNameOnly", "", "false",
                    "Streams: whether the same name in another directory is the same file."},
                   flag(&FileTriggers::compares_names_only)});
  table.push_back(
      {{"cleanSource", "", "off", "Streams: off, delete or archive files when they are done."},
       [](Options& o, const std::string& v) -> Result<void> {
         const OptionMap names = {{"off", "0"}, {"delete", "1"}, {"archive", "2"}};
         const auto found = names.find(v);
         if (found == names.end())
           return bad_option(fmt::format("'{}' is none of archive, delete, off", v));
         o.triggers.clean = static_cast<CleanSource>(found->second[0] - '0');
         return {};
       }});
  table.push_back({{"sourceArchiveDir", "", "", "Streams: where archived files go."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     o.triggers.archive_directory = v;
                     return {};
                   }});
  table.push_back(
      {{"maxCachedFiles", "", "10000", "Streams: listed files that are kept for later epochs."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.triggers.max_cached, option_integer(v));
         if (o.triggers.max_cached < 0) return bad_option("must not be negative");
         return {};
       }});
  table.push_back(
      {{"discardCachedInputRatio", "", "0.2",
        "Streams: kept files are dropped when fewer than this share of the limit are left."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.triggers.discard_cached_ratio, option_ratio(v));
         return {};
       }});
}

}  // namespace

const OptionTable<FileSourceOptions>& file_source_option_table() {
  static const OptionTable<Options> table = [] {
    OptionTable<Options> all;
    add_selection(all);
    add_triggers(all);
    return all;
  }();
  return table;
}

Result<FileSourceOptions> parse_file_source_options(OptionMap& options, bool is_streaming,
                                                    const std::string& /*time_zone*/) {
  FileSourceOptions parsed;
  STREAM_TRY(read_options(file_source_option_table(), options, parsed));
  const FileTriggers& triggers = parsed.triggers;
  std::vector<Error> errors;
  if (is_streaming && (parsed.selection.modified_before || parsed.selection.modified_after))
    errors.push_back(bad_option("modifiedBefore and modifiedAfter are not allowed in streams"));
  if (triggers.max_files && triggers.max_bytes)
    errors.push_back(
        bad_option("maxFilesPerTrigger and maxBytesPerTrigger: give one of them, not both"));
  if (triggers.clean == CleanSource::archive && triggers.archive_directory.empty())
    errors.push_back(bad_option("sourceArchiveDir: cleanSource=archive needs it"));
  if (errors.empty()) return parsed;
  return join_errors(errors);
}

}  // namespace stream
