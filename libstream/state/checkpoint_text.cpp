#include <libstream/base/hash.hpp>
#include <libstream/state/checkpoint_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stream {
namespace {
constexpr std::size_t kTrailerBytes = 5 + 16 + 1;  // "xxh3 ", 16 digits, line end

std::string trailer(std::string_view body) {
  return fmt::format("xxh3 {:016x}\n", hash_bytes(body));
}
}  // namespace

std::string with_checksum(std::string body) {
  body += '\n';
  return body + trailer(body);
}

Result<std::string> read_checked(FileSystem& files, const std::string& path) {
  STREAM_TRY(std::string text, read_file(files, path, std::size_t{1} << 30));
  if (text.size() <= kTrailerBytes) return fatal(path + ": damaged: cut short");
  std::string body = text.substr(0, text.size() - kTrailerBytes);
  if (text.compare(body.size(), kTrailerBytes, trailer(body)) != 0)
    return fatal(path + ": damaged: its checksum differs");
  body.pop_back();
  return body;
}

bool is_temporary(const std::string& path) { return path.ends_with(".tmp"); }

std::optional<std::int64_t> file_number(const std::string& path) {
  const std::string name = file_name(path);
  std::int64_t number = 0;
  const char* end = name.data() + name.size();
  const auto [rest, failure] = std::from_chars(name.data(), end, number);
  if (failure != std::errc{} || rest != end || number < 0 || std::to_string(number) != name)
    return std::nullopt;
  return number;
}

bool is_temporary_file(const std::string& path) {
  const std::string name = file_name(path);
  return name.starts_with('.') && name.ends_with(".tmp");
}

Result<std::vector<std::int64_t>> numbered_files(FileSystem& files, const std::string& directory) {
  std::vector<std::int64_t> numbers;
  STREAM_TRY(const bool exists, files.exists(directory));
  if (!exists) return numbers;
  STREAM_TRY(const auto entries, files.list(directory));
  for (const FileStatus& entry : entries) {
    if (const auto number = file_number(entry.path)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace stream
