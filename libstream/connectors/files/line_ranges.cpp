#include <libstream/connectors/files/line_ranges.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stream {

std::string encode_range(const LineRange& range) {
  return fmt::format("{} {} {} {} {}", range.begin, range.end, range.limit, range.inode,
                     range.path);
}

Result<LineRange> decode_range(const std::string& content) {
  LineRange range;
  const char* at = content.data();
  const char* const end = at + content.size();
  for (std::uint64_t* field : {&range.begin, &range.end, &range.limit, &range.inode}) {
    const auto [next, error] = std::from_chars(at, end, *field);
    if (error != std::errc{} || next == end || *next != ' ')
      return fatal(fmt::format("not a split of a file source: '{}'", content));
    at = next + 1;
  }
  range.path.assign(at, end);
  return range;
}

std::vector<Split> cut_ranges(const std::vector<LineRange>& ranges, std::uint64_t split_bytes) {
  std::vector<Split> splits;
  for (const LineRange& range : ranges) {
    LineRange part = range;
    for (part.begin = range.begin; part.begin < range.end; part.begin = part.end) {
      // A remainder of under a tenth joins the part before it.
      const std::uint64_t left = range.end - part.begin;
      part.end = left <= split_bytes + split_bytes / 10 ? range.end : part.begin + split_bytes;
      splits.push_back({encode_range(part), static_cast<std::uint32_t>(splits.size())});
    }
  }
  return splits;
}

}  // namespace stream
