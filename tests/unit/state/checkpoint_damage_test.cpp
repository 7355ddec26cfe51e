// Every byte of every file of a checkpoint flipped, every file cut at every length.
#include <libstream/base/memory_file_system.hpp>
#include <tests/kit/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "checkpoint_script.hpp"

using namespace stream;
using namespace stream::testing;

namespace {

constexpr std::int64_t kLast = 4;
using Tree = std::map<std::string, std::string>;

void collect(FileSystem& files, const std::string& directory, Tree& tree) {
  const auto children = files.list(directory).value();
  for (const FileStatus& child : children) {
    if (child.is_directory)
      collect(files, child.path, tree);
    else
      tree[child.path] = read_file(files, child.path).value();
  }
}

void put(FileSystem& files, const std::string& path, const std::string& content) {
  files.create_directories(parent_path(path)).value();
  auto file = files.open_writing(path).value();
  file->append(content).value();
  file->close().value();
}

/// A checkpoint with a snapshot, later changes, several commits and an uncommitted epoch.
Tree make_checkpoint() {
  MemoryFileSystem disk;
  REQUIRE(run_epochs(disk, kLast).error == "");
  {
    const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
    directory->write_offsets(kLast + 1, "offsets of epoch 5").value();
    directory->write_source_entry(0, kLast + 1, "entry 5").value();
  }
  Tree tree;
  collect(disk, kRoot, tree);
  return tree;
}

/// What a restart reads, as one text.
Result<std::string> read_all(FileSystem& files) {
  STREAM_TRY(const auto directory, CheckpointDirectory::open(files, kRoot, kPlan));
  STREAM_TRY(const auto commit, directory->last_commit());
  STREAM_TRY(const auto offsets, directory->uncommitted_offsets());
  STREAM_TRY(const auto entries, directory->read_source_entries(0));
  if (!commit || !offsets) return std::string("nothing");
  std::string all = directory->query_id() + commit->second + offsets->second;
  for (const auto& [number, text] : entries) all += fmt::format("{}{}", number, text);
  STREAM_TRY(const auto listed, files_of(commit->second));
  BlockPool pool;
  Table table;
  for (const SealedFile& file : listed) {
    STREAM_TRY(const auto pieces, directory->read_state(file, pool));
    replay(pieces, table);
  }
  for (const auto& [key, value] : table) all += fmt::format("{}={};", key, value);
  return all;
}

/// True for what a restart needs: damage there must stop it.
bool is_needed(const std::string& path) {
  for (const char* name : {"/metadata", "/plan", "/commits/4", "/offsets/5", "/sources/0/5"}) {
    if (path == std::string(kRoot) + name) return true;
  }
  return path.starts_with(std::string(kRoot) + "/state/");
}

class Damage {
 public:
  Damage() : tree_(make_checkpoint()) {
    MemoryFileSystem disk;
    for (const auto& [path, content] : tree_) put(disk, path, content);
    REQUIRE(verify_checkpoint(disk, kRoot, files_of)->empty());
    whole_ = read_all(disk).value();
    REQUIRE(whole_ != "nothing");
  }

  const Tree& tree() const { return tree_; }

  void check(const std::string& path, const std::string& content) const {
    MemoryFileSystem disk;
    for (const auto& [each, original] : tree_) put(disk, each, each == path ? content : original);
    const auto problems = verify_checkpoint(disk, kRoot, files_of);
    REQUIRE(problems);
    REQUIRE(std::any_of(problems->begin(), problems->end(),
                        [&](const CheckpointProblem& problem) { return problem.path == path; }));
    const auto read = read_all(disk);
    if (is_needed(path)) {
      REQUIRE_FALSE(read);
      REQUIRE_THAT(read.error().message(), Catch::Matchers::ContainsSubstring(path));
    } else if (read) {
      REQUIRE(*read == whole_);
    }
  }

 private:
  Tree tree_;
  std::string whole_;
};

}  // namespace

TEST_CASE("every flipped byte and every cut of every file is found and never read") {
  const Damage damage;
  const int num_bits = std::getenv("STREAM_TEST_LONG") != nullptr ? 8 : 3;
  std::size_t num_mutations = 0;
  std::size_t num_needed = 0;
  for (const auto& [path, content] : damage.tree()) {
    if (file_name(path) == "lock") continue;
    num_needed += is_needed(path) ? 1 : 0;
    for (std::size_t i = 0; i < content.size(); ++i) {
      INFO(path << " byte " << i);
      damage.check(path, content.substr(0, i));
      for (int bit = 0; bit < num_bits; ++bit) {
        std::string flipped = content;
        const unsigned mask = 1u << ((i * 3 + static_cast<std::size_t>(bit) * 5) % 8);
        flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ mask);
        damage.check(path, flipped);
        ++num_mutations;
      }
      ++num_mutations;
    }
    damage.check(path, content + "x");
  }
  CHECK(num_needed >= 7);
  CHECK(num_mutations >= 10'000);
}

TEST_CASE("a missing file that is needed is found") {
  const Damage damage;
  for (const auto& [path, content] : damage.tree()) {
    if (!is_needed(path) || path.ends_with("/offsets/5") || path.ends_with("/sources/0/5"))
      continue;
    MemoryFileSystem disk;
    for (const auto& [each, original] : damage.tree()) {
      if (each != path) put(disk, each, original);
    }
    INFO(path);
    CHECK_FALSE(verify_checkpoint(disk, kRoot, files_of)->empty());
    CHECK_FALSE(read_all(disk));
  }
}

TEST_CASE("strangers are reported, temporaries of killed writers are not") {
  const Damage damage;
  for (const char* name :
       {"note.txt", "offsets/x", "commits/4.bak", "state/stray", "sources/x/1"}) {
    MemoryFileSystem disk;
    for (const auto& [path, content] : damage.tree()) put(disk, path, content);
    put(disk, std::string(kRoot) + "/commits/.9.0123.tmp", "half");
    CHECK(verify_checkpoint(disk, kRoot, files_of)->empty());
    put(disk, std::string(kRoot) + "/" + name, "?");
    INFO(name);
    CHECK(verify_checkpoint(disk, kRoot, files_of)->size() == 1);
  }
}
