#include <libstream/connectors/files/line_ranges.hpp>
#include <libstream/connectors/files/range_reader.hpp>
#include <libstream/connectors/files/text_file_source.hpp>
#include <tests/unit/connectors/files/dying_files.hpp>
#include <tests/unit/connectors/files/file_fixture.hpp>

#include <random>

using namespace stream;
using namespace stream::testing;

namespace {

std::shared_ptr<const Source> lines_source(std::size_t max_line_bytes = 1u << 20) {
  TextFileOptions options;
  options.path = "/in";
  options.max_line_bytes = max_line_bytes;
  return text_file_source(options);
}

std::vector<Split> whole(const std::string& path, std::uint64_t size, std::uint64_t split_bytes) {
  return cut_ranges({{path, 0, size, size, 0}}, split_bytes);
}

/// Makes gibibytes of one line out of nothing, as large as the test needs it.
class EndlessLine final : public RandomAccessFile {
 public:
  explicit EndlessLine(std::uint64_t size) : size_(size) {}
  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    const std::size_t count = std::min<std::uint64_t>(size, size_ - std::min(offset, size_));
    std::memset(into, 'x', count);
    for (const auto& [at, byte] : {std::pair{std::uint64_t{1}, '\n'}, {size_ - 3, '\n'}}) {
      if (at >= offset && at < offset + count) into[at - offset] = byte;
    }
    return count;
  }

 private:
  std::uint64_t size_;
};

class EndlessLineFiles final : public DyingFiles {
 public:
  EndlessLineFiles(FileSystem& below, std::uint64_t size) : DyingFiles(below), size_(size) {}
  Result<FileStatus> status(const std::string& path) override {
    return FileStatus{path, size_, 0, false, 1};
  }
  Result<std::unique_ptr<RandomAccessFile>> open_reading(const std::string& /*path*/) override {
    return std::unique_ptr<RandomAccessFile>(std::make_unique<EndlessLine>(size_));
  }

 private:
  std::uint64_t size_;
};

}  // namespace

TEST_CASE("splits of any size own each line once") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto source = lines_source();
  for (int round = 0; round < 30; ++round) {
    MemoryFileSystem files;
    std::string text;
    Lines expected;
    const std::size_t num_lines = random() % 20;
    for (std::size_t i = 0; i < num_lines; ++i) {
      expected.push_back(std::to_string(i) + std::string(random() % 20, 'x'));
      text += expected.back() + (random() % 3 == 0 ? "\r\n" : "\n");
    }
    if (random() % 2 == 0) {
      expected.push_back("the last line has no end");
      text += expected.back();
    }
    put_file(files, "/in/file", text);
    for (std::uint64_t split_bytes = 1; split_bytes <= text.size() + 1; ++split_bytes) {
      INFO("split_bytes " << split_bytes);
      const auto splits = whole("/in/file", text.size(), split_bytes);
      REQUIRE(read_lines(*source, files, splits) == expected);
      REQUIRE(read_lines(*source, files, splits, 2, 5) == expected);
    }
  }
}

TEST_CASE("a split's content reads back with any bytes in the path") {
  const LineRange range{"/a b/\n\xff 1", 3, 40, 50, 77};
  const LineRange back = require_value(decode_range(encode_range(range)));
  CHECK(back.path == range.path);
  CHECK(std::tie(back.begin, back.end, back.limit, back.inode) ==
        std::tie(range.begin, range.end, range.limit, range.inode));
  CHECK_FALSE(decode_range("1 2 x"));
  CHECK_FALSE(decode_range(""));
}

TEST_CASE("lines over the limit become rejects, in every position and batch size") {
  MemoryFileSystem files;
  const std::string longer(21, 'l');
  const std::string fits(20, 'f');
  const std::string text =
      longer + "\n" + fits + "\r\na\n" + longer + "\r\n" + longer + "\nb\n" + fits + "\n" + longer;
  put_file(files, "/in/file", text);
  const auto source = lines_source(20);
  for (const std::size_t batch_bytes : {1u, 5u, 22u, 1000u}) {
    for (const std::uint64_t split_bytes : {1000u, 30u, 7u}) {
      INFO("batch_bytes " << batch_bytes << ", split_bytes " << split_bytes);
      std::vector<Reject> rejects;
      const Lines lines = read_lines(*source, files, whole("/in/file", text.size(), split_bytes),
                                     100, batch_bytes, &rejects);
      REQUIRE(lines == Lines{fits, "a", "b", fits});
      REQUIRE(rejects.size() == 4);
      REQUIRE(rejects[0].place == "file:/in/file byte 0");
      REQUIRE(rejects[1].place == "file:/in/file byte " + std::to_string(text.find("a\n") + 2));
      REQUIRE_THAT(rejects[0].reason, Catch::Matchers::ContainsSubstring("max_line_bytes"));
    }
  }
}

TEST_CASE("a line of a gibibyte is rejected without being held") {
  constexpr std::uint64_t kSize = 1u << 30;
  MemoryFileSystem none;
  EndlessLineFiles files(none, kSize);
  const auto source = lines_source();
  BlockPool pool;
  auto reader = source->make_reader();
  require_ok(reader->start({files, system_clock(), pool, [] {}}));
  Lines lines;
  for (const Split& split : whole("/in/file", kSize, 256u << 20)) {
    require_ok(reader->open(split));
    Batch batch;
    while (require_value(reader->read(batch)) == ReadStatus::batch) {
      for (std::string& line : lines_of(batch)) lines.push_back(std::move(line));
    }
  }
  CHECK(lines == Lines{"x", "xx"});
  CHECK(reader->num_rejected() == 1);
  const auto rejects = reader->take_rejects();
  REQUIRE(rejects.size() == 1);
  CHECK(rejects[0].bytes.size() <= 4096);
  CHECK(pool.reserved_bytes() < (16u << 20));
}

TEST_CASE("a file that is gone or shorter than planned is an error that names it") {
  MemoryFileSystem files;
  put_file(files, "/in/file", "a\nb\nc\n");
  const auto source = lines_source();
  BlockPool pool;
  auto reader = source->make_reader();
  require_ok(reader->start({files, system_clock(), pool, [] {}}));
  const auto splits = whole("/in/file", 6, 100);
  put_file(files, "/in/file", "a\n");
  const auto shorter = reader->open(splits[0]);
  REQUIRE_FALSE(shorter);
  CHECK_THAT(shorter.error().message(), Catch::Matchers::ContainsSubstring("/in/file"));
  CHECK_THAT(shorter.error().message(), Catch::Matchers::ContainsSubstring("planned"));
  require_ok(files.remove("/in/file"));
  const auto gone = reader->open(splits[0]);
  REQUIRE_FALSE(gone);
  CHECK_THAT(gone.error().message(), Catch::Matchers::ContainsSubstring("/in/file"));
}
