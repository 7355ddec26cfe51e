#include <tests/pipelines/naive_evaluator.hpp>

#include <algorithm>

namespace stream::pipelines {
namespace {

/// A row, and the watermark of the epoch that brought it.
struct Arrival {
  Row row;
  std::int64_t watermark = 0;
};

struct Arrivals {
  std::vector<Arrival> streams[2];
  std::int64_t final_watermark = 0;
};

std::int64_t time_of(const Row& row) { return row[kTime].as<std::int64_t>(); }

/// Rows that cannot match or do not pass never reach the watermark: filters run in front of it.
bool reaches_watermark(const Pipeline& pipeline, const Row& row, std::size_t stream) {
  if (!pipeline.is_join()) return pipeline.keeps.eval(row);
  Row as_read = row;
  if (stream == 0) {
    if (!pipeline.keeps.eval(row)) return false;
    if (pipeline.shape == Shape::left_join) return true;
    as_read[kNumber] = pipeline.number.eval(row);
  }
  return !row[kKey].is_null() && !(pipeline.bounds.compares_numbers && as_read[kNumber].is_null());
}

/// Follows the watermarks: the lower of both streams' greatest times less their delays.
Arrivals arrive(const Pipeline& pipeline) {
  Arrivals made;
  std::int64_t watermark = 0;
  std::int64_t of_stream[2] = {0, 0};
  const std::size_t num_streams = pipeline.reads_both() ? 2 : 1;
  for (const EpochRows& epoch : pipeline.epochs) {
    for (std::size_t stream = 0; stream < num_streams; ++stream) {
      for (const Row& row : epoch.streams[stream]) {
        if (!reaches_watermark(pipeline, row, stream)) continue;
        Row read = row;
        if (stream == 0 || pipeline.is_union) read[kNumber] = pipeline.number.eval(row);
        made.streams[stream].push_back({std::move(read), watermark});
        if (!row[kTime].is_null())
          of_stream[stream] = std::max(of_stream[stream], time_of(row) - pipeline.delay[stream]);
      }
    }
    watermark =
        std::max(watermark, num_streams == 2 ? std::min(of_stream[0], of_stream[1]) : of_stream[0]);
    if (epoch.restarts_after) of_stream[0] = of_stream[1] = 0;
  }
  made.final_watermark = watermark;
  return made;
}

std::vector<Arrival> all_of(const Arrivals& arrivals) {
  std::vector<Arrival> all = arrivals.streams[0];
  all.insert(all.end(), arrivals.streams[1].begin(), arrivals.streams[1].end());
  return all;
}

/// Without a time no row is late.
void drop_late(std::vector<Arrival>& rows, const NaiveOptions& options) {
  if (options.keeps_late_rows) return;
  std::erase_if(rows, [](const Arrival& arrival) {
    return !arrival.row[kTime].is_null() && time_of(arrival.row) <= arrival.watermark;
  });
}

struct Group {
  std::int64_t start = 0;
  Value key;
  std::vector<Value> numbers;
};

std::vector<Group> windows_of(const Pipeline& pipeline, const std::vector<Arrival>& rows,
                              bool groups_by_key, bool drops_late) {
  std::vector<Group> groups;
  const auto [length, slide] = pipeline.window;
  for (const Arrival& arrival : rows) {
    if (arrival.row[kTime].is_null()) continue;
    const std::int64_t time = time_of(arrival.row);
    // Every start at or before the time whose window still holds it.
    for (std::int64_t start = time - time % slide; start > time - length; start -= slide) {
      if (drops_late && start + length <= arrival.watermark) continue;
      const Value key = groups_by_key ? arrival.row[kKey] : Value{};
      auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) {
        return known.start == start && known.key == key;
      });
      if (group == groups.end()) group = groups.insert(groups.end(), Group{start, key, {}});
      group->numbers.push_back(arrival.row[kNumber]);
    }
  }
  return groups;
}

