#include <libstream/connectors/standard/stdin_source.hpp>
#include <tests/unit/connectors/reader_harness.hpp>

#include <fcntl.h>
#include <unistd.h>

namespace stream::testing {
namespace {

using Lines = std::vector<std::string>;

/// A pipe whose reading end stands for standard input.
struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends, O_CLOEXEC) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    end_input();
  }
  void write(std::string_view text) {
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void end_input() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  int ends[2];
};

std::shared_ptr<Source> source_of(int fd, std::size_t max_buffered_bytes = 4u << 20) {
  StdinOptions options;
  options.file_descriptor = fd;
  options.max_buffered_bytes = max_buffered_bytes;
  return *stdin_source(options);
}

TEST_CASE("Standard input gives its lines as they come and ends by itself, in every epoch") {
  Pipe pipe;
  const auto source = source_of(pipe.ends[0]);
  CHECK(source->has_open_ranges());
  ReaderHarness harness(*source);
  REQUIRE(harness.reader->open({"0", 0}));
  pipe.write("a\nb");
  CHECK(harness.read_lines(1) == Lines{"a"});
  CHECK(*harness.reader->end_open_range() == "1");
  REQUIRE(harness.reader->open({"1", 0}));
  pipe.write("c\nlast");
  pipe.end_input();
  CHECK(harness.read_lines(100) == Lines{"bc", "last"});
  CHECK(*harness.reader->end_open_range() == "3");
  REQUIRE(harness.reader->open({"3", 0}));
  Batch batch;
  CHECK(harness.read(batch) == ReadStatus::end_of_split);
  CHECK(harness.reader->num_rejected() == 0);
}

TEST_CASE("A reader that follows a lost one goes on with the same input") {
  Pipe pipe;
  const auto source = source_of(pipe.ends[0]);
  {
    ReaderHarness lost(*source);
    REQUIRE(lost.reader->open({"0", 0}));
    pipe.write("a\n");
    CHECK(lost.read_lines(1) == Lines{"a"});
  }
  ReaderHarness harness(*source);
  REQUIRE(harness.reader->open({"1", 0}));
  pipe.write("b\n");
  CHECK(harness.read_lines(1) == Lines{"b"});
}

TEST_CASE("A file as standard input arrives whole through a small buffer") {
  char path[] = "/tmp/stdin_source_test_XXXXXX";
  const int fd = ::mkstemp(path);
  REQUIRE(fd >= 0);
  ::unlink(path);
  Lines expected;
  std::string text;
  for (int i = 0; i < 100'000; ++i) {
    expected.push_back("line " + std::to_string(i));
    text.append(expected.back()).push_back('\n');
  }
  REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::lseek(fd, 0, SEEK_SET);
  {
    const auto source = source_of(fd, 1000);
    ReaderHarness harness(*source);
    REQUIRE(harness.reader->open({"0", 0}));
    CHECK(harness.read_lines(expected.size() + 1) == expected);
  }
  ::close(fd);
}

TEST_CASE("A source is destroyed while its input is silent") {
  Pipe pipe;
  const auto source = source_of(pipe.ends[0]);
  ReaderHarness harness(*source);
  REQUIRE(harness.reader->open({"0", 0}));
  Batch batch;
  CHECK(harness.read(batch) == ReadStatus::no_rows_yet);
}

TEST_CASE("An input that is not open for reading is an error") {
  Pipe pipe;
  ReaderHarness harness(*source_of(pipe.ends[1]));
  REQUIRE(harness.reader->open({"0", 0}));
  Batch batch;
  const auto read = harness.reader->read(batch);
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().message(), Catch::Matchers::ContainsSubstring("not open for reading"));
}

}  // namespace
}  // namespace stream::testing
