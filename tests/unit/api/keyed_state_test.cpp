#include <libstream/api/keyed_state.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/state/epoch_ring.hpp>
#include <tests/kit/catch.hpp>

#include <map>
#include <random>

using namespace stream;

namespace {

OperatorContext context_of(BlockPool& pool, KeyGroupRange groups = {}) {
  return {pool, 0, 1, 1, 1, groups, kDefaultKeyGroups, 4096};
}

using Model = std::map<std::string, std::int64_t>;

Model contents(KeyedState<std::string, std::int64_t>& state) {
  Model found;
  for (const auto& slot : state.slots()) {
    if (slot.value) found[slot.key] = *slot.value;
  }
  return found;
}

Batch numbers(BlockPool& pool, const std::vector<std::int64_t>& values) {
  TypedRowWriter<std::int64_t> writer(pool);
  for (const std::int64_t value : values) writer.append(value);
  return writer.finish();
}

std::vector<std::int64_t> values_of(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> values;
  for (const Batch& batch : batches) {
    for (std::size_t row = 0; row < batch.num_rows(); ++row)
      values.push_back(read_row<std::int64_t>(batch, row));
  }
  return values;
}

}  // namespace

TEST_CASE("keyed state restored from its pieces is what it was at the seal") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u, 4u);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  BlockPool pool;
  KeyedState<std::string, std::int64_t> state("t");
  state.open(context_of(pool));
  Model model;
  std::vector<StatePiece> pieces;
  for (int epoch = 0; epoch < 30; ++epoch) {
    for (int i = 0; i < 50; ++i) {
      const std::string key = "key" + std::to_string(random() % 60);
      auto& slot = state.find_or_insert(std::string_view(key), hash_bytes(key));
      if (random() % 4 == 0) {
        state.remove(slot);
        model.erase(key);
      } else {
        state.set(slot, static_cast<std::int64_t>(random() % 1000));
        model[key] = *slot.value;
      }
    }
    state.seal(pieces);
    KeyedState<std::string, std::int64_t> restored("t");
    restored.open(context_of(pool));
    for (const StatePiece& piece : pieces) REQUIRE(restored.restore(piece));
    REQUIRE(contents(restored) == model);
    REQUIRE(restored.counts().rows == static_cast<std::int64_t>(model.size()));
    std::vector<StatePiece> more;
    restored.seal(more);
    REQUIRE(more.empty());
  }
}

TEST_CASE("each task restores the keys of its own groups") {
  BlockPool pool;
  KeyedState<std::string, std::int64_t> state("t");
  state.open(context_of(pool));
  for (int i = 0; i < 500; ++i) {
    const std::string key = std::to_string(i);
    state.set(state.find_or_insert(std::string_view(key), hash_bytes(key)), i);
  }
  std::vector<StatePiece> pieces;
  state.seal(pieces);
  Model all;
  for (const KeyGroupRange groups :
       {KeyGroupRange{0, 40}, KeyGroupRange{41, 100}, KeyGroupRange{101, 127}}) {
    KeyedState<std::string, std::int64_t> part("t");
    part.open(context_of(pool, groups));
    for (const StatePiece& piece : pieces) REQUIRE(part.restore(piece));
    const Model found = contents(part);
    CHECK(found.size() > 50);
    for (const auto& [key, value] : found) CHECK(all.emplace(key, value).second);
  }
  CHECK(all == contents(state));
}

TEST_CASE("state of another type is refused with both types in the message") {
  BlockPool pool;
  KeyedState<std::string, std::int64_t> state("t");
  state.open(context_of(pool));
  state.set(state.find_or_insert(std::string_view("a"), 1), 1);
  std::vector<StatePiece> pieces;
  state.seal(pieces);
  KeyedState<std::string, double> other("t");
  other.open(context_of(pool));
  const auto restored = other.restore(pieces[0]);
  REQUIRE_FALSE(restored);
  CHECK_THAT(restored.error().message(), Catch::Matchers::ContainsSubstring("BIGINT"));
  CHECK_THAT(restored.error().message(), Catch::Matchers::ContainsSubstring("DOUBLE"));
}

TEST_CASE("a ring of epochs gives the wanted intervals, also after a restore") {
  BlockPool pool;
  EpochRing ring("w", 5, pool);
  std::vector<StatePiece> pieces;
  for (std::int64_t interval = 1; interval <= 6; ++interval) {
    ring.add(interval, numbers(pool, {interval, interval * 10}));
    ring.drop_through(interval - 3);
    ring.seal(pieces);
  }
  CHECK(values_of(ring.between(4, 6)) == std::vector<std::int64_t>{5, 50, 6, 60});
  EpochRing restored("w", 5, pool);
  for (const StatePiece& piece : pieces)
    REQUIRE(restored.restore(piece, [](std::uint64_t hash) { return hash == 5; }));
  CHECK(values_of(restored.between(0, 6)) == std::vector<std::int64_t>{4, 40, 5, 50, 6, 60});
  CHECK(restored.num_rows() == 6);
}

TEST_CASE("rows of a ring that have keys go to the tasks of their keys, and are dropped there") {
  BlockPool pool;
  EpochRing ring("w", 0, pool);
  std::vector<StatePiece> pieces;
  for (std::int64_t interval = 1; interval <= 2; ++interval) {
    const std::vector<std::uint64_t> hashes{7, 8, 7};
    ring.add(interval, numbers(pool, {interval, interval * 10, interval * 100}), hashes);
    ring.seal(pieces);
  }
  const auto restored = [&](std::uint64_t mine) {
    EpochRing part("w", mine, pool);
    for (const StatePiece& piece : pieces)
      REQUIRE(part.restore(piece, [&](std::uint64_t hash) { return hash == mine; }));
    return part;
  };
  CHECK(values_of(restored(7).between(0, 2)) == std::vector<std::int64_t>{1, 100, 2, 200});
  EpochRing eight = restored(8);
  CHECK(values_of(eight.between(0, 2)) == std::vector<std::int64_t>{10, 20});
  eight.drop_through(1);
  std::vector<StatePiece> dropped;
  eight.seal(dropped);
  REQUIRE(dropped.size() == 1);
  REQUIRE(dropped[0].batch.num_rows() == 1);
  CHECK(dropped[0].batch.column(0).data<std::uint64_t>()[0] == 8);
  CHECK(dropped[0].batch.column(3).data<std::int64_t>()[0] == 1);
}
