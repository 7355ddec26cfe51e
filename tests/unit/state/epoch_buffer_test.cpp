#include <libstream/base/forwarding_file_system.hpp>
#include <libstream/base/local_file_system.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/base/unique_id.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/state/epoch_buffer.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/faulty_file_system.hpp>

#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <random>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t kEverything = std::size_t{1} << 40;

/// A number and a text of each row; every third text is null.
Batch numbered_rows(std::int64_t first, std::size_t num_rows, BlockPool& pool) {
  auto schema = std::make_shared<Schema>();
  schema->fields = {{"n", primitive(TypeKind::int64), false},
                    {"t", primitive(TypeKind::string), true}};
  ColumnBuilder numbers(schema->fields[0].type, pool);
  ColumnBuilder texts(schema->fields[1].type, pool);
  for (std::size_t i = 0; i < num_rows; ++i) {
    const std::int64_t n = first + static_cast<std::int64_t>(i);
    numbers.append(n);
    if (n % 3 == 0)
      texts.append_null();
    else
      texts.append_string(fmt::format("row number {} of all rows", n));
  }
  std::vector<Column> columns;
  columns.push_back(numbers.finish());
  columns.push_back(texts.finish());
  return {std::move(schema), std::move(columns), num_rows};
}

void require_rows(const Batch& batch, std::int64_t first, std::size_t num_rows) {
  REQUIRE(batch.num_rows() == num_rows);
  for (std::size_t row = 0; row < num_rows; ++row) {
    const std::int64_t n = first + static_cast<std::int64_t>(row);
    const bool is_null = batch.column(1).is_null(row);
    const bool is_right =
        batch.column(0).data<std::int64_t>()[row] == n && is_null == (n % 3 == 0) &&
        (is_null || batch.column(1).string_at(row) == fmt::format("row number {} of all rows", n));
    if (!is_right) FAIL("row " << n << " differs");
  }
}

Batch take_one(EpochBuffer& buffer) {
  auto taken = buffer.take();
  if (!taken) FAIL(taken.error().message());
  REQUIRE(taken->has_value());
  return std::move(**taken);
}

void require_ok(const Result<void>& result) {
  if (!result) FAIL(result.error().message());
}

std::size_t num_files(FileSystem& files, const std::string& directory) {
  return files.list(directory).value().size();
}

}  // namespace

TEST_CASE("batches come back in order, whatever part of them is in the file") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  BlockPool pool;
  MemoryFileSystem files;
  for (const std::size_t max_bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{100'000}, std::size_t{400'000}, kEverything}) {
    INFO("budget " << max_bytes);
    const auto memory = std::make_shared<EpochMemory>(max_bytes, files, "/spill");
    EpochBuffer buffer(memory, pool);
    for (int epoch = 0; epoch < 5; ++epoch) {
      buffer.clear();
      CHECK(buffer.spilled_bytes() == 0);
      std::deque<std::pair<std::int64_t, std::size_t>> waiting;
      std::int64_t next = 0;
      for (int step = 0; step < 400; ++step) {
        // Taken while more comes, too: it is a queue.
        if (random() % 4 == 0 && !waiting.empty()) {
          require_rows(take_one(buffer), waiting.front().first, waiting.front().second);
          waiting.pop_front();
          continue;
        }
        const std::size_t count = random() % 8 == 0 ? 1 + random() % 3000 : 1 + random() % 20;
        require_ok(buffer.append(numbered_rows(next, count, pool)));
        waiting.emplace_back(next, count);
        next += static_cast<std::int64_t>(count);
        REQUIRE(buffer.num_batches() == waiting.size());
        REQUIRE(memory->reserved_bytes() <= max_bytes);
      }
      CHECK((buffer.spilled_bytes() > 0) == (max_bytes != kEverything));
      // The last epoch is left half read.
      while (!waiting.empty() && (epoch < 4 || waiting.size() > 5)) {
        require_rows(take_one(buffer), waiting.front().first, waiting.front().second);
        waiting.pop_front();
      }
      if (epoch < 4) CHECK_FALSE(buffer.take().value().has_value());
    }
    buffer.clear();
    CHECK(buffer.num_batches() == 0);
    CHECK_FALSE(buffer.take().value().has_value());
    CHECK(memory->reserved_bytes() == 0);
  }
}

