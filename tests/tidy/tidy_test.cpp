#include <tests/kit/catch.hpp>
#include <tests/tidy/discipline_rules.hpp>
#include <tests/tidy/include_rules.hpp>
#include <tests/tidy/text_rules.hpp>

#include <filesystem>

namespace stream::tidy {
namespace {

const SourceTree& tree() {
  static const SourceTree all = read_source_tree(STREAM_SOURCE_ROOT);
  return all;
}

std::string_view readme() {
  const auto* file = tree().find("libstream/README.md");
  return file == nullptr ? std::string_view{} : file->text;
}

const Allowances& allowed() {
  static const Allowances all = parse_allowances(readme());
  return all;
}

void check_none(const std::vector<Violation>& found) {
  INFO(describe(found));
  CHECK(found.empty());
}

TEST_CASE("the tree and both tables of libstream/README.md can be read") {
  CHECK(tree().files.size() > 100);
  const auto table = parse_include_table(readme());
  CHECK(table.size() == 23);
  CHECK(table.contains("libstream/base"));
  CHECK(allowed().size() == 6);
}

TEST_CASE("folders include only what their row in libstream/README.md allows") {
  check_none(check_includes(tree(), parse_include_table(readme())));
}

TEST_CASE("only base/clock.cpp reads the clock of the operating system") {
  check_none(check_clock_reads(tree(), allowed()));
}

TEST_CASE("nothing sleeps outside tests/cluster") { check_none(check_sleeps(tree(), allowed())); }

TEST_CASE("threads are started only by the files that own them") {
  check_none(check_threads(tree(), allowed()));
}

TEST_CASE("randomness comes from one place or from a seed") {
  check_none(check_randomness(tree(), allowed()));
}

TEST_CASE("new and delete stay in the block pool") {
  check_none(check_new_and_delete(tree(), allowed()));
}

TEST_CASE("the table of who may touch what names files that exist") {
  check_none(check_allowances_exist(tree(), allowed()));
}

TEST_CASE("CAF stays in actors") { check_none(check_caf(tree(), allowed())); }

TEST_CASE("every source is built and every header included") {
  check_none(check_dead_files(tree()));
}

TEST_CASE("file names are snake_case") { check_none(check_file_names(tree())); }

TEST_CASE("type names say what the type is") { check_none(check_type_names(tree())); }

TEST_CASE("no note of work left to do is merged") { check_none(check_left_over_notes(tree())); }

TEST_CASE("links in the READMEs lead somewhere") {
  std::vector<std::string> entries;
  for (const auto& entry : std::filesystem::directory_iterator(STREAM_SOURCE_ROOT)) {
    entries.push_back(entry.path().filename().string());
  }
  check_none(check_links(tree(), entries));
}

}  // namespace
}  // namespace stream::tidy
