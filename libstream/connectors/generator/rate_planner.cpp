#include <libstream/connectors/generator/rate_planner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stream {
namespace {

Result<std::int64_t> parse_number(std::string_view text, std::string_view what) {
  std::int64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, failure] = std::from_chars(text.data(), last, number);
  if (failure != std::errc() || end != last || number < 0)
    return fatal(fmt::format("generator: '{}' is not {}; the checkpoint belongs to another source",
                             text, what));
  return number;
}

}  // namespace

Result<void> RatePlanner::open(const PlannerContext& context) {
  STREAM_TRY(const auto entries, context.log.read_all());
  if (entries.empty()) {
    start_millis_ = context.clock.wall_millis();
    return context.log.write(0, std::to_string(start_millis_));
  }
  STREAM_TRY(start_millis_, parse_number(entries.front().second, "a start time"));
  return {};
}

Result<std::optional<std::string>> RatePlanner::latest_offset(const std::string& start,
                                                              EpochMillis batch_time) {
  STREAM_TRY(const std::int64_t from, parse_number(start, "an offset"));
  const EpochMillis passed = std::max<EpochMillis>(batch_time - start_millis_, 0);
  const std::int64_t now =
      options_.granularity == RateGranularity::seconds ? passed / 1000 : passed;
  // A clock that went back gives no rows, and so does time that passes without any being due.
  if (now <= from || rows_before(now) == rows_before(from)) return std::optional(start);
  return std::optional(std::to_string(now));
}

Result<std::vector<Split>> RatePlanner::plan(const std::string& start, const std::string& end) {
  STREAM_TRY(const std::int64_t from, parse_number(start, "an offset"));
  STREAM_TRY(const std::int64_t to, parse_number(end, "an offset"));
  RateSplit split{start_millis_, rows_before(from), rows_before(to), options_.num_partitions};
  std::vector<Split> splits;
  for (std::uint32_t i = 0; i < options_.num_partitions && split.first < split.end; ++i) {
    splits.push_back({to_text(split), i});
    ++split.first;
  }
  return splits;
}

std::int64_t RatePlanner::rows_before(std::int64_t offset) const {
  return options_.granularity == RateGranularity::seconds ? schedule_.rows_before_second(offset)
                                                          : schedule_.rows_before_millis(offset);
}

std::string to_text(const RateSplit& split) {
  return fmt::format("{} {} {} {}", split.start_millis, split.first, split.end, split.step);
}

Result<RateSplit> parse_rate_split(const std::string& text) {
  RateSplit split;
  std::string_view rest = text;
  for (std::int64_t* field : {&split.start_millis, &split.first, &split.end, &split.step}) {
    const std::size_t size = std::min(rest.find(' '), rest.size());
    STREAM_TRY(*field, parse_number(rest.substr(0, size), "part of a split"));
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
  if (split.step < 1) return fatal("generator: a split with step 0");
  return split;
}

}  // namespace stream
