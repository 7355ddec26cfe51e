#include <libstream/formats/format_options.hpp>
#include <libstream/formats/text_encoding.hpp>

#include <fmt/format.h>
#include <iconv.h>

#include <cerrno>
#include <charconv>

namespace stream {
namespace {

const iconv_t kNoHandle = reinterpret_cast<iconv_t>(-1);

}  // namespace

bool is_utf8(std::string_view encoding) {
  const IgnoreCaseLess less;
  const auto same = [&](std::string_view name) {
    return !less(encoding, name) && !less(name, encoding);
  };
  return same("UTF-8") || same("UTF8");
}

Result<void> check_encoding(const std::string& name) {
  if (is_utf8(name)) return {};
  const iconv_t handle = iconv_open("UTF-8", name.c_str());
  if (handle == kNoHandle)
    return bad_option(
        fmt::format("[INVALID_PARAMETER_VALUE.CHARSET] there is no encoding '{}'", name));
  iconv_close(handle);
  return {};
}

Result<std::unique_ptr<EncodingConverter>> EncodingConverter::make(const std::string& from,
                                                                   const std::string& to) {
  // Java writes UTF-16 big-endian with a byte order mark; iconv writes the machine's order.
  const std::string target = to == "UTF-16" ? "UTF-16BE" : to == "UTF-32" ? "UTF-32BE" : to;
  const iconv_t handle = iconv_open(target.c_str(), from.c_str());
  if (handle == kNoHandle)
    return bad_option(fmt::format(
        "[INVALID_PARAMETER_VALUE.CHARSET] cannot convert from '{}' to '{}'", from, to));
  std::unique_ptr<EncodingConverter> converter(new EncodingConverter(handle, is_utf8(to)));
  return converter;
}

EncodingConverter::~EncodingConverter() { iconv_close(handle_); }

void EncodingConverter::convert(std::string_view bytes, bool is_last, std::string& out) {
  rest_.append(bytes);
  char* from = rest_.data();
  std::size_t left = rest_.size();
  char buffer[4096];
  while (left > 0) {
    char* to = buffer;
    std::size_t space = sizeof buffer;
    const std::size_t done = iconv(handle_, &from, &left, &to, &space);
    out.append(buffer, sizeof buffer - space);
    if (done != static_cast<std::size_t>(-1) || errno == E2BIG) continue;
    if (errno == EINVAL && !is_last) break;
    out += is_to_utf8_ ? "\xEF\xBF\xBD" : "?";
    // Over the bad byte; in UTF-8 over the whole character.
    do {
      ++from;
      --left;
    } while (!is_to_utf8_ && left > 0 && (static_cast<unsigned char>(*from) & 0xC0) == 0x80);
  }
  rest_.erase(0, rest_.size() - left);
}

Result<std::string> option_compression(const std::string& value) {
  const std::map<std::string_view, std::string, IgnoreCaseLess> known = {
      {"", ""},         {"none", ""},    {"uncompressed", ""},
      {"gzip", "gzip"}, {"gz", "gzip"},  {"org.apache.hadoop.io.compress.GzipCodec", "gzip"},
      {"zstd", "zstd"}, {"zst", "zstd"}, {"zstandard", "zstd"}};
  const auto found = known.find(value);
  if (found != known.end()) return found->second;
  return bad_option(fmt::format(
      "[CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION] the codec '{}' is not available; "
      "there are none, gzip and zstd",
      value));
}

Result<double> option_ratio(const std::string& value) {
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto [next, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc{} || next != end || !(number > 0))
    return bad_option(fmt::format("'{}' is not a number over 0", value));
  return number < 1 ? number : 1.0;
}

}  // namespace stream