TEST_CASE("the budget is exact: what fits to the last byte stays, one byte more does not") {
  BlockPool pool;
  MemoryFileSystem files;
  const Batch batch = compact_if_sparse(numbered_rows(0, 100, pool), pool);
  const std::size_t bytes = batch.retained_bytes();
  {
    const auto memory = std::make_shared<EpochMemory>(3 * bytes, files, "/spill");
    EpochBuffer buffer(memory, pool);
    for (int i = 0; i < 3; ++i) require_ok(buffer.append(batch));
    CHECK(memory->reserved_bytes() == 3 * bytes);
    CHECK(buffer.spilled_bytes() == 0);
    CHECK_FALSE(files.exists("/spill").value());
    require_ok(buffer.append(batch));
    CHECK(memory->reserved_bytes() == 3 * bytes);
    CHECK(buffer.spilled_bytes() > 0);
  }
  const auto memory = std::make_shared<EpochMemory>(3 * bytes - 1, files, "/spill");
  EpochBuffer buffer(memory, pool);
  for (int i = 0; i < 3; ++i) require_ok(buffer.append(batch));
  CHECK(memory->reserved_bytes() == 2 * bytes);
  CHECK(buffer.spilled_bytes() > 0);
}

TEST_CASE("buffers share the budget of their query") {
  BlockPool pool;
  MemoryFileSystem files;
  const Batch batch = compact_if_sparse(numbered_rows(0, 100, pool), pool);
  const auto memory = std::make_shared<EpochMemory>(2 * batch.retained_bytes(), files, "/spill");
  EpochBuffer second(memory, pool);
  {
    EpochBuffer first(memory, pool);
    for (int i = 0; i < 2; ++i) require_ok(first.append(batch));
    require_ok(second.append(batch));
    CHECK(first.spilled_bytes() == 0);
    CHECK(second.spilled_bytes() > 0);
    require_rows(take_one(second), 0, 100);
  }
  CHECK(memory->reserved_bytes() == 0);
  second.clear();
  require_ok(second.append(batch));
  CHECK(second.spilled_bytes() == 0);
}

