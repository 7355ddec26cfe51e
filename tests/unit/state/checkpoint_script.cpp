#include "checkpoint_script.hpp"

#include <libstream/base/hash.hpp>
#include <libstream/data/column_builder.hpp>

#include <fmt/format.h>

#include <sstream>

namespace stream::testing {
namespace {

std::string offsets_text(std::int64_t epoch) { return fmt::format("offsets of epoch {}", epoch); }

Result<void> run_epoch(CheckpointDirectory& directory, std::int64_t epoch,
                       std::vector<SealedFile>& listed, Progress& progress) {
  STREAM_TRY(const auto begun, directory.uncommitted_offsets());
  if (!begun) STREAM_TRY(directory.write_offsets(epoch, offsets_text(epoch)));
  progress.offsets_answered = epoch;
  STREAM_TRY(directory.write_source_entry(0, epoch, fmt::format("entry {}", epoch)));
  progress.source_entry_answered = epoch;
  BlockPool pool;
  STREAM_TRY(const SealedFile sealed,
             directory.write_state("counts", epoch, 0, {make_piece(changes_of(epoch), pool)}));
  std::vector<SealedFile> next = listed;
  next.push_back(sealed);
  progress.commit_begun = epoch;
  STREAM_TRY(directory.write_commit(epoch, commit_text(epoch, next)));
  progress.commit_answered = epoch;
  listed = next;
  std::vector<std::string> live;
  if (epoch % 3 == 2) {
    STREAM_TRY(const SealedFile merged, directory.merge_state("counts", epoch, listed));
    next = {merged};
  }
  for (const SealedFile& file : listed) live.push_back(file.name);
  for (const SealedFile& file : next) live.push_back(file.name);
  listed = next;
  STREAM_TRY(directory.sweep(epoch, live));
  return directory.remove_source_entries_below(0, epoch);
}

Result<void> run(FileSystem& files, std::int64_t last, Progress& progress) {
  STREAM_TRY(const auto directory, CheckpointDirectory::open(files, kRoot, kPlan));
  std::vector<SealedFile> listed;
  std::int64_t epoch = 0;
  STREAM_TRY(const auto commit, directory->last_commit());
  if (commit) {
    STREAM_TRY(listed, files_of(commit->second));
    epoch = commit->first + 1;
  }
  for (; epoch <= last; ++epoch) STREAM_TRY(run_epoch(*directory, epoch, listed, progress));
  return {};
}

Result<std::string> look_for_fault(FileSystem& files, const Progress& progress) {
  STREAM_TRY(const auto problems, verify_checkpoint(files, kRoot, files_of));
  if (!problems.empty())
    return fmt::format("verify: {}: {}", problems.front().path, problems.front().reason);
  STREAM_TRY(const auto directory, CheckpointDirectory::open(files, kRoot, kPlan));
  STREAM_TRY(const auto commit, directory->last_commit());
  const std::int64_t committed = commit ? commit->first : -1;
  if (committed != progress.commit_answered && committed != progress.commit_begun)
    return fmt::format("commit {} after answered {} and begun {}", committed,
                       progress.commit_answered, progress.commit_begun);
  STREAM_TRY(const auto offsets, directory->uncommitted_offsets());
  if (offsets &&
      (offsets->first != committed + 1 || offsets->second != offsets_text(committed + 1)))
    return fmt::format("offsets {} after commit {}", offsets->first, committed);
  if (!offsets && progress.offsets_answered > committed)
    return std::string("answered offsets lost");
  STREAM_TRY(const auto entries, directory->read_source_entries(0));
  const std::int64_t newest = entries.empty() ? -1 : entries.back().first;
  if (newest < progress.source_entry_answered) return std::string("answered source entry lost");
  if (!commit) return std::string();
  STREAM_TRY(const auto listed, files_of(commit->second));
  BlockPool pool;
  Table table;
  for (const SealedFile& file : listed) {
    STREAM_TRY(const auto pieces, directory->read_state(file, pool));
    replay(pieces, table);
  }
  return std::string(table == table_after(committed) ? "" : "the state is not that of the commit");
}

}  // namespace

StatePiece make_piece(const Changes& changes, BlockPool& pool) {
  static const auto schema =
      std::make_shared<const Schema>(Schema{{{"hash", primitive(TypeKind::int64), false},
                                             {"deleted", primitive(TypeKind::boolean), false},
                                             {"key", primitive(TypeKind::string), false},
                                             {"value", primitive(TypeKind::int64), true}}});
  std::vector<ColumnBuilder> builders;
  for (const Field& field : schema->fields) builders.emplace_back(field.type, pool);
  for (const auto& [key, value] : changes) {
    builders[0].append(static_cast<std::int64_t>(hash_bytes(key)));
    builders[1].append(static_cast<std::uint8_t>(value ? 0 : 1));
    builders[2].append_string(key);
    if (value)
      builders[3].append(*value);
    else
      builders[3].append_null();
  }
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return {"table", 1, Batch(schema, std::move(columns), changes.size())};
}

void replay(const std::vector<StatePiece>& pieces, Table& table) {
  for (const StatePiece& piece : pieces) {
    for (std::size_t row = 0; row < piece.batch.num_rows(); ++row) {
      const std::string key(piece.batch.column(2).string_at(row));
      if (piece.batch.column(1).data<std::uint8_t>()[row] != 0)
        table.erase(key);
      else
        table[key] = piece.batch.column(3).data<std::int64_t>()[row];
    }
  }
}

Changes changes_of(std::int64_t epoch) {
  Changes changes;
  for (std::int64_t i = 0; i < 20; ++i) {
    // Values that do not compress, so that files are not all header.
    const auto value =
        static_cast<std::int64_t>(hash_integer(static_cast<std::uint64_t>(epoch * 100 + i)));
    changes.emplace_back(fmt::format("key {} of the table", (epoch * 7 + i) % 40), value);
  }
  changes.emplace_back(fmt::format("key {} of the table", (epoch * 11) % 40), std::nullopt);
  return changes;
}

Table table_after(std::int64_t epoch) {
  Table table;
  for (std::int64_t e = 0; e <= epoch; ++e) {
    for (const auto& [key, value] : changes_of(e)) {
      if (value)
        table[key] = *value;
      else
        table.erase(key);
    }
  }
  return table;
}

std::string commit_text(std::int64_t epoch, const std::vector<SealedFile>& files) {
  std::string text = fmt::format("epoch {}", epoch);
  for (const SealedFile& file : files)
    text += fmt::format("\n{} {} {}", file.name, file.size_bytes, file.checksum);
  return text;
}

Result<std::vector<SealedFile>> files_of(const std::string& commit_text) {
  std::istringstream lines(commit_text);
  std::string word;
  std::int64_t epoch = 0;
  if (!(lines >> word >> epoch) || word != "epoch") return fatal("not a commit's text");
  std::vector<SealedFile> files;
  for (SealedFile file; lines >> file.name >> file.size_bytes >> file.checksum;)
    files.push_back(file);
  return files;
}

Progress run_epochs(FileSystem& files, std::int64_t last) {
  Progress progress;
  if (const auto ran = run(files, last, progress); !ran) progress.error = ran.error().message();
  return progress;
}

std::string find_fault(FileSystem& files, const Progress& progress) {
  auto fault = look_for_fault(files, progress);
  return fault ? *fault : fault.error().message();
}

}  // namespace stream::testing
