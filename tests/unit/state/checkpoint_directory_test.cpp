#include <libstream/base/memory_file_system.hpp>
#include <libstream/state/checkpoint_text.hpp>
#include <tests/kit/catch.hpp>

#include "checkpoint_script.hpp"

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string error_of_open(FileSystem& files, const std::string& plan = kPlan) {
  const auto opened = CheckpointDirectory::open(files, kRoot, plan);
  return opened ? "" : opened.error().message();
}

std::string at(const std::string& name) { return std::string(kRoot) + "/" + name; }

std::size_t num_files_at(FileSystem& files, const std::string& folder) {
  return files.list(at(folder))->size();
}

}  // namespace

TEST_CASE("a fresh checkpoint has an identity that later runs share under higher terms") {
  MemoryFileSystem disk;
  std::string query_id;
  {
    const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
    CHECK(directory->is_fresh());
    CHECK(directory->term() == 1);
    CHECK_FALSE(directory->last_commit()->has_value());
    CHECK_FALSE(directory->uncommitted_offsets()->has_value());
    query_id = directory->query_id();
  }
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  CHECK_FALSE(directory->is_fresh());
  CHECK(directory->term() == 2);
  CHECK(directory->query_id() == query_id);
}

TEST_CASE("a second owner is refused and told what to do") {
  MemoryFileSystem disk;
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  CHECK_THAT(error_of_open(disk),
             ContainsSubstring("another process") && ContainsSubstring("stop"));
}

TEST_CASE("a run that was taken over writes nothing more") {
  MemoryFileSystem disk;
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  directory->write_offsets(0, "zero").value();
  REQUIRE(write_file_exclusive(disk, at("runs/2"), with_checksum("query")).value());
  for (const auto& written : {directory->write_offsets(1, "x"), directory->write_commit(0, "x")}) {
    REQUIRE_FALSE(written);
    CHECK(written.error().error_class() == ErrorClass::fenced);
    CHECK_THAT(written.error().message(), ContainsSubstring("another run of this query"));
  }
  CHECK_FALSE(disk.exists(at("commits/0")).value());
}

TEST_CASE("by terms who comes last owns the checkpoint, and what it lists outlives the others") {
  MemoryFileSystem disk;
  const auto open = [&] {
    return CheckpointDirectory::open(disk, kRoot, kPlan, CheckpointOwnership::by_term).value();
  };
  const auto stopped = open();
  stopped->write_offsets(0, "zero").value();
  stopped->write_commit(0, commit_text(0, {})).value();
  const auto owner = open();
  CHECK(owner->term() == 2);
  BlockPool pool;
  const std::vector<StatePiece> pieces{make_piece(changes_of(1), pool)};
  const SealedFile listed = owner->write_state("counts", 1, 0, pieces).value();
  const SealedFile of_host = write_state_of(disk, kRoot, {2, 7, 1}, "counts", 1, pieces).value();
  const SealedFile dead = stopped->write_state("counts", 1, 0, pieces).value();
  owner->write_source_entry(0, 5, "files of the owner").value();
  CHECK_FALSE(stopped->write_source_entry(0, 5, "files it sees now"));
  CHECK_FALSE(stopped->write_offsets(1, "one"));
  stopped->sweep(0, {}).value();
  CHECK(disk.exists(at("state/" + listed.name)).value());
  CHECK(disk.exists(at("state/" + of_host.name)).value());
  owner->sweep(1, {listed.name, of_host.name}).value();
  CHECK_FALSE(disk.exists(at("state/" + dead.name)).value());
  CHECK(owner->read_source_entries(0)->front().second == "files of the owner");
}

TEST_CASE("a commit that a lower term linked at the last moment is found by who opens again") {
  MemoryFileSystem disk;
  const auto owner =
      CheckpointDirectory::open(disk, kRoot, kPlan, CheckpointOwnership::by_term).value();
  owner->write_offsets(0, "zero").value();
  REQUIRE(write_file_exclusive(disk, at("commits/0"), with_checksum("of a lower term")).value());
  const auto written = owner->write_commit(0, "of this term");
  REQUIRE_FALSE(written);
  CHECK(written.error().error_class() == ErrorClass::transient);
  const auto again = CheckpointDirectory::open(disk, kRoot, kPlan, CheckpointOwnership::by_term);
  CHECK(again.value()->last_commit()->value().second == "of a lower term");
}

TEST_CASE("an entry is written once, though its own writer may repeat it") {
  MemoryFileSystem disk;
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  directory->write_offsets(0, "zero").value();
  directory->write_commit(0, "mine").value();
  CHECK(directory->write_commit(0, "mine"));
  CHECK_FALSE(directory->write_commit(0, "other"));
  CHECK(directory->last_commit()->value().second == "mine");
}

TEST_CASE("the plan of another query is refused with what is kept, new and orphaned") {
  MemoryFileSystem disk;
  static_cast<void>(CheckpointDirectory::open(disk, kRoot, kPlan).value());
  const std::string changed = error_of_open(disk, "source numbers\noperator sums\n");
  CHECK_THAT(changed, ContainsSubstring("another query:\n"
                                        "  kept      source   numbers\n"
                                        "  new       operator sums\n"
                                        "  orphaned  operator counts\n"));
  CHECK_THAT(error_of_open(disk, "source numbers\n"),
             ContainsSubstring("orphaned  operator counts"));
  CHECK_THAT(error_of_open(disk, std::string(kPlan) + "operator more a name\n"),
             ContainsSubstring("kept      operator counts") &&
                 ContainsSubstring("new       operator more (a name)"));
  // What an operator is called and where it stands may change.
  CHECK(error_of_open(disk, "source numbers\noperator counts count at main.cpp:12\n") == "");
  CHECK(error_of_open(disk) == "");
}

