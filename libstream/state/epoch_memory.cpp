#include <libstream/base/log.hpp>
#include <libstream/base/unique_id.hpp>
#include <libstream/state/epoch_memory.hpp>

#include <fmt/format.h>

#include <filesystem>

namespace stream {
namespace {

constexpr std::string_view kNamePrefix = "libstream-spill-";
/// A younger file may be one that another process is about to unlist.
constexpr EpochMillis kLeftBehindMillis = 60'000;

std::string directory_or_default(std::string directory) {
  if (!directory.empty()) return directory;
  std::error_code failure;
  const std::filesystem::path found = std::filesystem::temp_directory_path(failure);
  return failure ? std::string(".") : found.string();
}

}  // namespace

EpochMemory::EpochMemory(std::size_t max_bytes, FileSystem& files, std::string directory)
    : max_bytes_(max_bytes),
      files_(files),
      directory_(directory_or_default(std::move(directory))) {}

bool EpochMemory::reserve(std::size_t bytes) {
  std::size_t reserved = reserved_.load(std::memory_order_relaxed);
  do {
    if (bytes > max_bytes_ - reserved) return false;
  } while (!reserved_.compare_exchange_weak(reserved, reserved + bytes, std::memory_order_relaxed));
  return true;
}

void EpochMemory::release(std::size_t bytes) {
  reserved_.fetch_sub(bytes, std::memory_order_relaxed);
}

Result<SpillFile> EpochMemory::make_file() {
  std::call_once(is_swept_, [this] {
    STREAM_LOG(info, "rows that wait for the end of an epoch exceed {} bytes ({}): more go to {}",
               max_bytes_, kEpochBufferSetting, directory_);
    sweep();
  });
  auto made = make_unlisted();
  if (!made)
    return std::move(made).error().with_context(fmt::format(
        "a temporary file for rows of an epoch that exceed {} bytes (raise {} or set {} "
        "to a directory that can be written)",
        max_bytes_, kEpochBufferSetting, kLocalDirectorySetting));
  return made;
}

Result<SpillFile> EpochMemory::make_unlisted() {
  STREAM_TRY(files_.create_directories(directory_));
  SpillFile file;
  file.path = join_path(directory_, fmt::format("{}{}", kNamePrefix, make_unique_id()));
  STREAM_TRY(file.writer, files_.open_writing(file.path));
  auto reader = files_.open_reading(file.path);
  auto removed = files_.remove(file.path);
  STREAM_TRY(file.reader, std::move(reader));
  STREAM_TRY(std::move(removed));
  return file;
}

/// Only a process that was killed between making a file and unlisting it leaves one, an empty one.
void EpochMemory::sweep() {
  const auto entries = files_.list(directory_);
  if (!entries) return;
  const EpochMillis now = system_clock().wall_millis();
  for (const FileStatus& entry : *entries) {
    const bool is_ours = !entry.is_directory && file_name(entry.path).starts_with(kNamePrefix);
    if (!is_ours || now - entry.modified_millis < kLeftBehindMillis) continue;
    if (auto removed = files_.remove(entry.path); !removed)
      STREAM_LOG(info, "left as it is: {}", removed.error().message());
  }
}

}  // namespace stream
