#include <libstream/base/clock.hpp>
#include <tests/cluster/node_processes.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/test_runs.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <set>

using namespace stream::testing;

namespace {

constexpr int kPayments = 50;

/// About 100 bytes of state each.
int num_cards() { return is_long_run() ? 1'000'000 : 100'000; }
std::int64_t now_millis() { return stream::system_clock().steady_nanos() / 1'000'000; }

std::string holder_of(int card) { return fmt::format("holder-{:0>80}", card); }

std::string cards(int from, int to) {
  std::string text = "card,holder\n";
  for (int card = from; card < to; ++card) text += fmt::format("c{},{}\n", card, holder_of(card));
  return text;
}

/// One row a card, from all over the state; those of different rounds differ in their cents.
std::string payments(int round) {
  std::string text = "card,cents\n";
  for (int i = 0; i < kPayments; ++i)
    text += fmt::format("c{},{}\n", i * (num_cards() / kPayments), round * 1000 + i);
  return text;
}

std::string join_script(const TemporaryDirectory& directory) {
  return fmt::format(
      "CREATE STREAM cards (card STRING, holder STRING) USING csv OPTIONS (path '{0}', header true,"
      " maxFilesPerTrigger 1);\n"
      "CREATE STREAM payments (card STRING, cents INT) USING csv OPTIONS (path '{1}', header "
      "true);\n"
      "CREATE SINK joined USING json OPTIONS (path '{2}');\n"
      "INSERT INTO joined SELECT p.card, p.cents, c.holder FROM payments p JOIN cards c "
      "ON p.card = c.card;\n",
      directory / "cards", directory / "payments", directory / "out");
}

/// What is in the visible files: more than the sink's log names while an epoch commits.
std::multiset<std::string> rows_written(const TemporaryDirectory& directory) {
  std::multiset<std::string> rows;
  for (const auto& [name, lines] : read_lines(directory / "out"))
    rows.insert(lines.begin(), lines.end());
  return rows;
}

std::multiset<std::string> rows_expected(int rounds) {
  std::multiset<std::string> rows;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kPayments; ++i) {
      const int card = i * (num_cards() / kPayments);
      rows.insert(fmt::format(R"({{"card":"c{}","cents":{},"holder":"{}"}})", card,
                              round * 1000 + i, holder_of(card)));
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("a query with much state gives new results soon after a node is killed") {
  TemporaryDirectory directory;
  Nodes nodes(3, 500);
  constexpr int kFiles = 4;
  for (int file = 0; file < kFiles; ++file)
    drop_file(directory / fmt::format("cards/{}.csv", file),
              cards(num_cards() / kFiles * file, num_cards() / kFiles * (file + 1)));
  drop_file(directory / "payments/0.csv", payments(0));
  drop_file(directory / "join.sql", join_script(directory));
  nodes.submit(directory / "join.sql", "1s", 3, directory / "checkpoint");
  REQUIRE(wait_until([&] { return rows_written(directory).size() == kPayments; }, 120));

  std::vector<std::int64_t> times;
  const int num_rounds = rounds(1, 5);
  for (int round = 1; round <= num_rounds; ++round) {
    const std::size_t victim = static_cast<std::size_t>(round) % 3;
    const std::size_t before = rows_written(directory).size();
    const std::int64_t killed_at = now_millis();
    nodes.signal(victim, SIGKILL);
    drop_file(directory / fmt::format("payments/{}.csv", round), payments(round));
    while (rows_written(directory).size() < before + kPayments) {
      sleep_millis(5);
      if (now_millis() - killed_at > 60'000) FAIL("no new row within a minute");
    }
    times.push_back(now_millis() - killed_at);
    nodes.kill(victim);
    nodes.start_anew(victim);
    REQUIRE(wait_until([&] { return nodes.members_seen_by((victim + 1) % 3) == 3; }));
  }
  std::sort(times.begin(), times.end());
  std::cout << "  " << num_cards() << " cards: first new rows after " << times.front() << " to "
            << times.back() << " ms\n";
  CHECK(times[times.size() / 2] <= (is_long_run() ? 3000 : 10'000));
  CHECK(rows_written(directory) == rows_expected(num_rounds + 1));
}
