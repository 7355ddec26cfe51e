#include <libstream/connectors/files/file_glob.hpp>
#include <tests/unit/connectors/files/file_fixture.hpp>

using namespace stream;
using namespace stream::testing;

namespace {

Lines paths(FileSystem& files, const std::string& path) {
  Lines names;
  for (const FileStatus& file : require_value(list_files(files, path))) names.push_back(file.path);
  return names;
}

}  // namespace

TEST_CASE("a glob matches any bytes by * and one byte by ?") {
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a*b*c", "aXXbYYc"));
  CHECK(matches_glob("a*b*c", "abbcbc"));
  CHECK_FALSE(matches_glob("a*b*c", "acb"));
  CHECK(matches_glob("log.?", "log.1"));
  CHECK_FALSE(matches_glob("log.?", "log."));
  CHECK_FALSE(matches_glob("log", "log.1"));
  CHECK(matches_glob("**x", "x"));
}

TEST_CASE("a path lists a file, a directory's files or a glob's matches, without hidden names") {
  MemoryFileSystem files;
  for (const char* path : {"/d/b.txt", "/d/a.txt", "/d/.hidden", "/d/_kept", "/d/sub/c.txt",
                           "/e1/x.txt", "/e2/y.txt", "/e2/.z.txt"})
    put_file(files, path, "");
  CHECK(paths(files, "/d/a.txt") == Lines{"/d/a.txt"});
  CHECK(paths(files, "/d") == Lines{"/d/_kept", "/d/a.txt", "/d/b.txt"});
  CHECK(paths(files, "/d/*.txt") == Lines{"/d/a.txt", "/d/b.txt"});
  CHECK(paths(files, "/e?/*") == Lines{"/e1/x.txt", "/e2/y.txt"});
  CHECK(paths(files, "/e*") == Lines{"/e1/x.txt", "/e2/y.txt"});
  CHECK(paths(files, "/d/none*").empty());
}

TEST_CASE("a missing path is an error that names it") {
  MemoryFileSystem files;
  for (const char* path : {"/none", "/none/*.txt"}) {
    const auto listed = list_files(files, path);
    REQUIRE_FALSE(listed);
    CHECK(listed.error().error_class() == ErrorClass::transient);
    CHECK_THAT(listed.error().message(), Catch::Matchers::ContainsSubstring("/none"));
  }
}