TEST_CASE("a few rows that keep a large block alive are copied before they wait") {
  BlockPool pool;
  MemoryFileSystem files;
  BlockRef text = pool.allocate(1u << 20);
  std::fill_n(text.data(), 100, 'x');
  ColumnBuilder plain(primitive(TypeKind::string), pool);
  BlockRef views = pool.allocate(sizeof(StringView));
  StringView view{};
  view.size = 100;
  std::memcpy(view.outside.prefix, text.data(), sizeof view.outside.prefix);
  std::memcpy(views.data(), &view, sizeof view);
  const Batch sparse = make_string_batch(text_schema(), views, 1, text);
  REQUIRE(sparse.retained_bytes() > 1u << 20);
  const auto memory = std::make_shared<EpochMemory>(100'000, files, "/spill");
  EpochBuffer buffer(memory, pool);
  require_ok(buffer.append(sparse));
  CHECK(buffer.spilled_bytes() == 0);
  CHECK(memory->reserved_bytes() < 100'000);
  CHECK(take_one(buffer).column(0).string_at(0) == std::string(100, 'x'));
}

TEST_CASE(
    "no directory lists the file, and one that a killed process left is swept when it is old") {
  BlockPool pool;
  const std::string directory =
      (std::filesystem::temp_directory_path() / ("libstream-test-" + make_unique_id())).string();
  FileSystem& files = local_file_system();
  require_ok(files.create_directories(directory));
  const auto left = join_path(directory, "libstream-spill-old");
  const auto young = join_path(directory, "libstream-spill-young");
  const auto foreign = join_path(directory, "something-else");
  for (const std::string& path : {left, young, foreign})
    require_ok(files.open_writing(path).value()->close());
  using std::filesystem::file_time_type;
  for (const std::string& path : {left, foreign})
    std::filesystem::last_write_time(path, file_time_type::clock::now() - std::chrono::hours(1));
  {
    const auto memory = std::make_shared<EpochMemory>(1, files, directory);
    EpochBuffer buffer(memory, pool);
    CHECK(num_files(files, directory) == 3);
    for (int i = 0; i < 50; ++i) require_ok(buffer.append(numbered_rows(i * 1000, 1000, pool)));
    CHECK(buffer.spilled_bytes() > 1'000'000);
    CHECK_FALSE(files.exists(left).value());
    CHECK(num_files(files, directory) == 2);
    for (int i = 0; i < 50; ++i) require_rows(take_one(buffer), i * 1000, 1000);
  }
  CHECK(files.exists(young).value());
  CHECK(files.exists(foreign).value());
  require_ok(files.remove_all(directory));
}

TEST_CASE("every failure of the file system is an error that names the settings") {
  BlockPool pool;
  // Enough rows for several writes.
  const auto fill = [&](FileSystem& files, std::size_t& num_taken) -> Result<void> {
    const auto memory = std::make_shared<EpochMemory>(1, files, "/spill");
    EpochBuffer buffer(memory, pool);
    for (int i = 0; i < 40; ++i) STREAM_TRY(buffer.append(numbered_rows(i * 1000, 1000, pool)));
    while (true) {
      STREAM_TRY(const std::optional<Batch> taken, buffer.take());
      if (!taken) return {};
      require_rows(*taken, static_cast<std::int64_t>(num_taken++) * 1000, 1000);
    }
  };
  MemoryFileSystem sound;
  FaultyFileSystem counting(sound);
  std::size_t num_taken = 0;
  require_ok(fill(counting, num_taken));
  REQUIRE(num_taken == 40);
  REQUIRE(counting.num_points() > 5);
  for (std::size_t point = 0; point < counting.num_points(); ++point) {
    INFO("point " << point);
    MemoryFileSystem disk;
    FaultyFileSystem files(disk);
    files.fail_at(point, "No space left on device");
    num_taken = 0;
    const auto outcome = fill(files, num_taken);
    REQUIRE_FALSE(outcome);
    CHECK_THAT(outcome.error().message(), ContainsSubstring("No space left on device") &&
                                              ContainsSubstring(kEpochBufferSetting) &&
                                              ContainsSubstring(kLocalDirectorySetting));
  }
}

namespace {

/// Hands out bytes changed by `damage`, which gets what was read and the place.
class DamagingFileSystem final : public ForwardingFileSystem {
 public:
  using Damage = std::function<std::size_t(std::uint64_t offset, char* bytes, std::size_t count)>;
  DamagingFileSystem(FileSystem& files, Damage damage)
      : ForwardingFileSystem(files), damage_(std::move(damage)) {}

  Result<std::unique_ptr<RandomAccessFile>> open_reading(const std::string& path) override {
    STREAM_TRY(auto file, ForwardingFileSystem::open_reading(path));
    return std::unique_ptr<RandomAccessFile>(std::make_unique<Reader>(std::move(file), damage_));
  }

 private:
  class Reader final : public RandomAccessFile {
   public:
    Reader(std::unique_ptr<RandomAccessFile> file, const Damage& damage)
        : file_(std::move(file)), damage_(damage) {}
    Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
      STREAM_TRY(const std::size_t count, file_->read_at(offset, into, size));
      return damage_(offset, into, count);
    }

   private:
    std::unique_ptr<RandomAccessFile> file_;
    const Damage& damage_;
  };

  const Damage damage_;
};

/// Takes all of what 3 batches of 5 rows became; the error, or what came.
Result<std::size_t> take_damaged(DamagingFileSystem::Damage damage) {
  BlockPool pool;
  MemoryFileSystem disk;
  DamagingFileSystem files(disk, std::move(damage));
  const auto memory = std::make_shared<EpochMemory>(0, files, "/spill");
  EpochBuffer buffer(memory, pool);
  for (int i = 0; i < 3; ++i) require_ok(buffer.append(numbered_rows(i * 5, 5, pool)));
  std::size_t num_taken = 0;
  while (true) {
    STREAM_TRY(const std::optional<Batch> taken, buffer.take());
    if (!taken) return num_taken;
    ++num_taken;
  }
}

}  // namespace

TEST_CASE("every flipped byte and every cut of the file is an error, never a wrong row") {
  std::size_t size = 0;
  const auto untouched = take_damaged([&](std::uint64_t, char*, std::size_t count) {
    size += count;
    return count;
  });
  REQUIRE(untouched.value() == 3);
  REQUIRE(size > 300);
  for (std::size_t place = 0; place < size; ++place) {
    INFO("byte " << place);
    const auto flipped = take_damaged([&](std::uint64_t, char* bytes, std::size_t count) {
      bytes[place] = static_cast<char>(bytes[place] ^ 0x10);
      return count;
    });
    REQUIRE_FALSE(flipped);
    CHECK_THAT(flipped.error().message(), ContainsSubstring("is damaged"));
    const auto cut = take_damaged([&](std::uint64_t offset, char*, std::size_t count) {
      return offset == 0 ? std::min(count, place) : std::size_t{0};
    });
    REQUIRE_FALSE(cut);
    CHECK_THAT(cut.error().message(), ContainsSubstring("cut short"));
  }
}
