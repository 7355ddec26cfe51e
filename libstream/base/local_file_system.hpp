// The operating system's files behind FileSystem: POSIX calls, safe against interruption and short
// writes. Used through local_file_system(). Any thread; it has no state and so no lock.
#pragma once

#include <libstream/base/file_system.hpp>

namespace stream {

/// New files have mode 0640 and directories 0750. Locks are flock(2) locks: they die
/// with the process and also exclude a second holder in the same process.
class LocalFileSystem final : public FileSystem {
 public:
  Result<FileStatus> status(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<FileStatus>> list(const std::string& directory, std::size_t limit) override;
  Result<std::unique_ptr<RandomAccessFile>> open_reading(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> open_writing(const std::string& path) override;
  Result<void> create_directories(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<bool> link_exclusive(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> remove_all(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
};

}  // namespace stream
