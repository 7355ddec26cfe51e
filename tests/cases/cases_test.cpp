// Every transcript of this folder, a test case a topic. A topic's cases must pass, save those that
// known-differences.md lists, which must fail.
#include <actors/runner.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/case_file.hpp>
#include <tests/cases/known_differences.hpp>
#include <tests/kit/catch.hpp>

#include <set>

using namespace stream;

namespace {

const KnownDifferences& known_differences() {
  static const KnownDifferences known = parse_known_differences(value_or_throw(
      read_file(local_file_system(), std::string(STREAM_CASES) + "/known-differences.md")));
  return known;
}

std::set<std::string>& tested_topics() {
  static std::set<std::string> topics;
  return topics;
}

/// All cells for streams. Functions, files and tables do not depend on what comes between the
/// operators: fewer cells.
std::vector<testing::CaseCell> cells_for(bool is_bounded) {
  std::vector<testing::CaseCell> cells = testing::all_case_cells(local_runner(), actor_runner());
  if (!is_bounded) return cells;
  std::erase_if(cells, [](const testing::CaseCell& cell) {
    const bool is_small = cell.batch_rows == 1;
    return cell.loses_tasks || cell.is_rescaled ||
           (is_small && (cell.runner_name != "local" || cell.parallelism != 1));
  });
  return cells;
}

void check_topic(const std::string& topic, bool is_bounded) {
  tested_topics().insert(topic);
  const std::string root = std::string(STREAM_CASES) + "/";
  const auto cells = cells_for(is_bounded);
  const KnownDifferences& known = known_differences();
  const auto paths = value_or_throw(testing::find_case_files(root + topic));
  REQUIRE_FALSE(paths.empty());
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    const std::string text = value_or_throw(read_file(local_file_system(), path));
    for (const testing::CaseOutcome& outcome : testing::run_case_file(path, text, cells)) {
      const std::string name = outcome.name.substr(root.size());
      INFO(name);
      seen.insert(name);
      const std::string reason = outcome.reason;
      if (known.cases.contains(name)) {
        INFO("known-differences.md lists the case, but it passes: take it off the list");
        CHECK(reason != "");
        continue;
      }
      CHECK(reason == "");
      const std::string names = outcome.name_diff;
      if (known.names.contains(name)) {
        INFO("known-differences.md lists the case's column names, but they agree");
        CHECK(names != "");
      } else {
        CHECK(names == "");
      }
    }
  }
  for (const auto* list : {&known.cases, &known.names}) {
    for (const auto& [name, why] : *list) {
      if (!name.starts_with(topic + "/")) continue;
      INFO("known-differences.md: a case that is not there, or one without a reason: " << name);
      CHECK(seen.contains(name));
      CHECK(why.size() > 10);
    }
  }
}

void check_streams(const std::string& topic) { check_topic(topic, false); }
void check_bounded(const std::string& topic) { check_topic(topic, true); }

}  // namespace

TEST_CASE("transcripts: functions") { check_bounded("functions"); }
TEST_CASE("transcripts: readers") { check_bounded("readers"); }
TEST_CASE("transcripts: writers") { check_bounded("writers"); }
TEST_CASE("transcripts: show") { check_bounded("show"); }
TEST_CASE("transcripts: sql") { check_bounded("sql"); }

TEST_CASE("transcripts: aggregate") { check_streams("aggregate"); }
TEST_CASE("transcripts: chain") { check_streams("chain"); }
TEST_CASE("transcripts: dedup") { check_streams("dedup"); }
TEST_CASE("transcripts: dstream-basic") { check_streams("dstream-basic"); }
TEST_CASE("transcripts: dstream-join") { check_streams("dstream-join"); }
TEST_CASE("transcripts: dstream-keyed") { check_streams("dstream-keyed"); }
TEST_CASE("transcripts: dstream-slice") { check_streams("dstream-slice"); }
TEST_CASE("transcripts: dstream-state") { check_streams("dstream-state"); }
TEST_CASE("transcripts: dstream-window") { check_streams("dstream-window"); }
TEST_CASE("transcripts: fuzz-chain") { check_streams("fuzz-chain"); }
TEST_CASE("transcripts: fuzz-dedup") { check_streams("fuzz-dedup"); }
TEST_CASE("transcripts: fuzz-dedup-window") { check_streams("fuzz-dedup-window"); }
TEST_CASE("transcripts: fuzz-join") { check_streams("fuzz-join"); }
TEST_CASE("transcripts: fuzz-join-agg") { check_streams("fuzz-join-agg"); }
TEST_CASE("transcripts: fuzz-join-window-key") { check_streams("fuzz-join-window-key"); }
TEST_CASE("transcripts: fuzz-keyed") { check_streams("fuzz-keyed"); }
TEST_CASE("transcripts: fuzz-session") { check_streams("fuzz-session"); }
TEST_CASE("transcripts: fuzz-session-chain") { check_streams("fuzz-session-chain"); }
TEST_CASE("transcripts: fuzz-stateless") { check_streams("fuzz-stateless"); }
TEST_CASE("transcripts: fuzz-static-join") { check_streams("fuzz-static-join"); }
TEST_CASE("transcripts: fuzz-union") { check_streams("fuzz-union"); }
TEST_CASE("transcripts: fuzz-window") { check_streams("fuzz-window"); }
TEST_CASE("transcripts: join") { check_streams("join"); }
TEST_CASE("transcripts: late-rows") { check_streams("late-rows"); }
TEST_CASE("transcripts: limit-sort") { check_streams("limit-sort"); }
TEST_CASE("transcripts: multiwatermark") { check_streams("multiwatermark"); }
TEST_CASE("transcripts: numeric") { check_streams("numeric"); }
TEST_CASE("transcripts: restart") { check_streams("restart"); }
TEST_CASE("transcripts: session") { check_streams("session"); }
TEST_CASE("transcripts: stateless") { check_streams("stateless"); }
TEST_CASE("transcripts: static-join") { check_streams("static-join"); }
TEST_CASE("transcripts: unsupported") { check_streams("unsupported"); }
TEST_CASE("transcripts: watermark") { check_streams("watermark"); }
TEST_CASE("transcripts: window") { check_streams("window"); }

TEST_CASE("every folder of transcripts has a test") {
  // Meaningful after the tests above, which note their topics.
  if (tested_topics().size() < 2) return;
  for (const FileStatus& child : value_or_throw(local_file_system().list(STREAM_CASES))) {
    if (!child.is_directory) continue;
    const std::string topic = child.path.substr(child.path.rfind('/') + 1);
    INFO("no test runs " << topic);
    CHECK(tested_topics().contains(topic));
  }
}
