#include <libstream/connectors/generator/text_generator_source.hpp>
#include <tests/unit/connectors/reader_harness.hpp>

#include <fmt/format.h>

#include <stdexcept>

namespace stream::testing {
namespace {

using Lines = std::vector<std::string>;

Lines lines_between(const Source& source, const std::string& start, const std::string& end,
                    std::size_t batch_rows, std::size_t batch_bytes) {
  MemorySourceLog log;
  ManualClock clock;
  const auto planner = source.make_planner();
  REQUIRE(planner->open({local_file_system(), clock, log, 1}));
  ReaderHarness harness(source, batch_rows, batch_bytes);
  Lines lines;
  for (const Batch& batch : harness.read_splits(*planner->plan(start, end))) {
    CHECK(batch.num_rows() <= batch_rows);
    for (std::string& line : lines_of(batch)) lines.push_back(std::move(line));
  }
  return lines;
}

std::shared_ptr<Source> numbered_lines() {
  TextGeneratorOptions options;
  options.rate.rows_per_second = 100;
  return *text_generator_source(
      [](std::uint64_t index, std::string& out) { out = fmt::format("line number {}", index); },
      options);
}

TEST_CASE("Generated lines are the function's, in order, the same however they are cut") {
  const auto source = numbered_lines();
  CHECK(source->schema() == *text_schema());
  const Lines lines = lines_between(*source, "0", "1000", 4096, 1u << 20);
  REQUIRE(lines.size() == 100);
  CHECK(lines[0] == "line number 0");
  CHECK(lines[99] == "line number 99");
  CHECK(lines_between(*source, "0", "1000", 7, 1u << 20) == lines);
  CHECK(lines_between(*source, "0", "1000", 4096, 1) == lines);
  CHECK(lines_between(*source, "990", "1010", 4096, 1u << 20) ==
        Lines{"line number 99", "line number 100"});
}

TEST_CASE("A generator that throws fails with the number of its line") {
  TextGeneratorOptions options;
  options.rate.rows_per_second = 10;
  const auto source = *text_generator_source(
      [](std::uint64_t index, std::string&) {
        if (index == 3) throw std::runtime_error("no such word");
      },
      options);
  ReaderHarness harness(*source);
  REQUIRE(harness.reader->open({"0 0 5 1", 0}));
  Batch batch;
  const auto read = harness.reader->read(batch);
  REQUIRE_FALSE(read);
  CHECK(read.error().error_class() == ErrorClass::user_code);
  CHECK_THAT(read.error().message(),
             Catch::Matchers::ContainsSubstring("line 3 threw: no such word"));
}

}  // namespace
}  // namespace stream::testing