TEST_CASE("entries without metadata are refused") {
  MemoryFileSystem disk;
  REQUIRE(run_epochs(disk, 1).error == "");
  disk.remove(at("metadata")).value();
  CHECK_THAT(error_of_open(disk), ContainsSubstring("no metadata"));
}

TEST_CASE("a newer format is refused, not taken for damage") {
  MemoryFileSystem disk;
  REQUIRE(run_epochs(disk, 0).error == "");
  write_file_atomic(disk, at("metadata"), with_checksum("libstream checkpoint 2\nid")).value();
  CHECK_THAT(error_of_open(disk), ContainsSubstring("'libstream checkpoint 2'"));
}

TEST_CASE("a gap between commits and offsets is refused") {
  MemoryFileSystem disk;
  REQUIRE(run_epochs(disk, 4).error == "");
  disk.remove(at("commits/3")).value();
  CHECK_THAT(error_of_open(disk), ContainsSubstring(at("commits/3")));
}

TEST_CASE("epochs may skip numbers") {
  MemoryFileSystem disk;
  {
    const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
    for (const std::int64_t n : {0, 7, 40}) {
      directory->write_offsets(n, "o").value();
      directory->write_commit(n, commit_text(n, {})).value();
    }
    directory->write_offsets(55, "open").value();
    directory->sweep(40, {}).value();
  }
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  CHECK(directory->last_commit()->value().first == 40);
  CHECK(directory->uncommitted_offsets()->value() == CheckpointDirectory::Entry{55, "open"});
  CHECK(verify_checkpoint(disk, kRoot, files_of)->empty());
}

TEST_CASE("old entries are removed many at a time") {
  MemoryFileSystem disk;
  REQUIRE(run_epochs(disk, 19).error == "");
  CHECK(num_files_at(disk, "commits") == 20);
  CHECK(num_files_at(disk, "offsets") == 20);
  MemoryFileSystem other;
  REQUIRE(run_epochs(other, 100).error == "");
  CHECK(num_files_at(other, "commits") >= 10);
  CHECK(num_files_at(other, "commits") <= 20);
  CHECK(num_files_at(other, "offsets") == num_files_at(other, "commits"));
}

TEST_CASE("sweeping keeps the last entries, live state and what is being sealed") {
  MemoryFileSystem disk;
  REQUIRE(run_epochs(disk, 20).error == "");
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  const auto listed = files_of(directory->last_commit()->value().second).value();
  BlockPool pool;
  const std::vector<StatePiece> pieces{make_piece(changes_of(21), pool)};
  const SealedFile next = directory->write_state("counts", 21, 0, pieces).value();
  const SealedFile dead = directory->write_state("counts", 20, 0, pieces).value();
  write_file_atomic(disk, at("state/counts/.20-1-0.delta.77.tmp"), "half").value();
  write_file_atomic(disk, at("commits/.20.77.tmp"), "half").value();
  std::vector<std::string> live;
  for (const SealedFile& file : listed) live.push_back(file.name);
  directory->sweep(20, live).value();
  CHECK(num_files_at(disk, "commits") == 10);
  CHECK(num_files_at(disk, "offsets") == 10);
  CHECK(disk.exists(at("state/" + next.name)).value());
  CHECK_FALSE(disk.exists(at("state/" + dead.name)).value());
  CHECK(num_files_at(disk, "state/counts") == listed.size() + 1);
  for (const SealedFile& file : listed) CHECK(directory->read_state(file, pool));
}

TEST_CASE("another file under a listed name is refused") {
  MemoryFileSystem disk;
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  BlockPool pool;
  const SealedFile listed = directory->write_state("counts", 0, 0, {}).value();
  directory->write_state("counts", 0, 0, {make_piece(changes_of(0), pool)}).value();
  const auto read = directory->read_state(listed, pool);
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().message(), ContainsSubstring(at("state/" + listed.name)));
}

TEST_CASE("an operator id that names no folder is refused") {
  MemoryFileSystem disk;
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  for (const char* id : {"", "..", "a/b", ".hidden"})
    CHECK_FALSE(directory->write_state(id, 0, 0, {}));
}

TEST_CASE("source entries come back in order until they are removed") {
  MemoryFileSystem disk;
  const auto directory = CheckpointDirectory::open(disk, kRoot, kPlan).value();
  for (const std::int64_t n : {9, 10, 11}) {
    directory->write_source_entry(3, n, std::to_string(n)).value();
  }
  directory->write_source_entry(3, 10, "ten").value();
  directory->remove_source_entries_below(3, 10).value();
  const std::vector<CheckpointDirectory::Entry> expected{{10, "ten"}, {11, "11"}};
  CHECK(directory->read_source_entries(3).value() == expected);
  CHECK(directory->read_source_entries(4)->empty());
}
