// What the epoch buffers of one query may hold in one process: an amount of bytes that they share,
// and the directory of temporary files for what does not fit. Any thread: the amount is one atomic
// number.
#pragma once

#include <libstream/base/file_system.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace stream {

/// The settings of a session that error messages name as the cure.
inline constexpr const char* kEpochBufferSetting = "spark.sql.epochBuffer.spill.size.threshold";
inline constexpr const char* kLocalDirectorySetting = "spark.local.dir";

/// A file that no directory lists any more: it is gone with the last of its two ends, also when the
/// process is killed.
struct SpillFile {
  std::string path;  ///< that it had, for messages
  std::unique_ptr<WritableFile> writer;
  std::unique_ptr<RandomAccessFile> reader;
};

class EpochMemory {
 public:
  /// `directory`: where temporary files are made; empty: the system's. `files` outlives it.
  EpochMemory(std::size_t max_bytes, FileSystem& files, std::string directory);

  /// False: the bytes would exceed the amount, and nothing is taken.
  bool reserve(std::size_t bytes);
  void release(std::size_t bytes);
  std::size_t reserved_bytes() const { return reserved_.load(std::memory_order_relaxed); }

  /// An empty file. The first call removes what killed processes left behind.
  Result<SpillFile> make_file();

 private:
  Result<SpillFile> make_unlisted();
  void sweep();

  const std::size_t max_bytes_;
  FileSystem& files_;
  const std::string directory_;
  std::atomic<std::size_t> reserved_{0};
  std::once_flag is_swept_;
};

}  // namespace stream
