// Files in memory under a clock that the test moves, and what a query does with a source over them.
#pragma once

#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/connectors/reader_harness.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stream::testing {

using Lines = std::vector<std::string>;

template <class T>
T require_value(Result<T> result) {
  if (!result) FAIL(result.error().message());
  return std::move(result).value();
}
inline void require_ok(const Result<void>& result) {
  if (!result) FAIL(result.error().message());
}

inline void put_file(FileSystem& files, const std::string& path, const std::string& content) {
  require_ok(files.create_directories(parent_path(path)));
  auto file = require_value(files.open_writing(path));
  require_ok(file->append(content));
  require_ok(file->close());
}

/// Rows of the splits in order. `rejects` gets what the reader could not take.
inline Lines read_lines(const Source& source, FileSystem& files, const std::vector<Split>& splits,
                        std::size_t batch_rows = 4096, std::size_t batch_bytes = 256u << 10,
                        std::vector<Reject>* rejects = nullptr) {
  BlockPool pool;
  auto reader = source.make_reader();
  require_ok(reader->start({files, system_clock(), pool, [] {}, batch_rows, batch_bytes}));
  Lines lines;
  for (const Split& split : splits) {
    require_ok(reader->open(split));
    for (;;) {
      Batch batch;
      if (require_value(reader->read(batch)) == ReadStatus::end_of_split) break;
      REQUIRE(batch.num_rows() > 0);
      REQUIRE(batch.num_rows() <= batch_rows);
      for (std::string& line : lines_of(batch)) lines.push_back(std::move(line));
    }
  }
  if (rejects) *rejects = reader->take_rejects();
  return lines;
}

/// A planner as the coordinator uses it; `epoch` advances like a query does.
struct PlannerHarness {
  PlannerHarness(const Source& from, FileSystem& in, Clock& now, SourceLog& log)
      : source(from), files(in), clock(now), planner(from.make_planner()) {
    require_ok(planner->open({files, clock, log, 1}));
  }
  void begin() { offset = require_value(planner->initial_offset()); }
  std::string latest() {
    return require_value(planner->latest_offset(offset, clock.wall_millis())).value();
  }
  /// Lines of the next epoch, which is committed.
  Lines epoch() {
    const std::string end = latest();
    const Lines lines = read_lines(source, files, require_value(planner->plan(offset, end)));
    require_ok(planner->commit(end));
    offset = end;
    return lines;
  }

  const Source& source;
  FileSystem& files;
  Clock& clock;
  std::unique_ptr<SourcePlanner> planner;
  std::string offset;
};

/// What holds for every replayable source: a range is always cut into the same splits, and reading
/// it again, in batches of any size, gives the same rows. Returns them.
inline Lines check_conformance(const Source& source, FileSystem& files, SourcePlanner& planner,
                               const std::string& start, const std::string& end) {
  const auto splits = require_value(planner.plan(start, end));
  const auto again = require_value(planner.plan(start, end));
  REQUIRE(splits.size() == again.size());
  for (std::size_t i = 0; i < splits.size(); ++i) {
    REQUIRE(splits[i].content == again[i].content);
    REQUIRE(splits[i].index == i);
  }
  const Lines lines = read_lines(source, files, splits);
  for (const std::size_t batch_rows : {1u, 3u, 4096u}) {
    for (const std::size_t batch_bytes : {1u, 7u, 64u, 4096u}) {
      INFO("batches of " << batch_rows << " rows, " << batch_bytes << " bytes");
      REQUIRE(read_lines(source, files, splits, batch_rows, batch_bytes) == lines);
    }
  }
  REQUIRE(require_value(planner.plan(end, end)).empty());
  return lines;
}

}  // namespace stream::testing
