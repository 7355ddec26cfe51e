#include <libstream/connectors/socket/segment.hpp>

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace stream {
namespace {

constexpr std::string_view kVersion = "lines v1\n";
constexpr std::string_view kOffsetFront = R"({"segment":)";

Error damaged(std::string_view what) {
  return fatal(
      fmt::format("write-ahead log of the socket: {}; the file is damaged or belongs to "
                  "another source",
                  what));
}

/// Takes "<number>\n" from the front of `text`.
Result<std::size_t> take_number(std::string_view& text) {
  std::size_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (failure != std::errc() || used == text.size() || *end != '\n')
    return damaged("a count is missing");
  text.remove_prefix(used + 1);
  return number;
}

void append_sized(std::string_view bytes, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}\n{}", bytes.size(), bytes);
}

Result<std::string> take_sized(std::string_view& text) {
  STREAM_TRY(const std::size_t size, take_number(text));
  if (size > text.size()) return damaged("it ends too early");
  std::string bytes(text.substr(0, size));
  text.remove_prefix(size);
  return bytes;
}

}  // namespace

std::string encode_segment(const Segment& segment) {
  std::string text(kVersion);
  fmt::format_to(std::back_inserter(text), "{}\n", segment.rejects.size());
  for (const Reject& reject : segment.rejects) {
    append_sized(reject.bytes, text);
    append_sized(reject.place, text);
    append_sized(reject.reason, text);
  }
  append_sized(segment.lines, text);
  return text;
}

Result<Segment> decode_segment(std::string_view text) {
  if (!text.starts_with(kVersion)) return damaged("it does not begin with 'lines v1'");
  text.remove_prefix(kVersion.size());
  Segment segment;
  STREAM_TRY(const std::size_t num_rejects, take_number(text));
  for (std::size_t i = 0; i < num_rejects; ++i) {
    Reject reject;
    STREAM_TRY(reject.bytes, take_sized(text));
    STREAM_TRY(reject.place, take_sized(text));
    STREAM_TRY(reject.reason, take_sized(text));
    segment.rejects.push_back(std::move(reject));
  }
  STREAM_TRY(segment.lines, take_sized(text));
  if (!text.empty()) return damaged("it is longer than it says");
  if (!segment.lines.empty() && segment.lines.back() != '\n') return damaged("a line is cut");
  return segment;
}

std::string segment_offset(std::int64_t n) { return fmt::format("{}{}}}", kOffsetFront, n); }

Result<std::int64_t> parse_segment_offset(std::string_view text) {
  std::int64_t n = 0;
  std::string_view digits = text;
  if (digits.starts_with(kOffsetFront) && digits.ends_with('}')) {
    digits.remove_prefix(kOffsetFront.size());
    digits.remove_suffix(1);
    const char* const last = digits.data() + digits.size();
    const auto [end, failure] = std::from_chars(digits.data(), last, n);
    if (failure == std::errc() && end == last && n >= 0) return n;
  }
  return fatal(
      fmt::format("socket source: '{}' is not an offset like {}; the checkpoint belongs "
                  "to another source or was made without the write-ahead log",
                  text, segment_offset(7)));
}

}  // namespace stream
