// The files of another file system, without waiting for the disk: what sinks of a query without a
// checkpoint write through. Nothing records that their output is committed, so there is nothing
// that a sync must come before. As thread-safe as the files below.
#pragma once

#include <libstream/base/forwarding_file_system.hpp>

namespace stream {

class UnsyncedFileSystem final : public ForwardingFileSystem {
 public:
  using ForwardingFileSystem::ForwardingFileSystem;

  Result<std::unique_ptr<WritableFile>> open_writing(const std::string& path) override;
  Result<void> sync_directory(const std::string&) override { return {}; }
};

}  // namespace stream
