#include <libstream/api/session.hpp>
#include <libstream/execution/split_queue.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/execution/keeping_runner.hpp>

#include <set>
#include <string>
#include <thread>

namespace stream {
namespace {

std::vector<Split> numbered_splits(std::uint32_t count) {
  std::vector<Split> splits;
  for (std::uint32_t i = 0; i < count; ++i) splits.push_back({std::to_string(i), i});
  return splits;
}

std::string taken(SplitQueue& queue, std::size_t task) {
  const auto split = queue.take(task);
  return split ? split->content : "none";
}

}  // namespace

TEST_CASE("a task takes the splits that were dealt to it, in order") {
  SplitQueue queue(numbered_splits(5), 2, false);
  CHECK(taken(queue, 1) == "1");
  CHECK(taken(queue, 0) == "0");
  CHECK(taken(queue, 1) == "3");
  CHECK(taken(queue, 1) == "none");
  CHECK(taken(queue, 0) == "2");
  CHECK(taken(queue, 0) == "4");
  CHECK(taken(queue, 0) == "none");
}

TEST_CASE("a task that is through takes over the last split of the list with most to spare") {
  SplitQueue queue(numbered_splits(8), 3, true);  // 0 3 6, 1 4 7, 2 5
  CHECK(taken(queue, 0) == "0");
  CHECK(taken(queue, 2) == "2");
  CHECK(taken(queue, 2) == "5");
  CHECK(taken(queue, 2) == "6");
  CHECK(taken(queue, 2) == "7");
  CHECK(taken(queue, 0) == "3");
  CHECK(taken(queue, 0) == "4");
  CHECK(taken(queue, 1) == "1");
  CHECK(taken(queue, 1) == "none");
}

TEST_CASE("a list with nothing to spare hides no other's") {
  SplitQueue queue(numbered_splits(5), 3, true);  // 0 3, 1 4, 2
  CHECK(taken(queue, 2) == "2");
  CHECK(taken(queue, 2) == "3");
  CHECK(taken(queue, 1) == "1");
  CHECK(taken(queue, 2) == "4");
  CHECK(taken(queue, 2) == "none");
  CHECK(taken(queue, 0) == "0");
}

TEST_CASE("a split that is its task's first is never taken over") {
  SplitQueue queue(numbered_splits(2), 3, true);
  CHECK(taken(queue, 2) == "none");
  CHECK(taken(queue, 0) == "0");
  CHECK(taken(queue, 0) == "none");
  CHECK(taken(queue, 1) == "1");
}

TEST_CASE("a task that shares with none gets all at once, or none") {
  const DealtSplits dealt(numbered_splits(3));
  CHECK(dealt.take_all().size() == 3);
  CHECK(dealt.take_all().empty());
  CHECK_FALSE(DealtSplits().take());
}

TEST_CASE("of many threads each split is taken by one") {
  constexpr std::uint32_t kNumSplits = 5'000;
  constexpr std::size_t kNumTasks = 4;
  SplitQueue queue(numbered_splits(kNumSplits), kNumTasks, true);
  std::vector<std::vector<std::string>> found(kNumTasks);
  std::vector<std::thread> threads;
  for (std::size_t task = 0; task < kNumTasks; ++task)
    threads.emplace_back([&, task] {
      while (auto split = queue.take(task)) found[task].push_back(split->content);
    });
  for (std::thread& thread : threads) thread.join();
  std::multiset<std::string> all;
  for (const auto& of_task : found) all.insert(of_task.begin(), of_task.end());
  std::multiset<std::string> expected;
  for (const Split& split : numbered_splits(kNumSplits)) expected.insert(split.content);
  CHECK(all == expected);
}

TEST_CASE("what depends on a task's earlier rows keeps splits where they were dealt") {
  const auto shares = [](const std::string& text) {
    const auto runner = std::make_shared<KeepingRunner>();
    Session session(runner);
    session.read_stream()
        .schema("value STRING")
        .format("text")
        .load("/tmp")
        .create_or_replace_temp_view("lines");
    CHECK_THROWS(session.sql(text).write_stream().format("noop").start());
    REQUIRE(runner->kept_plan);
    return runner->kept_plan->shares_splits(0);
  };
  CHECK(shares("SELECT value, length(value) FROM lines WHERE value > 'a'"));
  CHECK_FALSE(shares("SELECT value, rand(1) FROM lines"));
  CHECK_FALSE(shares("SELECT value FROM lines WHERE rand(1) < 0.5"));
  CHECK_FALSE(shares("SELECT value, monotonically_increasing_id() FROM lines"));
}

}  // namespace stream
