#include <libstream/base/hash.hpp>
#include <libstream/base/log.hpp>
#include <libstream/base/unique_id.hpp>
#include <libstream/state/checkpoint_directory.hpp>
#include <libstream/state/checkpoint_text.hpp>
#include <libstream/state/plan_difference.hpp>
#include <libstream/state/state_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stream {
namespace {

constexpr std::size_t kRetainedEntries = 10;

Error plan_differs(const std::string& path, const PlanDifference& difference) {
  return bad_plan(
      fmt::format("{}: the checkpoint is of another query:\n{}Run the program it belongs to, or "
                  "give this one a "
                  "new directory",
                  path, to_text(difference)));
}

Result<SealedFile> write_state_file(FileSystem& files, const std::string& path,
                                    const std::string& operator_id, const std::string& name,
                                    const std::vector<StatePiece>& pieces) {
  if (operator_id.empty() || operator_id.front() == '.' ||
      operator_id.find('/') != std::string::npos)
    return bad_plan(fmt::format(
        "operator id '{}' cannot name a folder; give one without '/' that begins with no '.'",
        operator_id));
  STREAM_TRY(const std::string bytes, encode_state_file(pieces));
  const std::string folder = join_path(path, "state/" + operator_id);
  STREAM_TRY(files.create_directories(folder));
  STREAM_TRY(write_file_atomic(files, join_path(folder, name), bytes));
  return SealedFile{operator_id + "/" + name, bytes.size(), hash_bytes(bytes)};
}

class Directory final : public CheckpointDirectory {
 public:
  Directory(FileSystem& files, std::string path, CheckpointOwnership ownership)
      : files_(files), path_(std::move(path)), ownership_(ownership) {}

  Result<void> open(const std::string& plan_text) {
    for (const char* folder : {"", "runs", "offsets", "commits", "sources", "state"})
      STREAM_TRY(files_.create_directories(at(folder)));
    if (ownership_ == CheckpointOwnership::locked) STREAM_TRY(take_lock());
    STREAM_TRY(const bool has_metadata, files_.exists(at("metadata")));
    STREAM_TRY(has_metadata ? read_metadata(plan_text) : create(plan_text));
    // What a killed run linked but did not sync must not be built upon before it is durable.
    for (const char* folder : {"offsets", "commits"}) STREAM_TRY(files_.sync_directory(at(folder)));
    STREAM_TRY(check_sequence());
    STREAM_TRY(remove_temporaries());
    return claim_term();
  }

  const std::string& query_id() const override { return query_id_; }
  std::int64_t term() const override { return term_; }
  bool is_fresh() const override { return is_fresh_; }

  Result<void> check_term() override {
    STREAM_TRY(const auto runs, numbered_files(files_, at("runs")));
    if (!runs.empty() && runs.back() > term_)
      return fenced(
          fmt::format("{}: another run of this query (term {}) took over from this one (term {})",
                      path_, runs.back(), term_));
    return {};
  }

  Result<std::optional<Entry>> last_commit() override {
    STREAM_TRY(const auto commits, numbered_files(files_, at("commits")));
    if (commits.empty()) return std::optional<Entry>();
    return read_entry("commits", commits.back());
  }

  Result<std::optional<Entry>> uncommitted_offsets() override {
    STREAM_TRY(const auto offsets, numbered_files(files_, at("offsets")));
    STREAM_TRY(const auto commits, numbered_files(files_, at("commits")));
    const std::int64_t committed = commits.empty() ? -1 : commits.back();
    if (offsets.empty() || offsets.back() <= committed) return std::optional<Entry>();
    return read_entry("offsets", offsets.back());
  }

  Result<void> write_offsets(std::int64_t n, const std::string& text) override {
    return write_entry("offsets", n, text);
  }
  Result<void> write_commit(std::int64_t n, const std::string& text) override {
    return write_entry("commits", n, text);
  }

  Result<SealedFile> write_state(const std::string& operator_id, std::int64_t n, std::uint32_t task,
                                 const std::vector<StatePiece>& pieces) override {
    return write_state_file(files_, path_, operator_id,
                            fmt::format("{}-{}-{}.delta", n, term_, task), pieces);
  }