std::vector<Row> aggregate(const Pipeline& pipeline, const std::vector<Arrival>& rows,
                           bool drops_late, std::int64_t final_watermark) {
  std::vector<Row> output;
  for (const Group& group : windows_of(pipeline, rows, pipeline.groups_by_key, drops_late)) {
    if (group.start + pipeline.window.length > final_watermark) continue;
    std::int64_t count = 0, sum = 0, low = INT64_MAX, high = INT64_MIN;
    for (const Value& number : group.numbers) {
      if (number.is_null()) continue;
      const std::int64_t v = number.as<std::int64_t>();
      ++count;
      sum += v;
      low = std::min(low, v);
      high = std::max(high, v);
    }
    Row row{Value{group.start}};
    if (pipeline.groups_by_key) row.push_back(group.key);
    row.push_back(Value{static_cast<std::int64_t>(group.numbers.size())});
    row.push_back(Value{count});
    for (const std::int64_t figure : {sum, low, high})
      row.push_back(count == 0 ? Value{} : Value{figure});
    output.push_back(std::move(row));
  }
  return output;
}

std::vector<Arrival> deduplicate(const Pipeline& pipeline, const std::vector<Arrival>& rows) {
  std::vector<Arrival> kept;
  for (const Arrival& arrival : rows) {
    const bool is_known = std::any_of(kept.begin(), kept.end(), [&](const Arrival& known) {
      return known.row[kTime] == arrival.row[kTime] && known.row[kKey] == arrival.row[kKey] &&
             (!pipeline.dedups_number || known.row[kNumber] == arrival.row[kNumber]);
    });
    if (!is_known) kept.push_back(arrival);
  }
  return kept;
}

bool matches(const Pipeline& pipeline, const Row& left, const Row& right) {
  if (left[kKey].is_null() || right[kKey].is_null() || left[kKey] != right[kKey]) return false;
  const JoinBounds& bounds = pipeline.bounds;
  if (time_of(right) < time_of(left) - bounds.before ||
      time_of(right) > time_of(left) + bounds.after)
    return false;
  if (!bounds.compares_numbers) return true;
  return !left[kNumber].is_null() && !right[kNumber].is_null() &&
         left[kNumber].as<std::int64_t>() < right[kNumber].as<std::int64_t>();
}

/// Columns of the left row, then time and number of the right one.
std::vector<Row> join(const Pipeline& pipeline, const std::vector<Arrival>& left_rows,
                      const std::vector<Arrival>& right_rows, std::int64_t final_watermark) {
  std::vector<Row> output;
  for (const Arrival& left : left_rows) {
    bool has_match = false;
    for (const Arrival& right : right_rows) {
      if (!matches(pipeline, left.row, right.row)) continue;
      has_match = true;
      Row joined = left.row;
      joined.push_back(right.row[kTime]);
      joined.push_back(right.row[kNumber]);
      output.push_back(std::move(joined));
    }
    const bool is_over = time_of(left.row) + pipeline.bounds.after < final_watermark;
    if (pipeline.shape == Shape::left_join && !has_match && is_over) {
      Row alone = left.row;
      alone.resize(5);
      output.push_back(std::move(alone));
    }
  }
  return output;
}

std::vector<Row> rows_of_arrivals(const std::vector<Arrival>& arrivals, std::size_t num_columns) {
  std::vector<Row> rows;
  for (const Arrival& arrival : arrivals) {
    rows.push_back(arrival.row);
    rows.back().resize(num_columns);
  }
  return rows;
}

}  // namespace

std::vector<Row> evaluate(const Pipeline& pipeline, const NaiveOptions& options) {
  Arrivals arrivals = arrive(pipeline);
  const std::int64_t end = arrivals.final_watermark;
  if (pipeline.is_join()) {
    for (auto& stream : arrivals.streams) drop_late(stream, options);
    std::vector<Row> joined = join(pipeline, arrivals.streams[0], arrivals.streams[1], end);
    if (pipeline.shape != Shape::join_window) return joined;
    std::vector<Arrival> rows;
    for (Row& row : joined) rows.push_back({std::move(row), 0});
    return aggregate(pipeline, rows, false, end);
  }
  std::vector<Arrival> rows = all_of(arrivals);
  if (pipeline.shape == Shape::stateless) return rows_of_arrivals(rows, 3);
  if (pipeline.shape == Shape::window)
    return aggregate(pipeline, rows, !options.keeps_late_rows, end);
  drop_late(rows, options);
  rows = deduplicate(pipeline, rows);
  if (pipeline.shape == Shape::dedup) return rows_of_arrivals(rows, pipeline.dedups_number ? 3 : 2);
  std::vector<Row> counts;
  for (const Group& group : windows_of(pipeline, rows, false, false)) {
    if (group.start + pipeline.window.length <= end)
      counts.push_back(
          {Value{group.start}, Value{static_cast<std::int64_t>(group.numbers.size())}});
  }
  return counts;
}

}  // namespace stream::pipelines
