#include <tests/kit/faulty_file_system.hpp>

namespace stream::testing {

class FaultyFileSystem::Writer final : public WritableFile {
 public:
  Writer(FaultyFileSystem& files, std::unique_ptr<WritableFile> file, std::string path)
      : files_(files), file_(std::move(file)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    const bool was_crashed = files_.is_crashed();
    if (auto passed = files_.pass(path_); !passed) {
      if (!was_crashed) STREAM_TRY(file_->append(bytes.substr(0, bytes.size() / 2)));
      return passed;
    }
    return file_->append(bytes);
  }
  Result<void> sync() override {
    if (is_given_up_) return fatal(path_ + ": an earlier sync failed, the file is given up");
    auto passed = files_.pass(path_);
    is_given_up_ = !passed;
    if (!passed) return passed;
    return file_->sync();
  }
  Result<void> close() override {
    STREAM_TRY(files_.require_running(path_));
    return file_->close();
  }

 private:
  FaultyFileSystem& files_;
  std::unique_ptr<WritableFile> file_;
  std::string path_;
  bool is_given_up_ = false;
};

Result<void> FaultyFileSystem::require_running(const std::string& path) const {
  if (is_crashed_) return fatal(path + ": the machine has stopped");
  return {};
}

Result<void> FaultyFileSystem::pass(const std::string& path) {
  STREAM_TRY(require_running(path));
  const std::size_t point = num_points_++;
  is_crashed_ = point == crash_point_;
  STREAM_TRY(require_running(path));
  if (point == fail_point_) return fatal(path + ": " + reason_);
  return {};
}

Result<FileStatus> FaultyFileSystem::status(const std::string& path) {
  STREAM_TRY(require_running(path));
  return disk_.status(path);
}

Result<bool> FaultyFileSystem::exists(const std::string& path) {
  STREAM_TRY(require_running(path));
  return disk_.exists(path);
}

Result<std::vector<FileStatus>> FaultyFileSystem::list(const std::string& directory,
                                                       std::size_t limit) {
  STREAM_TRY(require_running(directory));
  return disk_.list(directory, limit);
}

Result<std::unique_ptr<RandomAccessFile>> FaultyFileSystem::open_reading(const std::string& path) {
  STREAM_TRY(require_running(path));
  return disk_.open_reading(path);
}

Result<std::unique_ptr<WritableFile>> FaultyFileSystem::open_writing(const std::string& path) {
  STREAM_TRY(pass(path));
  STREAM_TRY(auto file, disk_.open_writing(path));
  return std::unique_ptr<WritableFile>(std::make_unique<Writer>(*this, std::move(file), path));
}

Result<void> FaultyFileSystem::create_directories(const std::string& path) {
  STREAM_TRY(pass(path));
  return disk_.create_directories(path);
}

Result<void> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  STREAM_TRY(pass(to));
  return disk_.rename(from, to);
}

Result<bool> FaultyFileSystem::link_exclusive(const std::string& from, const std::string& to) {
  STREAM_TRY(pass(to));
  return disk_.link_exclusive(from, to);
}

Result<void> FaultyFileSystem::remove(const std::string& path) {
  STREAM_TRY(pass(path));
  return disk_.remove(path);
}

Result<void> FaultyFileSystem::remove_all(const std::string& path) {
  STREAM_TRY(pass(path));
  return disk_.remove_all(path);
}

Result<void> FaultyFileSystem::sync_directory(const std::string& path) {
  STREAM_TRY(pass(path));
  return disk_.sync_directory(path);
}

Result<std::unique_ptr<FileLock>> FaultyFileSystem::lock(const std::string& path) {
  STREAM_TRY(require_running(path));
  return disk_.lock(path);
}

}  // namespace stream::testing