  Result<std::vector<StatePiece>> read_state(const SealedFile& file, BlockPool& pool) override {
    return read_state_of(files_, path_, file, pool);
  }

  Result<SealedFile> merge_state(const std::string& operator_id, std::int64_t n,
                                 const std::vector<SealedFile>& inputs) override {
    BlockPool pool;
    std::vector<StatePiece> pieces;
    for (const SealedFile& input : inputs) {
      STREAM_TRY(auto read, read_state(input, pool));
      pieces.insert(pieces.end(), std::make_move_iterator(read.begin()),
                    std::make_move_iterator(read.end()));
    }
    return write_state_file(files_, path_, operator_id, fmt::format("{}-{}.snapshot", n, term_),
                            merge_pieces(pieces, pool));
  }

  Result<void> sweep(std::int64_t n, const std::vector<std::string>& live) override {
    const std::set<std::string> kept(live.begin(), live.end());
    for (const char* folder : {"", "runs", "offsets", "commits"})
      STREAM_TRY(remove_temporaries(at(folder)));
    STREAM_TRY(const auto operators, files_.list(at("state")));
    for (const FileStatus& folder : operators) {
      STREAM_TRY(const auto entries, files_.list(folder.path));
      for (const FileStatus& entry : entries) {
        const std::string name = join_path(file_name(folder.path), file_name(entry.path));
        if (!kept.contains(name) && !may_be_listed_yet(file_name(entry.path), n))
          STREAM_TRY(files_.remove(entry.path));
      }
    }
    return remove_old_entries();
  }

  Result<void> write_source_entry(std::size_t source, std::int64_t n,
                                  const std::string& text) override {
    const std::string folder = fmt::format("sources/{}", source);
    STREAM_TRY(files_.create_directories(at(folder)));
    STREAM_TRY(check_term());
    const std::string path = entry_path(folder, n);
    STREAM_TRY(const bool is_new, write_file_exclusive(files_, path, with_checksum(text)));
    if (is_new) return {};
    STREAM_TRY(check_term());
    return write_file_atomic(files_, path, with_checksum(text));
  }

  Result<std::vector<Entry>> read_source_entries(std::size_t source) override {
    const std::string folder = fmt::format("sources/{}", source);
    STREAM_TRY(const auto numbers, numbered_files(files_, at(folder)));
    std::vector<Entry> entries;
    for (const std::int64_t number : numbers) {
      STREAM_TRY(std::string text, read_checked(files_, entry_path(folder, number)));
      entries.emplace_back(number, std::move(text));
    }
    return entries;
  }

  Result<void> remove_source_entries_below(std::size_t source, std::int64_t n) override {
    const std::string folder = fmt::format("sources/{}", source);
    STREAM_TRY(const auto numbers, numbered_files(files_, at(folder)));
    for (const std::int64_t number : numbers) {
      if (number < n) STREAM_TRY(files_.remove(entry_path(folder, number)));
    }
    return {};
  }

 private:
  std::string at(std::string_view name) const {
    return name.empty() ? path_ : join_path(path_, name);
  }
  std::string entry_path(std::string_view folder, std::int64_t n) const {
    return at(fmt::format("{}/{}", folder, n));
  }

  Result<void> take_lock() {
    auto lock = files_.lock(at("lock"));
    if (!lock)
      return transient(fmt::format("{}: another process runs this query; stop it first ({})", path_,
                                   lock.error().message()));
    lock_ = std::move(*lock);
    return {};
  }

  /// True for a state file of this run and a later epoch than n, whole or temporary: write_state
  /// may run beside sweep, and no commit can list its file yet. True for all of higher terms: what
  /// a run lists that took over from this one, this one does not know.
  bool may_be_listed_yet(std::string_view name, std::int64_t n) const {
    if (name.starts_with('.')) name.remove_prefix(1);
    const std::size_t dash = name.find('-');
    if (dash == std::string_view::npos) return false;
    const auto epoch = file_number(std::string(name.substr(0, dash)));
    const std::string_view rest = name.substr(dash + 1);
    const auto term = file_number(std::string(rest.substr(0, rest.find_first_of("-."))));
    return epoch && term && (*term > term_ || (*epoch > n && *term == term_));
  }

