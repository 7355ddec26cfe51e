#include <libstream/control/cluster_board.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>

using namespace stream;

namespace {

NodeInfo node(const std::string& id) { return {id, "127.0.0.1", 1, 2}; }

ClusterOptions fast() {
  ClusterOptions options;
  options.liveness = {Duration(100), 3};
  return options;
}

/// Boards that hear one another at once, as long as they are not cut off.
class Nodes {
 public:
  void start(const std::string& id, const std::string& join = "") {
    boards.emplace(id, ClusterBoard(node(id), fast(), now));
    if (!join.empty()) run(join, boards.at(join).on_join(node(id), {}, now));
  }

  void run(const std::string& from, const ClusterCommands& commands) {
    for (const ClusterCommand& command : commands)
      std::visit([&](const auto& c) { carry_out(from, c); }, command);
  }
  void pass(std::int64_t millis, const std::string& hung = "") {
    for (const std::int64_t end = now + millis; now < end;) {
      now += 50;
      for (auto& [id, board] : boards) {
        if (id != hung) run(id, board.on_tick(now));
      }
    }
  }
  void report(const std::string& from, SubmissionReport report) {
    run(from, boards.at(from).report_submission(std::move(report), now));
  }
  bool is_connected(const std::string& a, const std::string& b) const {
    return boards.contains(a) && boards.contains(b) && cut.contains(a) == cut.contains(b);
  }

  std::map<std::string, ClusterBoard> boards;
  std::set<std::string> cut;  ///< these hear one another only
  std::int64_t now = 0;
  std::vector<std::string> log;

 private:
  void carry_out(const std::string& from, const SendView& command) {
    const ClusterView view = boards.at(from).view();
    for (const std::string& to : command.to) {
      if (is_connected(from, to)) run(to, boards.at(to).on_view(view, now));
    }
  }
  void carry_out(const std::string& from, const SendHeartbeat& command) {
    const Pulse pulse = boards.at(from).pulse();
    for (const std::string& to : command.to) {
      if (is_connected(from, to)) run(to, boards.at(to).on_heartbeat(from, pulse, now));
    }
  }
  void carry_out(const std::string& from, const AskToJoin& command) {
    if (is_connected(from, command.of.id))
      run(command.of.id, boards.at(command.of.id).on_join(node(from), command.standing, now));
  }
  void carry_out(const std::string& from, const MembersChanged& command) {
    for (const std::string& lost : command.lost) log.push_back(from + " lost " + lost);
  }
  void carry_out(const std::string& from, const StartSubmission& command) {
    log.push_back(from + " starts " + std::to_string(command.submission.number) +
                  (command.is_perhaps_alive ? " when it rests" : ""));
  }
  void carry_out(const std::string& from, const StopSubmission& command) {
    log.push_back(from + " stops " + std::to_string(command.number));
  }
  void carry_out(const std::string& from, const RescaleSubmission& command) {
    log.push_back(from + " rescales " + std::to_string(command.number) + " to " +
                  std::to_string(command.parallelism));
  }
  void carry_out(const std::string& from, const SendReport& command) {
    if (is_connected(from, command.to))
      run(command.to,
          boards.at(command.to).on_report(boards.at(from).report_of(command.number), now));
  }
};

bool has(const std::vector<std::string>& log, const std::string& entry) {
  return std::find(log.begin(), log.end(), entry) != log.end();
}

}  // namespace

