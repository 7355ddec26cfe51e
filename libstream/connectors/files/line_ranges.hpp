// Ranges of files that are read as lines, as the content of splits. Made by the planners of file
// sources, read by RangeReader.
#pragma once

#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace stream {

/// Names the lines that begin in [begin, end) of a file.
struct LineRange {
  std::string path;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t limit = 0;  ///< no byte from here on is read: the file's size when planned
  std::uint64_t inode = 0;  ///< when not 0, the file is looked for under this identity
};

/// "BEGIN END LIMIT INODE PATH"; the path may hold any bytes.
std::string encode_range(const LineRange& range);
Result<LineRange> decode_range(const std::string& content);

/// Cuts each range into parts of about `split_bytes`, numbered in order. Together the parts own
/// each line of the range once, whatever the sizes.
std::vector<Split> cut_ranges(const std::vector<LineRange>& ranges, std::uint64_t split_bytes);

}  // namespace stream