  /// Many at a time, since what is removed for good waits for the disk.
  Result<void> remove_old_entries() {
    STREAM_TRY(const auto commits, numbered_files(files_, at("commits")));
    if (commits.size() <= 2 * kRetainedEntries) return {};
    const std::int64_t oldest = commits[commits.size() - kRetainedEntries];
    // A commit goes before its offsets: what is left is never an offsets entry without its commit.
    for (const char* folder : {"commits", "offsets"}) {
      STREAM_TRY(const auto numbers, numbered_files(files_, at(folder)));
      for (const std::int64_t number : numbers) {
        if (number < oldest) STREAM_TRY(files_.remove(entry_path(folder, number)));
      }
      STREAM_TRY(files_.sync_directory(at(folder)));
    }
    return {};
  }

  Result<void> remove_temporaries(const std::string& folder) {
    STREAM_TRY(const auto entries, files_.list(folder));
    for (const FileStatus& entry : entries) {
      if (is_temporary_file(entry.path)) STREAM_TRY(files_.remove(entry.path));
    }
    return {};
  }

  Result<void> create(const std::string& plan_text) {
    for (const char* folder : {"runs", "offsets", "commits", "sources", "state"}) {
      STREAM_TRY(const auto entries, files_.list(at(folder)));
      if (!entries.empty())
        return fatal(
            fmt::format("{}: there are files in {} but no metadata; the directory is damaged or of "
                        "something else: give another one",
                        path_, folder));
    }
    is_fresh_ = true;
    query_id_ = make_unique_id();
    // The plan first: whoever sees metadata sees a plan.
    STREAM_TRY(write_file_atomic(files_, at("plan"), with_checksum(plan_text)));
    STREAM_TRY(const bool is_mine,
               write_file_exclusive(files_, at("metadata"),
                                    with_checksum(std::string(kMetadataHead) + query_id_)));
    if (!is_mine) return lost_race(path_ + ": another process has just made this checkpoint");
    return {};
  }

  Result<void> read_metadata(const std::string& plan_text) {
    STREAM_TRY(const std::string text, read_checked(files_, at("metadata")));
    if (!text.starts_with(kMetadataHead))
      return fatal(fmt::format(
          "{}: the checkpoint is of another version ('{}'); this build reads '{}'", at("metadata"),
          text.substr(0, text.find('\n')), kMetadataHead.substr(0, kMetadataHead.size() - 1)));
    query_id_ = text.substr(kMetadataHead.size());
    STREAM_TRY(const std::string stored, read_checked(files_, at("plan")));
    const PlanDifference difference = compare_plans(stored, plan_text);
    if (!difference.is_same()) return plan_differs(at("plan"), difference);
    STREAM_LOG(info, "{}: the query goes on with\n{}", path_, to_text(difference));
    return {};
  }

  /// Only the newest offsets may lack a commit; every entry is whole.
  Result<void> check_sequence() {
    STREAM_TRY(const auto offsets, numbered_files(files_, at("offsets")));
    STREAM_TRY(const auto commits, numbered_files(files_, at("commits")));
    const std::set<std::int64_t> committed(commits.begin(), commits.end());
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      if (!commits.empty() && offsets[i] < commits.front()) continue;
      if (!committed.contains(offsets[i]))
        return fatal(
            fmt::format("{}: missing, though offsets/{} was written after it; the checkpoint is "
                        "damaged",
                        entry_path("commits", offsets[i]), offsets.back()));
    }
    return {};
  }

  /// What killed runs left half-written. Whoever still writes has been taken over from.
  Result<void> remove_temporaries() {
    for (const char* folder : {"", "runs", "offsets", "commits"}) {
      STREAM_TRY(const auto entries, files_.list(at(folder)));
      for (const FileStatus& entry : entries) {
        if (is_temporary(entry.path)) STREAM_TRY(files_.remove(entry.path));
      }
    }
    return {};
  }

  /// Of an owner that lost a race: with terms it may try again.
  Error lost_race(std::string message) const {
    return ownership_ == CheckpointOwnership::by_term ? transient(std::move(message))
                                                      : fatal(std::move(message));
  }

