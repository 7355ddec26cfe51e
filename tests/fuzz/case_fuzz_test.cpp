#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/case_file.hpp>
#include <tests/fuzz/check_fuzz.hpp>
#include <tests/fuzz/fuzz.hpp>
#include <tests/kit/catch.hpp>

namespace stream::fuzz {

namespace {

/// Whatever a transcript says, running it gives outcomes.
std::string run_as(const char* path, std::string_view text) {
  const testing::CaseCell cell{local_runner(), "local", 1, 1024, false};
  for (const testing::CaseOutcome& outcome : testing::run_case_file(path, text, {cell})) {
    if (outcome.name.empty()) return "a case without a name";
  }
  return "";
}

}  // namespace

TEST_CASE("no transcript of a query brings its runner down") {
  FuzzTarget target;
  target.name = "case files";
  target.corpus = {
      "# Late rows.\n--- source e\nts TIMESTAMP, k STRING, v BIGINT\n--- view m\n"
      "e.withWatermark(\"ts\", \"10 seconds\")\n--- query append\n"
      "SELECT window.start AS s, k, count(*) AS n FROM m GROUP BY window(ts, '10 seconds'), k\n"
      "--- input\ne {\"ts\":\"2024-01-01 00:00:01\",\"k\":\"a\",\"v\":1}\n"
      "e {\"ts\":\"2024-01-01 00:00:45\",\"k\":\"b\",\"v\":2}\n--- output 0\n--- progress 0\n"
      "input=2 watermark=1970-01-01 00:00:00 late=0 state=2\n",
      "--- source a\nk STRING, v INT\n--- query update\nSELECT k, sum(v) FROM a GROUP BY k\n"
      "--- input\na {\"k\":\"x\",\"v\":3}\n--- output 0\n[\"x\",3]\n--- restart uncommitted\n"
      "--- input\na {\"k\":\"x\"}\n--- output 1 ordered\n[\"x\",3]\n",
      "--- table t\nid INT, m MAP<STRING,INT>\n{\"id\":1,\"m\":[[\"a\",1]]}\n=== one core\n"
      "--- query batch\nSELECT id + 1 FROM t\n--- schema\n[\"(id + 1)\",\"INT\"]\n--- output "
      "0\n[2]\n"
      "\n=== two\n--- query batch\nSELECT 1/0\n--- error runtime\nDIVIDE_BY_ZERO\n",
      "--- read csv\nheader=true\nsep=\";\"\n--- schema\na INT, b STRING\n--- file escaped\n"
      "a;b\\n1;x\\x0a\n--- columns\n[\"a\",\"INT\"]\n[\"b\",\"STRING\"]\n--- output\n[1,\"x\"]\n",
      "--- write json\n--- columns\n[\"a\",\"INT\"]\n--- rows\n[1]\n--- file\n{\"a\":1}\n",
      "--- show\nn=20\ntruncate=3\nvertical=false\n--- columns\n[\"a\",\"STRING\"]\n--- rows\n"
      "[\"abcdef\"]\n--- text\n>+---+\n>|  a|\n>+---+\n>|abc|\n>+---+\n>\n",
      "--- source s\nk STRING\n--- console append\nnumRows=5\n--- query\nSELECT k FROM s\n"
      "--- input\ns {\"k\":\"x\"}\n--- text\n>\n",
  };
  target.words = {"---",
                  "--- input",
                  "--- output 0",
                  "--- query batch",
                  "--- view v",
                  "===",
                  "=== x core",
                  "\n",
                  "{",
                  "}",
                  "[",
                  "]",
                  "\"",
                  ",",
                  "null",
                  "e {",
                  "restart",
                  "conf",
                  "--- error plan",
                  "999999999999",
                  "escaped",
                  "\\x",
                  "--- text",
                  "SELECT",
                  "-1",
                  "--- table t",
                  "\xff",
                  "a=b",
                  ">",
                  "--- progress 0"};
  target.run = [](std::string_view text) { return run_as("fuzz.cases", text); };
  check_fuzz(target);
}

TEST_CASE("no transcript of DStreams brings its runner down") {
  FuzzTarget target;
  target.name = "dcase files";
  target.corpus = {
      "--- stream a\n[1,2]\n[3]\n--- flow\nb = a.map(add1)\nout = b.window(2, 1)\n--- output out\n"
      "1 [2,3]\n2 [2,3,4]\n",
      "--- stream a\n[[\"x\",1],[\"y\",2]]\n--- flow\nout = a.reduceByKey(sum)\n--- output out\n"
      "1 [[\"x\",1],[\"y\",2]]\n2 -\n",
      "--- stream a\n[[1,2]]\n--- stream b\n[[1,3]]\n--- flow\nout = a.join(b)\n--- output out\n"
      "1 [[1,[2,3]]]\n",
      "--- stream a\n[1]\n--- flow\nx = a.slice(1, 1)\n--- slice\n[1]\n",
      "--- stream a\n[[\"k\",1]]\n--- flow\nout = a.updateStateByKey(runningSum, [[\"k\",2]])\n"
      "--- output out\n1 [[\"k\",3]]\n",
  };
  target.words = {
      "---",     "[", "]",    ",",  "\n",  "out =", "a.",      "map(",           ")",
      "window(", "-", "null", "\"", "1.5", "swap",  "keymod3", "countByValue()", "sum, minus",
      "\xff",    "{}"};
  target.run = [](std::string_view text) { return run_as("fuzz.dcase", text); };
  check_fuzz(target);
}

}  // namespace stream::fuzz
