#include <actors/network_system.hpp>
#include <actors/node_peers.hpp>
#include <tests/kit/catch.hpp>

#include <future>
#include <semaphore>

using namespace stream;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Question = NodePeers::Question;

namespace {

constexpr GenerationKey kGeneration{7, 1};
const std::set<std::string> kOthers{"b", "c"};

/// Stands for a connection. CAF 0.17 binds a reference to null where a function takes no argument.
caf::behavior count_frames(caf::event_based_actor*, std::counting_semaphore<>* frames) {
  return {[frames](const std::string&) { frames->release(); }};
}

/// Node a, which reaches two others; they take what they are asked and say nothing by themselves.
struct Fixture {
  NetworkSystem network{1};
  std::counting_semaphore<> frames{0};
  NodePeers peers{"a"};

  Fixture() {
    for (const std::string& node : kOthers)
      peers.connect(node, network.get().spawn(count_frames, &frames));
  }

  /// The answer of all; by then they have been asked.
  std::future<Result<void>> ask(Question question) {
    auto answer = std::async(std::launch::async, [this, question] {
      return peers.ask_all(question, kGeneration, kOthers, "frame");
    });
    for (std::size_t i = 0; i < kOthers.size(); ++i) REQUIRE(frames.try_acquire_for(10s));
    return answer;
  }
};

bool is_over(const std::future<Result<void>>& answer, std::chrono::milliseconds within) {
  return answer.wait_for(within) == std::future_status::ready;
}

}  // namespace

TEST_CASE("all nodes have answered when a question is over") {
  Fixture f;
  for (const Question question : {Question::open_tasks, Question::close_tasks}) {
    auto answer = f.ask(question);
    f.peers.answer(question, kGeneration, "b", std::nullopt);
    CHECK_FALSE(is_over(answer, 50ms));
    f.peers.answer(question, kGeneration, "c", std::nullopt);
    REQUIRE(is_over(answer, 10s));
    CHECK(answer.get());
  }
}

TEST_CASE("opening tasks does not wait for a node that waits for one that is lost") {
  Fixture f;
  auto opened = f.ask(Question::open_tasks);
  f.peers.lose("c");
  REQUIRE(is_over(opened, 10s));
  CHECK_THAT(opened.get().error().message(), ContainsSubstring("node c is lost"));
}

TEST_CASE("closing tasks waits for all that are not lost, and a late answer to opening is none") {
  Fixture f;
  auto closed = f.ask(Question::close_tasks);
  f.peers.lose("c");
  f.peers.answer(Question::open_tasks, kGeneration, "b", std::nullopt);
  CHECK_FALSE(is_over(closed, 50ms));
  f.peers.answer(Question::close_tasks, kGeneration, "b", std::nullopt);
  REQUIRE(is_over(closed, 10s));
  CHECK_FALSE(closed.get());
}
