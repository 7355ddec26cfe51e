// Files in memory with the semantics of the local ones, for tests and for runs without a disk.
// Knows what is durable, so a test can pull the plug. Any thread; one lock guards the whole tree.
#pragma once

#include <libstream/base/file_system.hpp>

#include <map>
#include <mutex>
#include <set>

namespace stream {

/// What survives of the things that were not synced.
enum class CrashMode {
  drop_all,      ///< data and directory entries are as last synced
  torn_data,     ///< directory entries stay; files keep half of their un-synced bytes
  keep_entries,  ///< directory entries stay; un-synced bytes are gone
};

class MemoryFileSystem final : public FileSystem {
 public:
  /// `clock` stamps modification times; it must outlive the file system.
  explicit MemoryFileSystem(Clock& clock = system_clock()) : clock_(clock) {}

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

  /// Pulls the plug: un-synced things are lost as `mode` says, locks are free. Files still open go
  /// on writing to what nobody sees any more.
  void crash(CrashMode mode);

 private:
  struct Node {
    bool is_directory = false;
    std::string content;
    std::string durable_content;
    EpochMillis modified_millis = 0;
    std::uint64_t inode = 0;
  };
  using NodeRef = std::shared_ptr<Node>;  // a file may have several names
  using Tree = std::map<std::string, NodeRef>;

  class Reader;
  class Writer;
  class Lock;

  NodeRef find(const std::string& path) const;
  Result<void> require_parent(const std::string& path) const;
  NodeRef make_node(bool is_directory);

  Clock& clock_;
  mutable std::mutex mutex_;
  Tree tree_;                          // guarded by mutex_; keys are normalised paths
  Tree durable_tree_;                  // guarded by mutex_
  std::set<std::string> locked_;       // guarded by mutex_
  std::uint64_t next_inode_ = 1;       // guarded by mutex_
  std::uint64_t lock_generation_ = 0;  // guarded by mutex_; a crash frees older locks
};

}  // namespace stream
