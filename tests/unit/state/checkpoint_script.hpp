// A scripted run of a small query over a checkpoint directory, its model, and what the model
// expects to find afterwards. Used by the crash and damage tests.
#pragma once

#include <libstream/state/checkpoint_directory.hpp>

#include <map>
#include <string>
#include <vector>

namespace stream::testing {

inline constexpr const char* kRoot = "check";
inline constexpr const char* kPlan = "source numbers\noperator counts\n";

/// Rows of one epoch: key and value, deleted when the value is absent.
using Changes = std::vector<std::pair<std::string, std::optional<std::int64_t>>>;
/// What a restore gives.
using Table = std::map<std::string, std::int64_t>;

StatePiece make_piece(const Changes& changes, BlockPool& pool);
/// Replays `pieces` into `table`.
void replay(const std::vector<StatePiece>& pieces, Table& table);

Changes changes_of(std::int64_t epoch);
Table table_after(std::int64_t epoch);

/// Texts of commits: the epoch, then a line a file.
std::string commit_text(std::int64_t epoch, const std::vector<SealedFile>& files);
Result<std::vector<SealedFile>> files_of(const std::string& commit_text);

/// What the script was told; the disk must agree.
struct Progress {
  std::int64_t offsets_answered = -1;
  std::int64_t commit_begun = -1;
  std::int64_t commit_answered = -1;
  std::int64_t source_entry_answered = -1;
  std::string error;  ///< empty when it ran to its end
};

/// Opens the checkpoint and runs from where it stands through epoch `last`, merging every third.
Progress run_epochs(FileSystem& files, std::int64_t last);

/// Checks a checkpoint that a run left behind: "" or what is wrong with it.
std::string find_fault(FileSystem& files, const Progress& progress);

}  // namespace stream::testing
