// A query's checkpoint on disk, readable by eye:
//
//   metadata  plan  runs/TERM  offsets/N  commits/N  sources/I/N
//   state/OPERATOR/{N-TERM-TASK.delta,N-TERM-TASK-GENERATION.delta,N-TERM.snapshot}  lock
//
// Every file ends with a checksum (text files: a last line `xxh3 HEX`). metadata, runs, offsets and
// commits come into being by write_file_exclusive. State files exist only when a commit lists them;
// others are swept. Contents of offsets and commits are texts of `control`, opaque here.
// Thread: the checkpoint writer's, one at a time; write_state may run beside the others.
#pragma once

#include <libstream/base/file_system.hpp>
#include <libstream/base/result.hpp>
#include <libstream/state/state_piece.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// One sealed state file, as a commit lists it.
struct SealedFile {
  std::string name;  ///< relative to state/
  std::uint64_t size_bytes = 0;
  std::uint64_t checksum = 0;
};

/// What keeps a second owner away.
enum class CheckpointOwnership {
  locked,   ///< the operating system's lock: a second owner is refused while the first one lives
  by_term,  ///< none: who comes last owns it, and the terms stop whoever was there before
};

class CheckpointDirectory {
 public:
  using Entry = std::pair<std::int64_t, std::string>;  ///< number and text

  /// Opens or creates `path`, takes the lock, claims the next term. A fresh one gets
  /// `plan_text` (operators with stable ids) and a new query id. Errors name file and cure: another
  /// process holds it, newer version, damaged file, `plan` of another query, files but no metadata.
  static Result<std::unique_ptr<CheckpointDirectory>> open(
      FileSystem& files, std::string path, const std::string& plan_text,
      CheckpointOwnership ownership = CheckpointOwnership::locked);
  virtual ~CheckpointDirectory() = default;

  virtual const std::string& query_id() const = 0;
  virtual std::int64_t term() const = 0;
  virtual bool is_fresh() const = 0;
  /// Error fenced: a higher term has begun.
  virtual Result<void> check_term() = 0;

  /// Newest commits/N, if any, and offsets/N+1 without a commit, if any.
  virtual Result<std::optional<Entry>> last_commit() = 0;
  virtual Result<std::optional<Entry>> uncommitted_offsets() = 0;

  /// Exclusive and durable; the same text again is fine. Error fenced when a higher term has
  /// appeared; fatal when N exists with another text, by_term transient: a run of a lower term
  /// wrote it at the last moment, and who opens the checkpoint again goes on from there.
  virtual Result<void> write_offsets(std::int64_t n, const std::string& text) = 0;
  virtual Result<void> write_commit(std::int64_t n, const std::string& text) = 0;

  /// Writes one task's sealed pieces of epoch n as one compressed, checksummed file, not yet
  /// listed.
  virtual Result<SealedFile> write_state(const std::string& operator_id, std::int64_t n,
                                         std::uint32_t task,
                                         const std::vector<StatePiece>& pieces) = 0;
  /// Reads and checks a listed file.
  virtual Result<std::vector<StatePiece>> read_state(const SealedFile& file, BlockPool& pool) = 0;
  /// Merges the given files (oldest first, one operator) into one snapshot of epoch n: the last row
  /// of each key, deleted ones left out.
  virtual Result<SealedFile> merge_state(const std::string& operator_id, std::int64_t n,
                                         const std::vector<SealedFile>& files) = 0;

  /// Removes state files not in `live`, but none of higher terms or of epochs after n; dead
  /// temporaries; of offsets and commits, now and then, all but the newest ten.
  virtual Result<void> sweep(std::int64_t n, const std::vector<std::string>& live) = 0;

  // Entries sources/I/N.
  virtual Result<void> write_source_entry(std::size_t source, std::int64_t n,
                                          const std::string& text) = 0;
  virtual Result<std::vector<Entry>> read_source_entries(std::size_t source) = 0;
  virtual Result<void> remove_source_entries_below(std::size_t source, std::int64_t n) = 0;
};

/// How far the checkpoint at `path` has come, or those in folders right below it: a text that
/// differs when whoever runs the query has written. Takes no lock. Empty: there is none.
Result<std::string> checkpoint_standing(FileSystem& files, const std::string& path);

/// What `CheckpointDirectory::write_state` and `read_state` do, for a node that runs tasks of a
/// query whose coordinator, the owner of the checkpoint at `path`, is another process of term
/// `term`. `generation` is of its tasks: one that was given up, and writes all the same, meets no
/// file of a later one.
struct StateAuthor {
  std::int64_t term = 0;
  std::uint64_t generation = 0;
  std::uint32_t task = 0;
};
Result<SealedFile> write_state_of(FileSystem& files, const std::string& path,
                                  const StateAuthor& author, const std::string& operator_id,
                                  std::int64_t n, const std::vector<StatePiece>& pieces);
Result<std::vector<StatePiece>> read_state_of(FileSystem& files, const std::string& path,
                                              const SealedFile& file, BlockPool& pool);

/// One problem that verify found.
struct CheckpointProblem {
  std::string path;
  std::string reason;  ///< "byte 120: checksum differs", "listed by commits/7 but missing"
};

/// Reads every file of a checkpoint and checks sums, lengths, formats and references. Takes no lock
/// and changes nothing. `state_files_of` gives the files that a commit's text lists.
Result<std::vector<CheckpointProblem>> verify_checkpoint(
    FileSystem& files, const std::string& path,
    const std::function<Result<std::vector<SealedFile>>(const std::string&)>& state_files_of);

}  // namespace stream
