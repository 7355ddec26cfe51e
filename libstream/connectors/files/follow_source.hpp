// Lines appended to growing files, as `tail -F` shows them: logs. Follows a file by inode through
// renames, takes up the new file of the same name, and starts again after a truncation.
#pragma once

#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stream {

struct FollowOptions {
  std::vector<std::string> paths;  ///< files or globs of * and ?; a file may be missing at first
  bool from_beginning = false;     ///< false: only lines that end after the start
  std::uint64_t split_bytes = 32u << 20;
  std::size_t max_line_bytes = 1u << 20;
};

/// The source of lines (schema `value STRING`). Only whole lines are read: what follows the last
/// '\n' waits. Offsets are {"PATH":{"inode":I,"position":P}}.
std::shared_ptr<const Source> follow_source(FollowOptions options);

}  // namespace stream
