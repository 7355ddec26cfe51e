// Options of file sources and sinks, beside those of their format. Spark's names and defaults; one
// table parses, checks and lists them.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/formats/format_options.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace stream {

/// Which files count.
struct FileSelection {
  std::string name_glob;  ///< "": all
  bool is_recursive = false;
  std::string base_path;  ///< partition columns are looked for below it; "": below each path
  std::optional<EpochMillis> modified_before;
  std::optional<EpochMillis> modified_after;
  bool ignores_corrupt = false;
  bool ignores_missing = false;
};

enum class CleanSource { off, remove, archive };

/// What streams do with them.
struct FileTriggers {
  std::optional<std::int64_t> max_files;
  std::optional<std::int64_t> max_bytes;
  bool latest_first = false;
  Duration max_age = std::chrono::hours(24 * 7);
  bool compares_names_only = false;
  CleanSource clean = CleanSource::off;
  std::string archive_directory;
  std::int64_t max_cached = 10'000;
  double discard_cached_ratio = 0.2;

  bool has_limit() const { return max_files || max_bytes; }
};

struct FileSourceOptions {
  FileSelection selection;
  FileTriggers triggers;
};

const OptionTable<FileSourceOptions>& file_source_option_table();

/// Takes the options out of `options`. Streams refuse what only bounded reads have, and the other
/// way round options of streams do nothing.
Result<FileSourceOptions> parse_file_source_options(OptionMap& options, bool is_streaming,
                                                    const std::string& time_zone);

}  // namespace stream
