#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("available-now on a fresh directory writes each word's final count once") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a", "to be or not\tto be\r\n");
  drop_file(directory / "in/b", "be\n\n   \nnot a very-long-word-of-more-than-16-bytes");
  for (const std::string api : {"dstream", "dataframe"}) {
    for (const char* parallelism : {"1", "2", "3"}) {
      const std::string output = directory / ("out" + api + parallelism);
      const ChildResult result =
          run_program("word_count", {"--input", directory / "in", "--output", output, "--trigger",
                                     "available-now", "--parallelism", parallelism, "--api", api});
      INFO(result.output);
      REQUIRE(result.exit_code == 0);
      CHECK(sorted_lines(output) ==
            std::vector<std::string>{"a\t1", "be\t3", "not\t2", "or\t1", "to\t2",
                                     "very-long-word-of-more-than-16-bytes\t1"});
      // Nothing but the result is left behind.
      for (const auto& entry : std::filesystem::directory_iterator(output))
        CHECK(entry.path().filename().string().front() != '.');
    }
  }
}

TEST_CASE("files that came while the program was down count once more and once only") {
  const std::string api = GENERATE("dstream", "dataframe");
  TemporaryDirectory directory;
  const std::vector<std::string> arguments{
      "--input",        directory / "in", "--output",      directory / "out", "--checkpoint",
      directory / "ck", "--trigger",      "available-now", "--api",           api};
  drop_file(directory / "in/a", "x y x\n");
  REQUIRE(run_program("word_count", arguments).exit_code == 0);
  CHECK(sorted_lines(directory / "out") == std::vector<std::string>{"x\t2", "y\t1"});
  REQUIRE(run_program("word_count", arguments).exit_code == 0);
  CHECK(sorted_lines(directory / "out") == std::vector<std::string>{"x\t2", "y\t1"});
  drop_file(directory / "in/b", "y\n");
  REQUIRE(run_program("word_count", arguments).exit_code == 0);
  CHECK(sorted_lines(directory / "out") == std::vector<std::string>{"x\t2", "y\t1", "y\t2"});
}

TEST_CASE("a query may go on with another parallelism") {
  TemporaryDirectory directory;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "word" + std::to_string(i) + "\n";
  int n = 0;
  for (const char* parallelism : {"1", "3", "2", "8"}) {
    drop_file(directory / ("in/" + std::to_string(n++)), text);
    const ChildResult result =
        run_program("word_count",
                    {"--input", directory / "in", "--output", directory / "out", "--checkpoint",
                     directory / "ck", "--trigger", "available-now", "--parallelism", parallelism});
    INFO(result.output);
    REQUIRE(result.exit_code == 0);
  }
  const auto lines = sorted_lines(directory / "out");
  CHECK(lines.size() == 4000);
  CHECK(std::count(lines.begin(), lines.end(), "word7\t4") == 1);
}

TEST_CASE("what is wrong with the options is said with its place and cure") {
  TemporaryDirectory directory;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& text) {
    const ChildResult result = run_program("word_count", arguments);
    CHECK(result.exit_code != 0);
    CHECK_THAT(result.output, ContainsSubstring(text));
  };
  refused({"--input", directory / "missing", "--trigger", "available-now"}, "missing");
  refused({"--input", directory / "", "--trigger", "soon"}, "soon");
  refused({"--input", directory / "", "--trigger", "-5s"}, "-5s");
  refused({"--input", directory / "", "--nonsense"}, "--nonsense");
  refused({"--input", "tcp://localhost", "--trigger", "1s"}, "tcp://HOST:PORT");
  refused({"--input", directory / "", "--parallelism", "0", "--trigger", "available-now"},
          "parallelism");
}

TEST_CASE("a damaged, cut or foreign checkpoint is refused and verify finds the place") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a", "x y x\n");
  const std::vector<std::string> arguments{"--input",         directory / "in", "--output",
                                           directory / "out", "--checkpoint",   directory / "ck",
                                           "--trigger",       "available-now"};
  REQUIRE(run_program("word_count", arguments).exit_code == 0);
  REQUIRE(run_program("streamctl", {"checkpoint", "verify", directory / "ck"}).exit_code == 0);
  const ChildResult shown = run_program("streamctl", {"checkpoint", "show", directory / "ck"});
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.output, ContainsSubstring("commits/"));

  const std::string commit = directory / "ck/commits/0";
  std::filesystem::permissions(commit, std::filesystem::perms::owner_all);
  std::fstream file(commit, std::ios::in | std::ios::out);
  file.seekp(10);
  const char byte = static_cast<char>(file.peek() ^ 1);
  file.seekp(10);
  file.put(byte);
  file.close();
  const ChildResult refused = run_program("word_count", arguments);
  CHECK(refused.exit_code != 0);
  CHECK_THAT(refused.output, ContainsSubstring("commits/0"));
  const ChildResult verified = run_program("streamctl", {"checkpoint", "verify", directory / "ck"});
  CHECK(verified.exit_code == 1);
  CHECK_THAT(verified.output, ContainsSubstring("commits/0"));
}

TEST_CASE("SIGTERM ends the program gracefully") {
  TemporaryDirectory directory;
  drop_file(directory / "in/a", "x\n");
  ChildProcess child("word_count", {"--input", directory / "in", "--output", directory / "out",
                                    "--checkpoint", directory / "ck", "--trigger", "100ms"});
  for (int i = 0; i < 400 && sorted_lines(directory / "out").empty(); ++i) sleep_millis(10);
  child.signal(SIGTERM);
  const ChildResult result = child.wait(10);
  INFO(result.output);
  CHECK(result.exit_code == 0);
  CHECK(sorted_lines(directory / "out") == std::vector<std::string>{"x\t1"});
}
