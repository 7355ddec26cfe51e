// A random streaming query with random input: SQL for the engine, and the same in C++ functions for
// the naive evaluator. Made from a seed; used by the tests of this folder.
#pragma once

#include <libstream/data/value.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stream::pipelines {

/// ts TIMESTAMP (microseconds), k STRING, v BIGINT; each may be null.
using Row = std::vector<Value>;
inline constexpr std::size_t kTime = 0, kKey = 1, kNumber = 2;
inline constexpr std::int64_t kSecond = 1'000'000;

/// An expression as SQL and as a function; both must say the same.
template <class T>
struct Said {
  std::string sql;
  std::function<T(const Row&)> eval;
};

enum class Shape { stateless, window, dedup, dedup_window, join, left_join, join_window };

struct WindowSize {
  std::int64_t length = 0, slide = 0;  ///< microseconds
};

/// Right rows match within [left - before, left + after].
struct JoinBounds {
  std::int64_t before = 0, after = 0;  ///< microseconds
  bool compares_numbers = false;       ///< also left v < right v
};

/// Rows of both streams that arrive together.
struct EpochRows {
  std::vector<Row> streams[2];
  /// The query starts again from its checkpoint afterwards. As in Spark, the watermark stays, but
  /// not how far each of several streams was.
  bool restarts_after = false;
};

struct Pipeline {
  Shape shape = Shape::stateless;
  bool is_union = false;  ///< both streams are one input; joins have both in any case
  Said<bool> keeps;
  Said<Value> number;  ///< what takes v's place
  WindowSize window;
  bool groups_by_key = false;
  bool dedups_number = false;  ///< by ts, k, v instead of ts, k
  JoinBounds bounds;
  std::int64_t delay[2] = {0, 0};  ///< of the watermarks, microseconds
  std::vector<EpochRows> epochs;   ///< the last one moves the watermarks past everything

  bool is_join() const {
    return shape == Shape::join || shape == Shape::left_join || shape == Shape::join_window;
  }
  bool reads_both() const { return is_union || is_join(); }
};

Pipeline random_pipeline(std::uint64_t seed);

/// The rows that come before the stateful operators; a view "input".
std::string input_sql(const Pipeline& pipeline);
/// The query over "input", "deduplicated" (a view the test makes) or the streams "left" and
/// "right", whose watermarks are set.
std::string query_sql(const Pipeline& pipeline);

}  // namespace stream::pipelines
