// A file system that dies before its n-th change: from then on nothing changes any more, as after
// kill -9. What was done until then stays in the file system below.
#pragma once

#include <libstream/base/forwarding_file_system.hpp>

#include <limits>

namespace stream::testing {

class DyingFiles : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;

  int num_changes = 0;  ///< asked for so far
  int dies_before = std::numeric_limits<int>::max();
  bool is_dead() const { return num_changes > dies_before; }

  Result<std::unique_ptr<WritableFile>> open_writing(const std::string& path) override {
    STREAM_TRY(change());
    STREAM_TRY(auto file, ForwardingFileSystem::open_writing(path));
    return std::unique_ptr<WritableFile>(std::make_unique<Writer>(*this, std::move(file)));
  }
  Result<void> create_directories(const std::string& path) override {
    STREAM_TRY(change());
    return ForwardingFileSystem::create_directories(path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    STREAM_TRY(change());
    return ForwardingFileSystem::rename(from, to);
  }
  Result<bool> link_exclusive(const std::string& from, const std::string& to) override {
    STREAM_TRY(change());
    return ForwardingFileSystem::link_exclusive(from, to);
  }
  Result<void> remove(const std::string& path) override {
    STREAM_TRY(change());
    return ForwardingFileSystem::remove(path);
  }
  Result<void> remove_all(const std::string& path) override {
    STREAM_TRY(change());
    return ForwardingFileSystem::remove_all(path);
  }
  Result<void> sync_directory(const std::string& path) override {
    STREAM_TRY(change());
    return ForwardingFileSystem::sync_directory(path);
  }

 private:
  class Writer final : public WritableFile {
   public:
    Writer(DyingFiles& files, std::unique_ptr<WritableFile> below)
        : files_(files), below_(std::move(below)) {}
    Result<void> append(std::string_view bytes) override {
      STREAM_TRY(files_.change());
      return below_->append(bytes);
    }
    Result<void> sync() override {
      STREAM_TRY(files_.change());
      return below_->sync();
    }
    Result<void> close() override {
      STREAM_TRY(files_.change());
      return below_->close();
    }

   private:
    DyingFiles& files_;
    std::unique_ptr<WritableFile> below_;
  };

  Result<void> change() {
    if (++num_changes > dies_before) return transient("the process is dead");
    return {};
  }
};

}  // namespace stream::testing
