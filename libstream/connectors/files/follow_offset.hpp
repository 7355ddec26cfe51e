// How far a follow source has read each of its files, as an offset. Used by its planner.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace stream {

/// One followed file. Its identity is the inode; the path is where it was last seen.
struct FollowedFile {
  std::string path;
  std::uint64_t position = 0;         ///< behind the last whole line read
  std::uint64_t num_truncations = 0;  ///< how often it was cut and read from its start again
};

/// By inode.
using FollowOffset = std::map<std::uint64_t, FollowedFile>;

/// {"PATH":{"inode":I,"position":P}}, with "truncations" where there were any. Error `fatal` when
/// a path is not UTF-8.
Result<std::string> format_follow_offset(const FollowOffset& offset);
Result<FollowOffset> parse_follow_offset(const std::string& text);

}  // namespace stream