TEST_CASE("a node is lost when it was not heard for three heartbeats, not before") {
  Liveness liveness({Duration(2000), 3});
  liveness.watch("a", 0);
  liveness.watch("b", 0);
  liveness.heard("b", 5000);
  liveness.heard("stranger", 5000);
  CHECK(liveness.take_lost(6000).empty());
  CHECK(liveness.take_lost(6001) == std::vector<std::string>{"a"});
  CHECK(liveness.take_lost(11'000).empty());
  CHECK_FALSE(liveness.watches("a"));
  CHECK(liveness.watches("b"));
}

TEST_CASE("a query that fails for passing reasons starts again later and later, then no more") {
  RestartPolicy policy({3, Duration(100), Duration(300), Duration(10'000)});
  policy.on_started(0);
  CHECK(policy.on_failed(ErrorClass::transient, 1000) == 1100);
  CHECK(policy.on_failed(ErrorClass::transient, 2000) == 2200);
  CHECK(policy.on_failed(ErrorClass::transient, 3000) == 3300);
  CHECK(policy.on_failed(ErrorClass::transient, 4000) == std::nullopt);
  policy.on_started(5000);
  CHECK(policy.on_failed(ErrorClass::transient, 15'000) == 15'100);
  CHECK(policy.on_failed(ErrorClass::user_code, 15'000) == std::nullopt);
  CHECK(policy.on_failed(ErrorClass::fenced, 20'000) == 20'100);
}

TEST_CASE("nodes that join see one another and one leader") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  nodes.start("c", "a");
  for (const auto& [id, board] : nodes.boards) {
    CHECK(board.view().leader == "a");
    CHECK(board.view().members.size() == 3);
    CHECK(board.is_leader() == (id == "a"));
  }
  nodes.pass(5000);
  CHECK(nodes.boards.at("c").view().members.size() == 3);
}

TEST_CASE("what a lost node coordinated starts on another one") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  nodes.start("c", "a");
  for (int i = 0; i < 3; ++i) nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  CHECK(has(nodes.log, "a starts 1"));
  CHECK(has(nodes.log, "b starts 2"));
  CHECK(has(nodes.log, "c starts 3"));
  nodes.report("b", {2, 1, SubmissionState::running, {}, ""});
  CHECK(nodes.boards.at("c").view().find_submission(2)->state == SubmissionState::running);
  nodes.boards.erase("b");
  nodes.log.clear();
  nodes.pass(300);
  CHECK(nodes.log.empty());
  nodes.pass(100);
  CHECK(has(nodes.log, "a lost b"));
  CHECK(has(nodes.log, "c lost b"));
  CHECK(has(nodes.log, "a starts 2"));
  CHECK(nodes.boards.at("c").view().find_submission(2)->attempt == 2);
}

TEST_CASE("the next in rank leads when the leader is lost, and takes its submissions over") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  nodes.start("c", "a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "b", nodes.now));
  nodes.boards.erase("a");
  nodes.pass(2000);
  CHECK(nodes.boards.at("b").is_leader());
  CHECK(nodes.boards.at("c").view().leader == "b");
  CHECK(nodes.boards.at("c").view().term == 1);
  CHECK(has(nodes.log, "b starts 1"));
  CHECK(nodes.boards.at("b").view().find_submission(1)->attempt == 2);
}

TEST_CASE("a new leader takes over as soon as enough of the members follow it, and not before") {
  Nodes nodes;
  for (const char* id : {"a", "b", "c", "d", "e"})
    nodes.start(id, std::string(id) == "a" ? "" : "a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "b", nodes.now));
  nodes.boards.erase("a");
  nodes.cut = {"d", "e"};
  nodes.run("b", nodes.boards.at("b").on_peer_lost("a", nodes.now));
  CHECK(nodes.boards.at("c").view().leader == "b");
  CHECK_FALSE(has(nodes.log, "b starts 1"));  // it has heard of two of five
  nodes.cut = {};
  nodes.run("d", nodes.boards.at("d").on_peer_lost("a", nodes.now));
  CHECK(has(nodes.log, "b starts 1"));
}

TEST_CASE("a leader that hung follows the one that took over, whom it still takes for a member") {
  Nodes nodes;
  for (const char* id : {"a", "b", "c"}) nodes.start(id, std::string(id) == "a" ? "" : "a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "b", nodes.now));
  nodes.cut = {"a"};
  nodes.pass(1000, "a");
  REQUIRE(has(nodes.log, "b starts 1"));
  REQUIRE(nodes.boards.at("a").view().members.size() == 3);
  nodes.cut = {};
  nodes.pass(350, "a");  // it is asked before it looks at its clock
  nodes.pass(100);
  for (const auto& [id, board] : nodes.boards) {
    CHECK(board.view().leader == "b");
    CHECK(board.view().members.size() == 3);
  }
  CHECK(has(nodes.log, "a stops 1"));
  CHECK_FALSE(has(nodes.log, "b stops 1"));
}

TEST_CASE(
    "a leader does not go back to an old view of its own, and notices whom it loses after it") {
  Nodes nodes;
  for (const char* id : {"a", "b", "c"}) nodes.start(id, std::string(id) == "a" ? "" : "a");
  const ClusterView old = nodes.boards.at("c").view();
  nodes.cut = {"a"};
  nodes.pass(2000);  // b and c follow b, a asks to be let in
  nodes.boards.erase("b");
  nodes.boards.erase("c");
  nodes.cut = {};
  ClusterBoard& alone = nodes.boards.at("a");
  REQUIRE(alone.view().members.size() == 1);
  ClusterView later = old;
  later.term = alone.view().term + 3;
  nodes.run("a", alone.on_view(later, nodes.now));
  CHECK(alone.view().members.size() == 1);
  CHECK(alone.view().term > later.term);
  nodes.start("d", "a");
  REQUIRE(alone.view().members.size() == 2);
  nodes.boards.erase("d");
  nodes.pass(2000);
  CHECK(alone.view().members.size() == 1);
}

TEST_CASE("the smaller part of a torn cluster takes nothing over, and joins again when it can") {
  Nodes nodes;
  for (const char* id : {"a", "b", "c", "d", "e"})
    nodes.start(id, std::string(id) == "a" ? "" : "a");
  for (int i = 0; i < 5; ++i) nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.cut = {"d", "e"};
  nodes.log.clear();
  nodes.pass(2000);
  CHECK(nodes.boards.at("a").view().members.size() == 3);
  for (const std::string& entry : nodes.log) {
    INFO(entry);
    CHECK_FALSE((entry.starts_with("d starts") || entry.starts_with("e starts")));
  }
  nodes.cut.clear();
  nodes.log.clear();
  nodes.pass(3000);
  for (const auto& [id, board] : nodes.boards) {
    INFO(id);
    CHECK(board.view().members.size() == 5);
    CHECK(board.view() == nodes.boards.at("a").view());
  }
  CHECK(has(nodes.log, "d stops 4"));
  CHECK(has(nodes.log, "e stops 5"));
}

TEST_CASE("of two halves the one that kept the leader goes on, the other waits for long") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  for (int i = 0; i < 2; ++i) nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  REQUIRE(has(nodes.log, "b starts 2"));
  nodes.cut = {"b"};
  nodes.log.clear();
  nodes.pass(2500);
  CHECK(has(nodes.log, "a starts 2"));
  CHECK_FALSE(has(nodes.log, "b starts 1"));
  nodes.pass(2500);
  CHECK(has(nodes.log, "b starts 1 when it rests"));
  nodes.cut.clear();
  nodes.pass(3000);
  CHECK(nodes.boards.at("a").view() == nodes.boards.at("b").view());
  CHECK(nodes.boards.at("a").view().members.size() == 2);
}

TEST_CASE("what was taken over from a node that is cut off has not failed there") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  for (int i = 0; i < 2; ++i) nodes.run("a", nodes.boards.at("a").on_submit({}, "b", nodes.now));
  nodes.report("b", {2, 1, SubmissionState::running, {}, ""});
  nodes.cut = {"b"};
  nodes.pass(1000);
  REQUIRE(has(nodes.log, "a starts 2"));
  nodes.report("b", {2, 1, SubmissionState::failed, ErrorClass::fatal, "taken over"});
  nodes.report("a", {2, 2, SubmissionState::running, {}, ""});
  const auto state_at_b = [&] { return nodes.boards.at("b").view().find_submission(2)->state; };
  CHECK(state_at_b() == SubmissionState::waiting);
  nodes.cut.clear();
  nodes.pass(3000);
  CHECK(state_at_b() == SubmissionState::running);
  CHECK(nodes.boards.at("b").view().find_submission(2)->coordinator == "a");
}

TEST_CASE("of two nodes one goes on at once when the connection to the other, the leader, breaks") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.boards.erase("a");
  nodes.run("b", nodes.boards.at("b").on_peer_lost("a", nodes.now));
  nodes.pass(500);
  CHECK(has(nodes.log, "b starts 1"));
}

TEST_CASE("a drained node coordinates nothing any more and gets nothing new") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.run("a", nodes.boards.at("a").on_drain("a", nodes.now));
  CHECK(has(nodes.log, "a stops 1"));
  CHECK(has(nodes.log, "b starts 1"));
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  CHECK(has(nodes.log, "b starts 2"));
}

TEST_CASE("a submission that failed for a passing reason starts again when it is due") {
  Nodes nodes;
  nodes.start("a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.report("a", {1, 1, SubmissionState::failed, ErrorClass::transient, "broker away"});
  CHECK(nodes.boards.at("a").view().find_submission(1)->state == SubmissionState::waiting);
  nodes.pass(900);
  CHECK_FALSE(nodes.boards.at("a").view().find_submission(1)->attempt == 2);
  nodes.pass(200);
  CHECK(nodes.boards.at("a").view().find_submission(1)->attempt == 2);
  nodes.report("a", {1, 2, SubmissionState::failed, ErrorClass::user_code, "boom"});
  CHECK(nodes.boards.at("a").view().find_submission(1)->state == SubmissionState::failed);
}

TEST_CASE("a submission is rescaled where it runs, and starts so on another node") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.pass(100);
  REQUIRE(nodes.boards.at("a").view().find_submission(2)->coordinator == "b");
  nodes.report("b", {2, 1, SubmissionState::running, {}, "", 1});
  nodes.log.clear();
  nodes.run("a", nodes.boards.at("a").on_rescale(2, 4, nodes.now));
  CHECK(nodes.log == std::vector<std::string>{"b rescales 2 to 4"});
  CHECK(nodes.boards.at("a").view().find_submission(2)->parallelism == 1);
  nodes.report("b", {2, 1, SubmissionState::running, {}, "", 4});
  CHECK(nodes.boards.at("a").view().find_submission(2)->parallelism == 4);
  nodes.pass(300);
  CHECK(nodes.log.size() == 1);

  SECTION("a refusal takes the wish back") {
    nodes.run("a", nodes.boards.at("a").on_rescale(2, 500, nodes.now));
    nodes.report("b", {2, 1, SubmissionState::running, {}, "too many", 4});
    nodes.pass(300);
    const Submission& one = *nodes.boards.at("b").view().find_submission(2);
    CHECK(one.message == "too many");
    CHECK(one.parallelism == 4);
    CHECK(one.program.parallelism == 4);
    CHECK(nodes.log.back() == "b rescales 2 to 500");
  }
  SECTION("the next attempt begins with it") {
    nodes.cut = {"b"};
    nodes.pass(1000);
    CHECK(nodes.boards.at("a").view().find_submission(2)->coordinator == "a");
    CHECK(nodes.boards.at("a").view().find_submission(2)->program.parallelism == 4);
  }
  SECTION("that it was done is not heard after its end") {
    nodes.report("b", {2, 1, SubmissionState::ended, {}, ""});
    nodes.report("b", {2, 1, SubmissionState::running, {}, "", 4});
    nodes.pass(300);
    CHECK(nodes.boards.at("a").view().find_submission(2)->state == SubmissionState::ended);
  }
}

TEST_CASE("a report that got lost is told again") {
  Nodes nodes;
  nodes.start("a");
  nodes.start("b", "a");
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.run("a", nodes.boards.at("a").on_submit({}, "a", nodes.now));
  nodes.cut = {"b"};
  nodes.report("b", {2, 1, SubmissionState::ended, {}, ""});
  nodes.pass(100);
  CHECK(nodes.boards.at("a").view().find_submission(2)->state == SubmissionState::placed);
  nodes.cut.clear();
  nodes.pass(100);
  CHECK(nodes.boards.at("a").view().find_submission(2)->state == SubmissionState::ended);
}

TEST_CASE("a submission is safe when another node has it, or there is none") {
  Nodes nodes;
  nodes.start("a");
  ClusterBoard& leader = nodes.boards.at("a");
  nodes.run("a", leader.on_submit({}, "a", nodes.now));
  CHECK(leader.is_shared(leader.view().version));
  nodes.start("b", "a");
  nodes.start("c", "a");
  CHECK(leader.is_shared(leader.view().version));
  nodes.cut = {"a"};
  nodes.run("a", leader.on_submit({}, "a", nodes.now));
  CHECK_FALSE(leader.is_shared(leader.view().version));
  nodes.cut = {};
  nodes.pass(50);
  CHECK(leader.is_shared(leader.view().version));
}
