// One entry of the socket's write-ahead log: the whole lines received up to a tick and the records
// rejected meanwhile. Pure functions, any thread.
#pragma once

#include <libstream/connectors/source.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct Segment {
  std::vector<Reject> rejects;
  std::string lines;
};

std::string encode_segment(const Segment& segment);
/// Error: fatal when the text is damaged.
Result<Segment> decode_segment(std::string_view text);

/// The offset as text: {"segment":n}.
std::string segment_offset(std::int64_t n);
Result<std::int64_t> parse_segment_offset(std::string_view text);

}  // namespace stream