  Result<void> claim_term() {
    STREAM_TRY(const auto runs, numbered_files(files_, at("runs")));
    term_ = runs.empty() ? 1 : runs.back() + 1;
    STREAM_TRY(const bool is_mine, write_file_exclusive(files_, entry_path("runs", term_),
                                                        with_checksum("query " + query_id_)));
    if (!is_mine) return lost_race(path_ + ": another process has just begun to run this query");
    for (const std::int64_t run : runs) {
      if (run < term_ - static_cast<std::int64_t>(kRetainedEntries))
        STREAM_TRY(files_.remove(entry_path("runs", run)));
    }
    return {};
  }

  Result<std::optional<Entry>> read_entry(std::string_view folder, std::int64_t n) {
    STREAM_TRY(std::string text, read_checked(files_, entry_path(folder, n)));
    return std::optional<Entry>(Entry{n, std::move(text)});
  }

  Result<void> write_entry(std::string_view folder, std::int64_t n, const std::string& text) {
    STREAM_TRY(check_term());
    const std::string path = entry_path(folder, n);
    STREAM_TRY(const bool is_new, write_file_exclusive(files_, path, with_checksum(text)));
    if (is_new) return {};
    // Asked again after an answer that got lost: the entry is this run's own.
    STREAM_TRY(const std::string existing, read_checked(files_, path));
    if (existing == text) return files_.sync_directory(parent_path(path));
    STREAM_TRY(check_term());
    return lost_race(path + ": exists already; another run of this query wrote it");
  }

  FileSystem& files_;
  std::string path_;
  CheckpointOwnership ownership_;
  std::unique_ptr<FileLock> lock_;
  std::string query_id_;
  std::int64_t term_ = 0;
  bool is_fresh_ = false;
};

}  // namespace

Result<std::string> checkpoint_standing(FileSystem& files, const std::string& path) {
  std::string standing;
  STREAM_TRY(const bool is_there, files.exists(path));
  if (!is_there) return standing;
  STREAM_TRY(const auto children, files.list(path));
  std::vector<std::string> paths{path};
  for (const FileStatus& child : children) {
    if (child.is_directory) paths.push_back(child.path);
  }
  for (const std::string& one : paths) {
    for (const char* folder : {"offsets", "commits"}) {
      const std::string entries = join_path(one, folder);
      STREAM_TRY(const bool has_entries, files.exists(entries));
      if (!has_entries) continue;
      STREAM_TRY(const auto numbers, numbered_files(files, entries));
      standing += fmt::format("{} {}\n", entries, numbers.empty() ? -1 : numbers.back());
    }
  }
  return standing;
}

Result<SealedFile> write_state_of(FileSystem& files, const std::string& path,
                                  const StateAuthor& author, const std::string& operator_id,
                                  std::int64_t n, const std::vector<StatePiece>& pieces) {
  return write_state_file(
      files, path, operator_id,
      fmt::format("{}-{}-{}-{}.delta", n, author.term, author.task, author.generation), pieces);
}

Result<std::vector<StatePiece>> read_state_of(FileSystem& files, const std::string& path,
                                              const SealedFile& file, BlockPool& pool) {
  const std::string place = join_path(path, "state/" + file.name);
  STREAM_TRY(const std::string bytes, read_file(files, place, kMaxStateFileBytes));
  if (bytes.size() != file.size_bytes || hash_bytes(bytes) != file.checksum)
    return fatal(place + ": damaged: it is not the file that the commit lists");
  auto pieces = decode_state_file(bytes, pool);
  if (!pieces) return std::move(pieces).error().with_context(place);
  return pieces;
}

Result<std::unique_ptr<CheckpointDirectory>> CheckpointDirectory::open(
    FileSystem& files, std::string path, const std::string& plan_text,
    CheckpointOwnership ownership) {
  auto directory = std::make_unique<Directory>(files, std::move(path), ownership);
  STREAM_TRY(directory->open(plan_text));
  return std::unique_ptr<CheckpointDirectory>(std::move(directory));
}

}  // namespace stream
