#include <tests/kit/catch.hpp>
#include <tests/tidy/discipline_rules.hpp>
#include <tests/tidy/include_rules.hpp>
#include <tests/tidy/text_rules.hpp>

namespace stream::tidy {
namespace {

SourceTree tree_of(std::string path, std::string text) {
  SourceTree tree;
  tree.files.push_back(make_source_file(std::move(path), std::move(text)));
  return tree;
}

std::size_t lines_found(const std::vector<Violation>& found) {
  INFO(describe(found));
  return found.size();
}

const Allowances kNobody;

TEST_CASE("comments and literals are no code, line breaks stay") {
  CHECK(blank_comments_and_literals("a /* x\n */ b // c\n\"n\\\"\" d R\"(new)\" 1'000 'n' e") ==
        "a     \n    b     \n      d R        1'000     e");
}

TEST_CASE("an include against the table is found with its line") {
  const auto table = parse_include_table(
      "## Who may include whom\n\n| folder | may | libraries |\n|---|---|---|\n"
      "| `libstream/base` | | `fmt` |\n"
      "| `libstream/plans` | `libstream/base` `libstream/connectors/*` | `boost (.cpp)` |\n");
  REQUIRE(table.size() == 2);
  const auto check = [&](const char* path, const char* text) {
    return check_includes(tree_of(path, text), table);
  };
  const auto upward = check("libstream/base/a.cpp", "\n#include <libstream/plans/p.hpp>\n");
  REQUIRE(upward.size() == 1);
  CHECK(upward[0].line == 2);
  CHECK(check("libstream/base/a.cpp", "#include \"libstream/plans/p.hpp\"\n").size() == 1);
  CHECK(check("libstream/base/a.cpp", "#include <boost/asio.hpp>\n").size() == 1);
  CHECK(check("libstream/base/a.cpp", "#include <fmt/format.h>\n#include <vector>\n").empty());
  CHECK(check("libstream/plans/a.cpp", "#include <libstream/base/b.hpp>\n").empty());
  CHECK(check("libstream/plans/a.cpp", "#include <libstream/connectors/c.hpp>\n").empty());
  CHECK(check("libstream/plans/a.cpp", "#include <libstream/connectors/x/c.hpp>\n").size() == 1);
  CHECK(check("libstream/plans/a.cpp", "#include <boost/asio.hpp>\n").empty());
  CHECK(check("libstream/plans/a.hpp", "#include <boost/asio.hpp>\n").size() == 1);
  CHECK(check("libstream/other/a.hpp", "").size() == 1);
}

TEST_CASE("reads of the operating system's clock are found") {
  const auto count = [](const char* code) {
    return lines_found(check_clock_reads(tree_of("libstream/a.cpp", code), kNobody));
  };
  CHECK(count("auto t = std::chrono::steady_clock::now();") == 1);
  CHECK(count("auto t = steady_clock :: now();") == 1);
  CHECK(count("auto t = std::time(nullptr);") == 1);
  CHECK(count("auto t = ::time(nullptr);") == 1);
  CHECK(count("gettimeofday(&t, nullptr); clock_gettime(CLOCK_MONOTONIC, &s);") == 2);
  CHECK(count("auto& c = system_clock(); c.wall_millis(); x.time(); EpochMillis time() const;") ==
        0);
  CHECK(count("// steady_clock::now()\nauto s = \"time(0)\";") == 0);
}

TEST_CASE("sleeps, threads and randomness are found") {
  const auto tree = [](const char* code) { return tree_of("libstream/a.cpp", code); };
  CHECK(lines_found(check_sleeps(tree("std::this_thread::sleep_for(1s); usleep(3); sleep(1);"),
                                 kNobody)) == 3);
  CHECK(lines_found(check_sleeps(tree("x.sleep(1); // sleep(1)"), kNobody)) == 0);
  CHECK(lines_found(check_threads(tree("std::thread a; std::jthread b; pthread_create(); "
                                       "std::async(f);"),
                                  kNobody)) == 4);
  CHECK(lines_found(
            check_threads(tree("std::thread::id a; std::this_thread::yield();"), kNobody)) == 0);
  CHECK(lines_found(check_randomness(tree("std::random_device d; int a = rand(); std::srand(1);"),
                                     kNobody)) == 3);
  CHECK(lines_found(check_randomness(tree("double rand(int seed); rand = 1;"), kNobody)) == 0);
}

TEST_CASE("new, delete and CAF are found") {
  const auto tree = [](const char* code) { return tree_of("libstream/a.hpp", code); };
  CHECK(lines_found(check_new_and_delete(tree("auto* a = new int; delete a;"), kNobody)) == 2);
  CHECK(lines_found(check_new_and_delete(tree("#include <new>\nA(const A&) = delete;"), kNobody)) ==
        0);
  CHECK(lines_found(check_new_and_delete(tree("std::unique_ptr<A> a(new A); int* b(new int);"),
                                         kNobody)) == 1);
  CHECK(lines_found(check_caf(tree("caf::actor a;"), kNobody)) == 1);
  CHECK(lines_found(check_caf(tree("#ifdef CAF_VERSION\n#endif"), kNobody)) == 1);
}

TEST_CASE("a file or folder named in the table is left alone, a dead name in it is found") {
  const auto allowed = parse_allowances(
      "## Who may touch what\n| s | f |\n|---|---|\n"
      "| `sleep`: waits | `libstream/a.cpp` `tests/cluster/` |\n");
  REQUIRE(allowed.size() == 1);
  CHECK(check_sleeps(tree_of("libstream/a.cpp", "usleep(1);"), allowed).empty());
  CHECK(check_sleeps(tree_of("tests/cluster/b.cpp", "usleep(1);"), allowed).empty());
  CHECK(check_sleeps(tree_of("tests/unit/b.cpp", "usleep(1);"), allowed).size() == 1);
  CHECK(check_allowances_exist(tree_of("libstream/a.cpp", ""), allowed).empty());
  CHECK(check_allowances_exist(tree_of("libstream/b.cpp", ""), allowed).size() == 1);
}

TEST_CASE("dead files are found") {
  auto tree = tree_of("libstream/base/a.cpp", "#include <libstream/base/a.hpp>\n");
  tree.files.push_back(make_source_file("libstream/base/a.hpp", ""));
  tree.files.push_back(make_source_file("libstream/base/CMakeLists.txt", "SOURCES data.cpp"));
  CHECK(lines_found(check_dead_files(tree)) == 1);
  tree.files.back().text = "SOURCES b.cpp a.cpp)";
  tree.files.push_back(make_source_file("tests/x.hpp", ""));
  const auto found = check_dead_files(tree);
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == "tests/x.hpp");
}

TEST_CASE("bad names of files and types are found") {
  CHECK(check_file_names(tree_of("libstream/LineScanner.cpp", "")).size() == 1);
  CHECK(check_file_names(tree_of("libstream/line-scanner.cpp", "")).size() == 1);
  CHECK(check_file_names(tree_of("libstream/line_scanner.cpp", "")).empty());
  CHECK(check_type_names(
            tree_of("a.hpp", "class TaskManager; struct LineUtils; using CodecV2 = int;"))
            .size() == 3);
  CHECK(check_type_names(tree_of("a.hpp", "class Utility; struct Commons; // class TaskManager"))
            .empty());
  CHECK(check_type_names(tree_of("a.hpp", "class StreamingQueryManager;")).empty());
}

TEST_CASE("notes of work left to do and dead links are found") {
  CHECK(check_left_over_notes(tree_of("a.cpp",
                                      "// TO"
                                      "DO: later\n/* FIX"
                                      "ME */"))
            .size() == 2);
  CHECK(check_left_over_notes(tree_of("a.cpp", "int to_do = TODOS;")).empty());
  CHECK(check_left_over_notes(tree_of("a.cpp",
                                      "// XX"
                                      "X: later, but HH:mm[XX"
                                      "X] is a pattern"))
            .size() == 1);
  auto tree = tree_of("libstream/README.md",
                      "[a](base/a.hpp) [b](../apps) [c](https://x.org) "
                      "[d](#here)\n[e](gone.md)\n```\nf[](int x)\n```\n");
  tree.files.push_back(make_source_file("libstream/base/a.hpp", ""));
  tree.files.push_back(make_source_file("apps/run", ""));
  const auto found = check_links(tree, {});
  REQUIRE(found.size() == 1);
  CHECK(found[0].line == 2);
}

}  // namespace
}  // namespace stream::tidy
