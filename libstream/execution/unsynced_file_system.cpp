#include <libstream/execution/unsynced_file_system.hpp>

namespace stream {
namespace {

class UnsyncedFile final : public WritableFile {
 public:
  explicit UnsyncedFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  Result<void> append(std::string_view bytes) override { return file_->append(bytes); }
  Result<void> sync() override { return {}; }
  Result<void> close() override { return file_->close(); }

 private:
  std::unique_ptr<WritableFile> file_;
};

}  // namespace

Result<std::unique_ptr<WritableFile>> UnsyncedFileSystem::open_writing(const std::string& path) {
  STREAM_TRY(auto file, ForwardingFileSystem::open_writing(path));
  return std::unique_ptr<WritableFile>(std::make_unique<UnsyncedFile>(std::move(file)));
}

}  // namespace stream
