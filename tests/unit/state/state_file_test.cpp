#include <libstream/base/hash.hpp>
#include <libstream/state/state_file.hpp>
#include <tests/kit/catch.hpp>

#include <cstring>
#include <random>

#include "checkpoint_script.hpp"

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Table table_of(const std::vector<StatePiece>& pieces) {
  Table table;
  replay(pieces, table);
  return table;
}

}  // namespace

TEST_CASE("pieces come back from a file as they were") {
  BlockPool pool;
  std::vector<StatePiece> pieces{make_piece(changes_of(1), pool), make_piece({}, pool)};
  pieces[1].table = "other";
  const std::string file = encode_state_file(pieces).value();
  const auto decoded = decode_state_file(file, pool).value();
  REQUIRE(decoded.size() == 2);
  CHECK(decoded[0].table == "table");
  CHECK(decoded[1].table == "other");
  CHECK(decoded[0].num_key_columns == 1);
  CHECK(decoded[1].batch.num_rows() == 0);
  CHECK(table_of(decoded) == table_of(pieces));
  CHECK(decode_state_file(encode_state_file({}).value(), pool)->empty());
}

TEST_CASE("every flipped byte and every cut is refused by the file's own checksum") {
  BlockPool pool;
  const std::string file = encode_state_file({make_piece(changes_of(1), pool)}).value();
  for (std::size_t i = 0; i < file.size(); ++i) {
    INFO("byte " << i);
    std::string flipped = file;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    REQUIRE_FALSE(decode_state_file(flipped, pool));
    REQUIRE_FALSE(decode_state_file(file.substr(0, i), pool));
  }
}

TEST_CASE("a file that claims more than it can hold is refused before memory is taken") {
  BlockPool pool;
  std::string file = encode_state_file({make_piece(changes_of(1), pool)}).value();
  const std::uint64_t claimed = std::uint64_t{15} << 30;
  std::memcpy(file.data() + 8, &claimed, sizeof claimed);
  file.resize(file.size() - 8);
  const std::uint64_t checksum = hash_bytes(file);
  file.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  CHECK_THAT(decode_state_file(file, pool).error().message(), ContainsSubstring("more bytes"));
}

TEST_CASE("a newer state file is refused by its version") {
  BlockPool pool;
  std::string file = encode_state_file({}).value();
  file[4] = 9;
  CHECK_THAT(decode_state_file(file, pool).error().message(), ContainsSubstring("version 9"));
}

TEST_CASE("a table's name may not be longer than can be read") {
  BlockPool pool;
  StatePiece piece = make_piece({}, pool);
  piece.table = std::string(70'000, 'x');
  CHECK_FALSE(encode_state_file({piece}));
}

TEST_CASE("merging any pieces restores the same table with one row a key") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    BlockPool pool;
    std::vector<StatePiece> pieces;
    const std::size_t num_pieces = random() % 6;
    for (std::size_t p = 0; p < num_pieces; ++p) {
      Changes changes;
      const std::size_t num_rows = random() % 30;
      for (std::size_t i = 0; i < num_rows; ++i) {
        // Keys of all lengths: inline, in the arena, empty, prefixes of one another.
        const std::string key(random() % 24, static_cast<char>('a' + random() % 2));
        if (random() % 3 == 0)
          changes.emplace_back(key, std::nullopt);
        else
          changes.emplace_back(key, static_cast<std::int64_t>(random()));
      }
      pieces.push_back(make_piece(changes, pool));
    }
    const auto merged = merge_pieces(pieces, pool);
    const Table expected = table_of(pieces);
    REQUIRE(table_of(merged) == expected);
    std::size_t num_rows = 0;
    for (const StatePiece& piece : merged) num_rows += piece.batch.num_rows();
    REQUIRE(num_rows == expected.size());
  }
}
