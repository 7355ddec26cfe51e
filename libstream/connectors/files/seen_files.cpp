#include <libstream/connectors/files/seen_files.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace stream {
namespace {

constexpr std::int64_t kCompactInterval = 10;
constexpr std::string_view kDelta = "v1 delta ";
constexpr std::string_view kCompact = "v1 compact ";

/// A path on one line: '%' and '\n' are written as %25 and %0A.
std::string escape(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == '%') {
      text += "%25";
    } else if (c == '\n') {
      text += "%0A";
    } else {
      text += c;
    }
  }
  return text;
}

std::string unescape(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      path += text[i];
      continue;
    }
    path += text.substr(i, 3) == "%0A" ? '\n' : '%';
    i += 2;
  }
  return path;
}

std::string to_line(std::int64_t entry, const SeenFile& file) {
  return fmt::format("{} {} {} {}\n", entry, file.modified_millis, file.size_bytes,
                     escape(file.path));
}

}  // namespace

Result<void> SeenFiles::open(SourceLog& log, EpochMillis now) {
  log_ = &log;
  started_millis_ = now;
  STREAM_TRY(auto entries, log.read_all());
  for (const auto& [n, content] : entries) {
    if (auto restored = restore(content); !restored)
      return std::move(restored).error().with_context(
          fmt::format("entry {} of the log of seen files", n));
    last_entry_ = n;
  }
  return {};
}

Result<void> SeenFiles::restore(const std::string& content) {
  std::istringstream lines(content);
  std::string line;
  std::getline(lines, line);
  const bool is_compact = line.starts_with(kCompact);
  if (!is_compact && !line.starts_with(kDelta)) return fatal("it is damaged or of a newer version");
  if (is_compact) {
    entry_of_.clear();
    entries_.clear();
  }
  std::istringstream header(line.substr((is_compact ? kCompact : kDelta).size()));
  if (!(header >> started_millis_)) return fatal("its first line is damaged");
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::int64_t entry = 0;
    SeenFile file;
    if (!(fields >> entry >> file.modified_millis >> file.size_bytes) || fields.get() != ' ')
      return fatal(fmt::format("the line '{}' is damaged", line));
    file.path = unescape(std::string_view(line).substr(static_cast<std::size_t>(fields.tellg())));
    entry_of_[file.path] = {entry, file.modified_millis, file.size_bytes};
    entries_[entry].push_back(std::move(file));
  }
  return {};
}

Result<void> SeenFiles::add(const std::vector<SeenFile>& files) {
  const std::int64_t entry = last_entry_ + 1;
  const bool is_compact = (entry + 1) % kCompactInterval == 0;
  std::string content = fmt::format("{}{}\n", is_compact ? kCompact : kDelta, started_millis_);
  if (is_compact) {
    // In the order they were taken, so that a range gives the same splits after a restart.
    std::vector<std::pair<Known, const std::string*>> known;
    for (const auto& [path, file] : entry_of_) known.emplace_back(file, &path);
    std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) {
      return std::tie(a.first.entry, a.first.modified_millis, *a.second) <
             std::tie(b.first.entry, b.first.modified_millis, *b.second);
    });
    for (const auto& [file, path] : known)
      content += to_line(file.entry, {*path, file.modified_millis, file.size_bytes});
  }
  for (const SeenFile& file : files) content += to_line(entry, file);
  STREAM_TRY(log_->write(entry, content));
  if (is_compact) STREAM_TRY(log_->remove_below(entry));
  last_entry_ = entry;
  for (const SeenFile& file : files)
    entry_of_[file.path] = {entry, file.modified_millis, file.size_bytes};
  if (!files.empty()) entries_[entry] = files;
  return {};
}

Result<std::vector<SeenFile>> SeenFiles::files_between(std::int64_t start, std::int64_t end) const {
  if (end > last_entry_ || start < committed_entry_)
    return fatal(fmt::format(
        "the log of seen files has entries {} to {}, but the range ({}, {}] is asked for; the "
        "checkpoint's sources directory does not belong to its offsets",
        committed_entry_ + 1, last_entry_, start, end));
  std::vector<SeenFile> files;
  for (auto it = entries_.upper_bound(start); it != entries_.end() && it->first <= end; ++it)
    files.insert(files.end(), it->second.begin(), it->second.end());
  return files;
}

EpochMillis SeenFiles::newest_millis() const {
  EpochMillis newest = 0;
  for (const auto& [path, known] : entry_of_) newest = std::max(newest, known.modified_millis);
  return newest;
}

void SeenFiles::commit(std::int64_t entry) {
  committed_entry_ = std::max(committed_entry_, entry);
  entries_.erase(entries_.begin(), entries_.upper_bound(committed_entry_));
}

void SeenFiles::forget_before(EpochMillis threshold) {
  std::erase_if(entry_of_, [&](const auto& known) {
    return known.second.entry <= committed_entry_ && known.second.modified_millis <= threshold;
  });
}

}  // namespace stream
