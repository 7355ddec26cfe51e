// The files of another file system, without waiting for the disk: what sinks of a query without a
// checkpoint write through. Nothing records that their output is committed, so there is nothing
// that a sync must come before. As thread-safe as the files below.
#pragma once

#include <libstream/base/file_system.hpp>

namespace stream {

class UnsyncedFileSystem final : public FileSystem {
 public:
  explicit UnsyncedFileSystem(FileSystem& files) : files_(files) {}

  Result<FileStatus> status(const std::string& path) override { return files_.status(path); }
  Result<bool> exists(const std::string& path) override { return files_.exists(path); }
  Result<std::vector<FileStatus>> list(const std::string& directory, std::size_t limit) override {
    return files_.list(directory, limit);
  }
  Result<std::unique_ptr<RandomAccessFile>> open_reading(const std::string& path) override {
    return files_.open_reading(path);
  }
  Result<std::unique_ptr<WritableFile>> open_writing(const std::string& path) override;
  Result<void> create_directories(const std::string& path) override {
    return files_.create_directories(path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Result<bool> link_exclusive(const std::string& from, const std::string& to) override {
    return files_.link_exclusive(from, to);
  }
  Result<void> remove(const std::string& path) override { return files_.remove(path); }
  Result<void> remove_all(const std::string& path) override { return files_.remove_all(path); }
  Result<void> sync_directory(const std::string&) override { return {}; }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return files_.lock(path);
  }

 private:
  FileSystem& files_;
};

}  // namespace stream
