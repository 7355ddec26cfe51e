// The files of another file system. What does something of its own with some calls derives from it
// and overrides those. As thread-safe as the files below.
#pragma once

#include <libstream/base/file_system.hpp>

namespace stream {

class ForwardingFileSystem : public FileSystem {
 public:
  /// `below` outlives it.
  explicit ForwardingFileSystem(FileSystem& below) : below_(below) {}

  Result<FileStatus> status(const std::string& path) override { return below_.status(path); }
  Result<bool> exists(const std::string& path) override { return below_.exists(path); }
  Result<std::vector<FileStatus>> list(const std::string& directory, std::size_t limit) override {
    return below_.list(directory, limit);
  }
  Result<std::unique_ptr<RandomAccessFile>> open_reading(const std::string& path) override {
    return below_.open_reading(path);
  }
  Result<std::unique_ptr<WritableFile>> open_writing(const std::string& path) override {
    return below_.open_writing(path);
  }
  Result<void> create_directories(const std::string& path) override {
    return below_.create_directories(path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return below_.rename(from, to);
  }
  Result<bool> link_exclusive(const std::string& from, const std::string& to) override {
    return below_.link_exclusive(from, to);
  }
  Result<void> remove(const std::string& path) override { return below_.remove(path); }
  Result<void> remove_all(const std::string& path) override { return below_.remove_all(path); }
  Result<void> sync_directory(const std::string& path) override {
    return below_.sync_directory(path);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return below_.lock(path);
  }

 private:
  FileSystem& below_;
};

}  // namespace stream
