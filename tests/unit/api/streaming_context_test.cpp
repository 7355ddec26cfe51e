#include <libstream/base/memory_file_system.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/stream.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/thrown.hpp>

#include <mutex>
#include <set>

using namespace stream;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using stream::testing::message_of;

namespace {

/// A context whose epochs run when told, over files in memory.
struct Fixture {
  MemoryFileSystem files;
  testing::ManualClock clock{1'700'000'000'000};

  StreamingContext make(const std::string& checkpoint = "") {
    StreamingContext context(local_runner(), 1s);
    Trigger trigger = Trigger::manual();
    trigger.interval = 1s;
    context.set_trigger(trigger);
    context.options().run_empty_epochs = true;
    context.options().files = &files;
    context.options().clock = &clock;
    context.checkpoint(checkpoint);
    return context;
  }
};

struct Payment {
  std::string user;
  double amount = 0;
  std::int64_t time = 0;
};
STREAM_RECORD(Payment, user, amount, time);

}  // namespace

TEST_CASE("without an output operation nothing starts") {
  Fixture fixture;
  auto context = fixture.make();
  context.queue_stream<int>().map([](int x) { return x; });
  CHECK_THAT(message_of([&] { context.start(); }),
             ContainsSubstring("No output operations registered"));
}

TEST_CASE("after start no stream may be added and after stop no start is possible") {
  Fixture fixture;
  auto context = fixture.make();
  auto numbers = context.queue_stream<int>();
  numbers.print();
  context.start();
  CHECK_THAT(message_of([&] { numbers.count(); }), ContainsSubstring("after starting a context"));
  CHECK_THAT(message_of([&] { context.queue_stream<int>(); }),
             ContainsSubstring("after starting a context"));
  context.stop();
  CHECK_THAT(message_of([&] { context.start(); }), ContainsSubstring("cannot be started again"));
}

TEST_CASE(
    "windows must be multiples of their parent's slide and streams that meet must slide alike") {
  Fixture fixture;
  auto context = fixture.make();
  auto numbers = context.queue_stream<int>();
  CHECK_THAT(message_of([&] { numbers.window(1500ms, 1s); }), ContainsSubstring("window duration"));
  CHECK_THAT(message_of([&] { numbers.window(2s, 0s); }), ContainsSubstring("slide duration"));
  auto slow = numbers.window(4s, 2s);
  CHECK_THAT(message_of([&] { slow.window(3s, 2s); }),
             ContainsSubstring("multiple of the slide duration of parent"));
  CHECK_THAT(message_of([&] { slow.union_with(numbers); }),
             ContainsSubstring("different slide durations"));
}

TEST_CASE("a function that throws stops the query with its place, its row and its message") {
  Fixture fixture;
  auto context = fixture.make();
  auto numbers = context.queue_stream<int>();
  numbers
      .map([](int x) {
        if (x == 7) throw std::runtime_error("seven is not welcome");
        return x;
      })
      .print();
  numbers.add({1, 2, 7, 8});
  context.start();
  const std::string message = message_of([&] { context.run_epochs(1); });
  CHECK_THAT(message, ContainsSubstring("map at streaming_context_test.cpp:"));
  CHECK_THAT(message, ContainsSubstring("seven is not welcome"));
  CHECK_THAT(message, ContainsSubstring("the row was: 7"));
  CHECK_THAT(message_of([&] { context.await_termination(); }),
             ContainsSubstring("seven is not welcome"));
}

TEST_CASE("waiting with a time-out says whether the query has ended") {
  Fixture fixture;
  auto context = fixture.make();
  context.queue_stream<int>().print();
  context.start();
  CHECK_FALSE(context.await_termination(10ms));
  context.stop(true);
  CHECK(context.await_termination(10ms));
  CHECK_FALSE(context.is_active());
}

TEST_CASE("records stream without more than their registration") {
  Fixture fixture;
  auto context = fixture.make();
  auto payments = context.queue_stream<Payment>();
  std::vector<std::pair<std::string, double>> totals;
  payments.filter([](const Payment& payment) { return payment.amount > 0; })
      .map([](const Payment& payment) {
        return std::pair{payment.user, payment.amount};
      })
      .reduce_by_key(std::plus{})
      .for_each_batch([&](const Rdd<std::pair<std::string, double>>& rdd, EpochTime) {
        totals = rdd.collect();
      });
  payments.add({{"ann", 2.5, 1}, {"bob", -1, 2}, {"ann", 1.5, 3}});
  context.start();
  context.run_epochs(1);
  CHECK(totals == std::vector<std::pair<std::string, double>>{{"ann", 4.0}});
}

TEST_CASE("map_with_state sees one record at a time and times idle keys out") {
  Fixture fixture;
  auto context = fixture.make();
  auto pairs = context.queue_stream<std::pair<std::string, int>>();
  std::vector<std::string> seen;
  pairs
      .map_with_state<int>(
          [](const std::string& key, std::optional<int> value, State<int>& state) {
            if (state.is_timing_out()) return key + " out at " + std::to_string(state.get());
            state.update(state.get_option().value_or(0) + *value);
            return key + " " + std::to_string(state.get());
          },
          {{"a", 10}}, 3s)
      .for_each_batch([&](const Rdd<std::string>& rdd, EpochTime) {
        for (const std::string& text : rdd.collect()) seen.push_back(text);
      });
  pairs.add({{"a", 1}, {"a", 2}, {"b", 5}});
  context.start();
  context.run_epochs(1);
  CHECK(seen == std::vector<std::string>{"a 11", "a 13", "b 5"});
  seen.clear();
  context.run_epochs(8);
  CHECK(seen.empty());  // time-outs are looked for in every tenth interval
  context.run_epochs(1);
  CHECK(std::multiset<std::string>(seen.begin(), seen.end()) ==
        std::multiset<std::string>{"a out at 13", "b out at 5"});
}

TEST_CASE("updating a removed state or removing it twice throws") {
  std::optional<int> value = 1;
  State<int> state(value, false);
  state.remove();
  CHECK_THROWS_AS(state.update(2), std::logic_error);
  CHECK_THROWS_AS(state.remove(), std::logic_error);
  std::optional<int> old = 1;
  State<int> ending(old, true);
  CHECK_THROWS_AS(ending.update(2), std::logic_error);
  CHECK_THROWS_AS(ending.remove(), std::logic_error);
}

TEST_CASE("a slice needs remember") {
  Fixture fixture;
  auto context = fixture.make();
  auto numbers = context.queue_stream<int>();
  numbers.print();
  CHECK_THAT(message_of([&] { numbers.slice(0, 1); }), ContainsSubstring("remember()"));
}

TEST_CASE("a checkpoint of another program is refused with the difference") {
  Fixture fixture;
  {
    auto context = fixture.make("/checkpoint");
    context.queue_stream<int>().print();
    context.start();
    context.run_epochs(1);
    context.stop(true);
  }
  auto context = fixture.make("/checkpoint");
  auto pairs = context.queue_stream<std::pair<std::string, int>>();
  pairs
      .update_state_by_key<int>(
          [](const std::vector<int>&, const std::optional<int>&) { return std::optional(1); })
      .print();
  CHECK_THAT(message_of([&] { context.start(); }), ContainsSubstring("another query"));
}
