#include <libstream/base/log.hpp>
#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/files/staged_file.hpp>

#include <fmt/format.h>

#include <charconv>

namespace stream {
namespace {

constexpr std::size_t kBufferBytes = 256u << 10;
constexpr std::string_view kOpen = "open-";

/// The epoch in front of a finished file's name; -1 for other names.
std::int64_t epoch_of(const std::string& name) {
  std::int64_t epoch = -1;
  const char* const end = name.data() + name.size();
  const auto [next, error] = std::from_chars(name.data(), end, epoch);
  return error == std::errc{} && next != end && *next == '-' ? epoch : -1;
}

}  // namespace

std::string encode_moves(const std::vector<StagedMove>& moves) {
  std::string text;
  for (const StagedMove& move : moves) text += move.staged + '\n' + move.final + '\n';
  return text;
}

Result<void> decode_moves(const std::string& message, std::vector<StagedMove>& moves) {
  std::size_t at = 0;
  while (at < message.size()) {
    const std::size_t middle = message.find('\n', at);
    const std::size_t end = middle == std::string::npos ? middle : message.find('\n', middle + 1);
    if (end == std::string::npos)
      return fatal(fmt::format("not a message of a file sink: '{}'", message));
    moves.push_back(
        {message.substr(at, middle - at), message.substr(middle + 1, end - middle - 1)});
    at = end + 1;
  }
  return {};
}

Result<void> make_visible(FileSystem& files, const StagedMove& move) {
  STREAM_TRY(const bool is_staged, files.exists(move.staged));
  if (is_staged) return files.rename(move.staged, move.final);
  STREAM_TRY(const bool is_final, files.exists(move.final));
  if (is_final) return {};
  return fatal(
      fmt::format("neither '{}' nor its staged form '{}' exists: the rows of this epoch are "
                  "lost; was the output directory cleared while the query was down?",
                  move.final, move.staged));
}

std::string short_query_id(const std::string& query_id) { return query_id.substr(0, 8); }

StagingDirectory::StagingDirectory(FileSystem& files, const std::string& parent,
                                   const std::string& query_id)
    : files_(files), path_(join_path(parent, ".staging-" + short_query_id(query_id))) {}

template <class IsDead>
Result<void> StagingDirectory::remove_if(IsDead is_dead) {
  STREAM_TRY(const bool is_there, files_.exists(path_));
  if (!is_there) return {};
  STREAM_TRY(const auto children, files_.list(path_));
  for (const FileStatus& child : children) {
    if (is_dead(file_name(child.path))) STREAM_TRY(files_.remove(child.path));
  }
  return {};
}

Result<void> StagingDirectory::remove_if_empty() {
  STREAM_TRY(const bool is_there, files_.exists(path_));
  if (!is_there) return {};
  STREAM_TRY(const auto children, files_.list(path_));
  if (!children.empty()) return {};
  return files_.remove(path_);
}

Result<void> StagingDirectory::drop_unfinished(std::uint32_t task) {
  return remove_if(
      [&](const std::string& name) { return name.starts_with(fmt::format("{}{}-", kOpen, task)); });
}

Result<void> StagingDirectory::recover(std::int64_t last_committed) {
  STREAM_TRY(remove_if([&](const std::string& name) {
    return name.starts_with(kOpen) || epoch_of(name) > last_committed;
  }));
  return remove_if_empty();
}

Result<void> StagingDirectory::clean(std::int64_t epoch) {
  STREAM_TRY(remove_if([&](const std::string& name) {
    const std::int64_t of = epoch_of(name);
    return of >= 0 && of <= epoch;
  }));
  return remove_if_empty();
}

StagedFile::StagedFile(FileSystem& files, std::string directory, std::string identity)
    : files_(files), directory_(std::move(directory)), identity_(std::move(identity)) {}

Result<std::unique_ptr<StagedFile>> StagedFile::make(FileSystem& files,
                                                     const StagingDirectory& directory,
                                                     std::uint32_t task, std::int64_t term) {
  std::string identity = fmt::format("{}-{}-{}", task, term, make_unique_id().substr(0, 8));
  std::unique_ptr<StagedFile> staged(new StagedFile(files, directory.path(), std::move(identity)));
  STREAM_TRY(files.create_directories(directory.path()));
  auto opened = files.open_writing(staged->open_path());
  if (!opened) {
    // The last file of a writer that ends at this moment may have taken the directory with it.
    STREAM_TRY(files.create_directories(directory.path()));
    opened = files.open_writing(staged->open_path());
  }
  STREAM_TRY(staged->file_, std::move(opened));
  return staged;
}

StagedFile::~StagedFile() {
  if (is_finished_) return;
  file_.reset();
  auto removed = files_.remove(open_path());
  // Refused while other files are in it.
  if (removed) removed = files_.remove(directory_);
  if (!removed)
    STREAM_LOG(debug, "staged files stay until the next start: {}", removed.error().message());
}

Result<void> StagedFile::flush_if_full() {
  if (buffer_.size() < kBufferBytes) return {};
  STREAM_TRY(file_->append(buffer_));
  buffer_.clear();
  return {};
}

Result<void> StagedFile::close() {
  if (!file_) return {};
  STREAM_TRY(file_->append(buffer_));
  buffer_.clear();
  STREAM_TRY(file_->sync());
  STREAM_TRY(file_->close());
  file_.reset();
  return {};
}

Result<std::string> StagedFile::finish(std::int64_t epoch) {
  std::string path = join_path(directory_, fmt::format("{}-{}", epoch, identity_));
  STREAM_TRY(files_.rename(open_path(), path));
  is_finished_ = true;
  return path;
}

}  // namespace stream
