#include <libstream/api/value_traits.hpp>
#include <libstream/base/hash.hpp>
#include <tests/kit/catch.hpp>

#include <set>

using namespace stream;

namespace {

struct Visit {
  std::string user;
  double seconds = 0;
  std::optional<std::string> referrer;
  std::vector<std::int32_t> pages;
  bool operator==(const Visit&) const = default;
};
STREAM_RECORD(Visit, user, seconds, referrer, pages);

Batch visits(BlockPool& pool, const std::vector<Visit>& rows) {
  TypedRowWriter<Visit> writer(pool);
  for (const Visit& visit : rows) writer.append(visit);
  return writer.finish();
}

const std::string kLong(100, 'x');

}  // namespace

TEST_CASE("a record comes back from its columns as it was written") {
  BlockPool pool;
  const std::vector<Visit> rows{
      {"ann", 1.5, "a page", {1, 2}}, {kLong, -2, std::nullopt, {}}, {"", 0, kLong, {7}}};
  const Batch batch = visits(pool, rows);
  CHECK(
      batch.schema().to_string() ==
      "user STRING NOT NULL, seconds DOUBLE NOT NULL, referrer STRING, pages ARRAY<INT> NOT NULL");
  for (std::size_t row = 0; row < rows.size(); ++row)
    CHECK(read_row<Visit>(batch, row) == rows[row]);
}

TEST_CASE("pairs, tuples and nested values live in columns") {
  BlockPool pool;
  using Row = std::tuple<std::int8_t, bool,
                         std::pair<std::string, std::vector<std::pair<int, std::string>>>>;
  TypedRowWriter<Row> writer(pool);
  const Row first{1, true, {"k", {{1, "one"}, {2, kLong}}}};
  const Row second{-1, false, {kLong, {}}};
  writer.append(first);
  writer.append(second);
  const Batch batch = writer.finish();
  CHECK(ValueTraits<Row>::own(read_row<Row>(batch, 0)) == first);
  CHECK(ValueTraits<Row>::own(read_row<Row>(batch, 1)) == second);
}

TEST_CASE("taking rows copies what they use and nothing else") {
  BlockPool pool;
  std::vector<Visit> rows;
  for (int i = 0; i < 1000; ++i)
    rows.push_back({kLong + std::to_string(i), double(i), std::nullopt, {i}});
  const Batch batch = visits(pool, rows);
  const std::vector<std::uint32_t> chosen{999, 3, 3};
  const Batch taken = take_rows(batch, chosen, pool);
  REQUIRE(taken.num_rows() == 3);
  CHECK(read_row<Visit>(taken, 0) == rows[999]);
  CHECK(read_row<Visit>(taken, 2) == rows[3]);
  CHECK(taken.live_bytes() < 600);
}

TEST_CASE("strings that lie in an adopted block are pointed at and not copied") {
  BlockPool pool;
  BlockRef block = pool.allocate(1 << 20);
  const std::string text = kLong + " " + kLong;
  std::memcpy(block.data(), text.data(), text.size());
  ColumnBuilder builder(primitive(TypeKind::string), pool);
  builder.adopt({block});
  builder.append_string({block.data() + 10, 50});
  builder.append_string("a string from elsewhere");
  const Column column = builder.finish();
  CHECK(column.string_at(0).data() == block.data() + 10);
  CHECK(column.string_at(1) == "a string from elsewhere");
}

TEST_CASE("a batch that keeps much more alive than it uses is compacted") {
  BlockPool pool;
  BlockRef block = pool.allocate(1 << 20);
  std::memset(block.data(), 'a', 100);
  BlockRef views = pool.allocate(1024);
  StringView view{};
  view.size = 40;
  std::memcpy(view.outside.prefix, "aaaa", 4);
  std::memcpy(views.data(), &view, sizeof view);
  const Batch batch = make_string_batch(text_schema(), views, 1, block);
  CHECK(batch.retained_bytes() >= 1u << 20);
  const Batch compact = compact_if_sparse(batch, pool);
  CHECK(compact.retained_bytes() < 200'000);
  CHECK(compact.column(0).string_at(0) == std::string(40, 'a'));
}

TEST_CASE("a block that several columns share counts once") {
  BlockPool pool;
  BlockRef block = pool.allocate(1 << 16);
  BlockRef views = pool.allocate(1024);
  Column column;
  column.type = primitive(TypeKind::string);
  column.values = views;
  column.blocks = {block, block};
  auto schema = std::make_shared<const Schema>(Schema{
      {{"a", primitive(TypeKind::string), false}, {"b", primitive(TypeKind::string), false}}});
  const Batch batch(schema, {column, column}, 0);
  CHECK(batch.retained_bytes() == block.capacity() + views.capacity());
}

TEST_CASE("hashes of rows are stable for ever") {
  // Key groups on disk depend on them: these values never change.
  BlockPool pool;
  TypedRowWriter<std::pair<std::string, std::int64_t>> writer(pool);
  writer.append(std::pair<std::string, std::int64_t>{"word", 1});
  writer.append(std::pair<std::string, std::int64_t>{"", -5});
  const Batch batch = writer.finish();
  std::vector<std::uint64_t> hashes(2);
  const std::size_t first[] = {0};
  hash_rows(batch, first, hashes);
  CHECK(hashes == std::vector<std::uint64_t>{0xe3ce369cf66c5c55ULL, 0x2d06800538d394c2ULL});
  const std::size_t second[] = {1};
  hash_rows(batch, second, hashes);
  CHECK(hashes ==
        std::vector<std::uint64_t>{hash_integer(1), hash_integer(static_cast<std::uint64_t>(-5))});
}
