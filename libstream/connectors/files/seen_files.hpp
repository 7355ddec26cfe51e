// The files a source has taken, in the order it took them, kept in the source's log: every file
// counts once, also over restarts. Owned by the planner, used on its thread.
#pragma once

#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace stream {

struct SeenFile {
  std::string path;
  EpochMillis modified_millis = 0;
  std::uint64_t size_bytes = 0;
};

/// Entry n of the log holds what entry n added; every tenth entry holds all files, and the entries
/// before it are removed.
class SeenFiles {
 public:
  /// Reads the log. On an empty one the source starts at `now`.
  Result<void> open(SourceLog& log, EpochMillis now);

  EpochMillis started_millis() const { return started_millis_; }
  std::int64_t last_entry() const { return last_entry_; }  ///< -1 before the first one
  /// The newest modification time that was ever added since the log's last purge.
  EpochMillis newest_millis() const;
  bool contains(const std::string& path) const { return entry_of_.contains(path); }

  /// Makes the next entry durable. `files` may be empty.
  Result<void> add(const std::vector<SeenFile>& files);

  /// The files of the entries in (start, end]. Error `fatal` when the log does not have them.
  Result<std::vector<SeenFile>> files_between(std::int64_t start, std::int64_t end) const;

  /// Entries up to `entry` are not asked for again.
  void commit(std::int64_t entry);

  /// Forgets committed files of before `threshold`; they must not be offered again.
  void forget_before(EpochMillis threshold);

 private:
  struct Known {
    std::int64_t entry;
    EpochMillis modified_millis;
    std::uint64_t size_bytes;
  };
  Result<void> restore(const std::string& content);

  SourceLog* log_ = nullptr;
  EpochMillis started_millis_ = 0;
  std::int64_t last_entry_ = -1;
  std::int64_t committed_entry_ = -1;
  std::unordered_map<std::string, Known> entry_of_;
  std::map<std::int64_t, std::vector<SeenFile>> entries_;  ///< those after committed_entry_
};

}  // namespace stream
