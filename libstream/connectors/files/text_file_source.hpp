// Lines of the files in a directory, each file once: Spark's textFileStream and file stream source
// for text. Plans hold the Source; its planner lists beside the coordinator, its readers read in
// the source tasks.
#pragma once

#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace stream {

struct TextFileOptions {
  std::string path;      ///< a file, a directory (its files, not those below) or a glob of * and ?
  bool existing = true;  ///< false: only files whose modification time is after the start
  /// Files older than batch time − remember are not looked at and not remembered; none: for ever.
  std::optional<Duration> remember = {};
  std::optional<std::int64_t> max_files_per_trigger = {};
  std::optional<std::int64_t> max_bytes_per_trigger = {};  ///< one file is always admitted
  bool available_now = false;  ///< the files of the first listing are all there will ever be
  std::uint64_t split_bytes = 8u << 20;  ///< a larger file is read in parallel parts
  std::size_t max_line_bytes = 1u << 20;  ///< longer lines are rejected, never held whole
};

/// The source of lines (schema `value STRING`). Wrong options are reported by the planner's open.
std::shared_ptr<const Source> text_file_source(TextFileOptions options);

/// How long textFileStream remembers at a batch interval: ceil(60 s / interval) batches.
Duration remember_window(Duration interval);

}  // namespace stream
