#include <tests/pipelines/random_pipeline.hpp>

#include <fmt/format.h>

#include <random>

namespace stream::pipelines {
namespace {

using Random = std::mt19937_64;

constexpr std::int64_t kBegin = 1'704'067'200 * kSecond;  // 2024-01-01
constexpr std::int64_t kEnd = 1'893'456'000 * kSecond;    // 2030-01-01

std::int64_t between(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}
bool one_in(Random& random, std::int64_t count) { return between(random, 1, count) == 1; }

std::optional<std::int64_t> number_of(const Row& row) {
  if (row[kNumber].is_null()) return std::nullopt;
  return row[kNumber].as<std::int64_t>();
}
std::optional<std::string> key_of(const Row& row) {
  if (row[kKey].is_null()) return std::nullopt;
  return row[kKey].as<std::string>();
}

/// Conditions on v; the rows that end an input (v = 1000) pass all of them.
Said<bool> random_number_condition(Random& random) {
  const std::int64_t c = between(random, -3, 9);
  switch (between(random, 0, 4)) {
    case 0:
      return {fmt::format("v > {}", c), [c](const Row& row) { return number_of(row) > c; }};
    case 1:
      return {"v % 2 = 0", [](const Row& row) {
                const auto v = number_of(row);
                return v && *v % 2 == 0;
              }};
    case 2:
      return {fmt::format("NOT (v < {} OR v = {})", c, c + 2), [c](const Row& row) {
                const auto v = number_of(row);
                return v && !(*v < c || *v == c + 2);
              }};
    case 3:
      return {fmt::format("coalesce(v, 7) >= {}", c),
              [c](const Row& row) { return number_of(row).value_or(7) >= c; }};
    default:
      return {fmt::format("v IS NULL OR v <> {}", c), [c](const Row& row) {
                const auto v = number_of(row);
                return !v || *v != c;
              }};
  }
}

/// Conditions on k as well; the rows that end an input have k = 'z'.
Said<bool> random_condition(Random& random) {
  switch (between(random, 0, 5)) {
    case 0:
      return {"k <> 'b'", [](const Row& row) {
                const auto k = key_of(row);
                return k && *k != "b";
              }};
    case 1:
      return {"k IN ('a', 'c', 'z')", [](const Row& row) {
                const auto k = key_of(row);
                return k && (*k == "a" || *k == "c" || *k == "z");
              }};
    case 2:
      return {"k IS NULL OR k > 'a' AND v > 2", [](const Row& row) {
                const auto k = key_of(row);
                const auto v = number_of(row);
                return !k || (*k > "a" && v && *v > 2);
              }};
    default:
      return random_number_condition(random);
  }
}

Said<Value> random_number(Random& random) {
  const std::int64_t c = between(random, 1, 5);
  switch (between(random, 0, 3)) {
    case 0:
      return {fmt::format("v * {} - 1", c), [c](const Row& row) {
                const auto v = number_of(row);
                return v ? Value{*v * c - 1} : Value{};
              }};
    case 1:
      return {fmt::format("CASE WHEN v > {} THEN v END", c), [c](const Row& row) {
                const auto v = number_of(row);
                return v && *v > c ? Value{*v} : Value{};
              }};
    case 2:
      return {fmt::format("coalesce(v, CAST({} AS BIGINT))", c),
              [c](const Row& row) { return Value{number_of(row).value_or(c)}; }};
    default:
      return {"v", [](const Row& row) { return row[kNumber]; }};
  }
}

Row random_row(Random& random, std::int64_t now, bool may_lack_time) {
  std::int64_t time = now + between(random, -15, 15) * kSecond;
  if (one_in(random, 6)) time -= between(random, 20, 200) * kSecond;  // a late one
  Row row(3);
  if (!may_lack_time || !one_in(random, 12)) row[kTime] = Value{time};
  if (!one_in(random, 8)) row[kKey] = Value{std::string(1, "abc"[between(random, 0, 2)])};
  if (!one_in(random, 6)) row[kNumber] = Value{between(random, -5, 12)};
  return row;
}

std::vector<EpochRows> random_epochs(Random& random, bool may_lack_time) {
  std::vector<EpochRows> epochs(static_cast<std::size_t>(between(random, 1, 7)));
  const std::int64_t num_rows = between(random, 0, 40);
  const std::int64_t step = between(random, 0, 15) * kSecond;
  std::vector<std::pair<std::size_t, Row>> rows;
  for (std::int64_t i = 0; i < num_rows; ++i)
    rows.emplace_back(random() % 2, random_row(random, kBegin + i * step, may_lack_time));
  // Cuts at random places; epochs may be empty.
  std::vector<std::int64_t> cuts;
  for (std::size_t i = 1; i < epochs.size(); ++i) cuts.push_back(between(random, 0, num_rows));
  for (std::int64_t i = 0; i < num_rows; ++i) {
    std::size_t epoch = 0;
    for (const std::int64_t cut : cuts) epoch += cut <= i ? 1 : 0;
    auto& [stream, row] = rows[static_cast<std::size_t>(i)];
    epochs[epoch].streams[stream].push_back(std::move(row));
  }
  EpochRows last;
  for (auto& stream : last.streams)
    stream.push_back({Value{kEnd}, Value{std::string("z")}, Value{std::int64_t{1000}}});
  epochs.push_back(std::move(last));
  if (one_in(random, 2)) {
    for (EpochRows& epoch : epochs) epoch.restarts_after = one_in(random, 3);
  }
  return epochs;
}

std::string window_call(const Pipeline& pipeline, const char* time) {
  const auto [length, slide] = pipeline.window;
  if (length == slide) return fmt::format("window({}, '{} seconds')", time, length / kSecond);
  return fmt::format("window({}, '{} seconds', '{} seconds')", time, length / kSecond,
                     slide / kSecond);
}

std::string aggregate_sql(const Pipeline& pipeline, const char* relation) {
  const char* key = pipeline.groups_by_key ? ", k" : "";
  return fmt::format(
      "SELECT window.start AS s{}, count(*) AS n, count(v) AS c, sum(v) AS t, min(v) AS lo, max(v) "
      "AS hi FROM {} GROUP BY {}{}",
      key, relation, window_call(pipeline, "ts"), key);
}

std::string join_sql(const Pipeline& pipeline) {
  return fmt::format(
      "SELECT l.ts AS ts, l.k AS k, l.v AS v, r.ts AS rts, r.v AS rv FROM input l {}JOIN right r "
      "ON "
      "l.k = r.k AND r.ts >= l.ts - INTERVAL {} SECONDS AND r.ts <= l.ts + INTERVAL {} SECONDS{}",
      pipeline.shape == Shape::left_join ? "LEFT " : "", pipeline.bounds.before / kSecond,
      pipeline.bounds.after / kSecond, pipeline.bounds.compares_numbers ? " AND l.v < r.v" : "");
}

}  // namespace

Pipeline random_pipeline(std::uint64_t seed) {
  Random random(seed);
  Pipeline made;
  made.shape = static_cast<Shape>(between(random, 0, 6));
  made.is_union = !made.is_join() && one_in(random, 3);
  // A join carries conditions on its keys over to the other side; here only those on v are made.
  made.keeps = made.is_join() ? random_number_condition(random) : random_condition(random);
  if (one_in(random, 3)) made.keeps = {"true", [](const Row&) { return true; }};
  made.number = random_number(random);
  made.window.slide = between(random, 1, 4) * 5 * kSecond;
  made.window.length = made.window.slide * (one_in(random, 2) ? between(random, 1, 3) : 1);
  made.groups_by_key = one_in(random, 2);
  made.dedups_number = one_in(random, 2);
  made.bounds = {between(random, 0, 20) * kSecond, between(random, 0, 20) * kSecond,
                 one_in(random, 3)};
  for (std::int64_t& delay : made.delay) delay = between(random, 0, 30) * kSecond;
  made.epochs = random_epochs(random, !made.is_join());
  return made;
}

std::string input_sql(const Pipeline& pipeline) {
  return fmt::format(
      "SELECT ts, k, {} AS v FROM {} WHERE {}", pipeline.number.sql,
      pipeline.is_union ? "(SELECT * FROM left UNION ALL SELECT * FROM right)" : "left",
      pipeline.keeps.sql);
}

std::string query_sql(const Pipeline& pipeline) {
  switch (pipeline.shape) {
    case Shape::stateless:
      return "SELECT ts, k, v FROM input";
    case Shape::window:
      return aggregate_sql(pipeline, "input");
    case Shape::dedup:
      return pipeline.dedups_number ? "SELECT ts, k, v FROM deduplicated"
                                    : "SELECT ts, k FROM deduplicated";
    case Shape::dedup_window:
      // Which of the rows that differ in v stays is open: they are only counted.
      return fmt::format("SELECT window.start AS s, count(*) AS n FROM deduplicated GROUP BY {}",
                         window_call(pipeline, "ts"));
    case Shape::join:
    case Shape::left_join:
      return join_sql(pipeline);
    case Shape::join_window:
      return aggregate_sql(pipeline, fmt::format("({})", join_sql(pipeline)).c_str());
  }
  return "";
}

}  // namespace stream::pipelines
