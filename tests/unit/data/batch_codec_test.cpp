#include <libstream/api/value_traits.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/data/batch_codec.hpp>
#include <tests/kit/catch.hpp>

#include <limits>
#include <random>

using namespace stream;

namespace {

using Row = std::tuple<std::string, std::optional<std::int64_t>, bool, std::vector<std::string>,
                       std::pair<double, std::int16_t>>;

std::vector<Row> random_rows(std::mt19937_64& random, std::size_t count) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto text = [&] {
      return std::string(random() % 40, static_cast<char>('a' + random() % 26));
    };
    std::vector<std::string> list;
    for (std::size_t n = random() % 4; n > 0; --n) list.push_back(text());
    std::optional<std::int64_t> number;
    if (random() % 3 != 0) number = static_cast<std::int64_t>(random());
    rows.push_back(
        {text(),
         number,
         random() % 2 == 0,
         list,
         {static_cast<double>(random() % 1000) / 8, static_cast<std::int16_t>(random())}});
  }
  return rows;
}

Batch batch_of(BlockPool& pool, const std::vector<Row>& rows) {
  TypedRowWriter<Row> writer(pool);
  for (const Row& row : rows) writer.append(row);
  return writer.finish();
}

}  // namespace

TEST_CASE("a decoded batch has the rows and the schema that were encoded") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u, 4u, 5u);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  BlockPool pool;
  const auto rows = random_rows(random, random() % 300);
  std::string bytes;
  encode_batch(batch_of(pool, rows), bytes);
  std::string_view rest = bytes;
  const auto decoded = decode_batch(rest, pool);
  REQUIRE(decoded);
  CHECK(rest.empty());
  CHECK(decoded->schema() == *row_schema<Row>());
  REQUIRE(decoded->num_rows() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(ValueTraits<Row>::own(read_row<Row>(*decoded, i)) == rows[i]);
}

namespace {

template <class T>
std::vector<T> through_codec(BlockPool& pool, const std::vector<T>& values, std::size_t& size) {
  TypedRowWriter<T> writer(pool);
  for (const T& value : values) writer.append(value);
  std::string bytes;
  encode_batch(writer.finish(), bytes, BatchSeal::none);
  size = bytes.size();
  std::string_view rest = bytes;
  const Batch decoded = decode_batch(rest, pool, BatchSeal::none).value();
  std::vector<T> result;
  for (std::size_t i = 0; i < decoded.num_rows(); ++i)
    result.push_back(ValueTraits<T>::own(read_row<T>(decoded, i)));
  return result;
}

template <class T>
void check_integers(std::mt19937_64& random, BlockPool& pool, T least, std::uint64_t range,
                    std::size_t width) {
  std::vector<T> values;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t distance = range == ~std::uint64_t{0} ? random() : random() % (range + 1);
    values.push_back(static_cast<T>(static_cast<std::uint64_t>(least) + distance));
  }
  values.push_back(least);
  values.push_back(static_cast<T>(static_cast<std::uint64_t>(least) + range));
  CAPTURE(sizeof(T), least, range);
  std::size_t size = 0;
  CHECK(through_codec(pool, values, size) == values);
  CHECK(size / values.size() == width);
}

}  // namespace

TEST_CASE("integers take the bytes of their range, wherever it lies") {
  std::mt19937_64 random(17);
  BlockPool pool;
  using Wide = std::numeric_limits<std::int64_t>;
  for (const std::int64_t least :
       {Wide::min(), std::int64_t{-1}, std::int64_t{0}, std::int64_t{1'700'000'000'000'000}}) {
    check_integers<std::int64_t>(random, pool, least, 0, 1);
    check_integers<std::int64_t>(random, pool, least, 0xff, 1);
    check_integers<std::int64_t>(random, pool, least, 0x100, 2);
    check_integers<std::int64_t>(random, pool, least, 0xffff, 2);
    check_integers<std::int64_t>(random, pool, least, 0x10000, 4);
    check_integers<std::int64_t>(random, pool, least, 0xffffffff, 4);
    check_integers<std::int64_t>(random, pool, least, 0x100000000, 8);
  }
  check_integers<std::int64_t>(random, pool, Wide::min(), ~std::uint64_t{0}, 8);
  check_integers<std::int64_t>(random, pool, Wide::max() - 200, 200, 1);
  using Narrow = std::numeric_limits<std::int32_t>;
  check_integers<std::int32_t>(random, pool, Narrow::min(), 0xffffffff, 4);
  check_integers<std::int32_t>(random, pool, Narrow::max() - 0xffff, 0xffff, 2);
  check_integers<std::int32_t>(random, pool, -5, 9, 1);
  check_integers<std::int16_t>(random, pool, -300, 0xff, 1);
  check_integers<std::int16_t>(random, pool, -300, 0x100, 2);
}

TEST_CASE("strings of any length keep it in one, two or four bytes") {
  BlockPool pool;
  for (const std::size_t longest : {0u, 12u, 13u, 255u, 256u, 65535u, 65536u}) {
    const std::vector<std::string> texts{"", "short", std::string(longest, 'x'), "of twelve...",
                                         "thirteen....."};
    std::size_t size = 0;
    CAPTURE(longest);
    CHECK(through_codec(pool, texts, size) == texts);
  }
}

TEST_CASE("several batches follow one another in one block of bytes") {
  std::mt19937_64 random(9);
  BlockPool pool;
  std::string bytes;
  encode_batch(batch_of(pool, random_rows(random, 3)), bytes);
  encode_batch(batch_of(pool, random_rows(random, 5)), bytes);
  std::string_view rest = bytes;
  CHECK(decode_batch(rest, pool)->num_rows() == 3);
  CHECK(decode_batch(rest, pool)->num_rows() == 5);
  CHECK_FALSE(decode_batch(rest, pool));
}

TEST_CASE("every flipped bit and every cut of an encoded batch is noticed") {
  std::mt19937_64 random(11);
  BlockPool pool;
  std::string bytes;
  encode_batch(batch_of(pool, random_rows(random, 20)), bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    std::string_view rest = damaged;
    CAPTURE(i);
    REQUIRE_FALSE(decode_batch(rest, pool));
    std::string_view cut(bytes.data(), i);
    REQUIRE_FALSE(decode_batch(cut, pool));
  }
}

TEST_CASE("hostile counts behind a right checksum are refused without memory for them") {
  std::mt19937_64 random(13);
  BlockPool pool;
  std::string bytes;
  encode_batch(batch_of(pool, random_rows(random, 4)), bytes);
  const std::size_t payload = bytes.size() - 24;
  std::size_t num_refused = 0;
  for (std::size_t at = 16; at + 8 <= 16 + payload; ++at) {
    std::string hostile = bytes;
    const std::uint64_t huge = 0x7fffffffffffULL;
    std::memcpy(hostile.data() + at, &huge, sizeof huge);
    const std::uint64_t sum = hash_bytes(hostile.data(), hostile.size() - 8);
    std::memcpy(hostile.data() + hostile.size() - 8, &sum, sizeof sum);
    std::string_view rest = hostile;
    // Either refused, or the bytes were plain values: never a crash or a huge allocation.
    if (!decode_batch(rest, pool)) ++num_refused;
  }
  CHECK(num_refused > 20);
  CHECK(pool.reserved_bytes() < (16u << 20));
}
