// The planner of all generators: offsets are time since a start that the source's log keeps, so a
// restarted query goes on with the rows that are due by then. One thread, as source.hpp says.
#pragma once

#include <libstream/connectors/generator/rate_schedule.hpp>

#include <string>

namespace stream {

class RatePlanner final : public SourcePlanner {
 public:
  explicit RatePlanner(RateOptions options) : options_(options), schedule_(options) {}

  Result<void> open(const PlannerContext& context) override;
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                   EpochMillis batch_time) override;
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override;
  Result<void> commit(const std::string&) override { return {}; }
  bool blocks() const override { return false; }

 private:
  std::int64_t rows_before(std::int64_t offset) const;

  RateOptions options_;
  RateSchedule schedule_;
  EpochMillis start_millis_ = 0;
};

/// One split: the values first, first + step, … below `end`.
struct RateSplit {
  EpochMillis start_millis = 0;
  std::int64_t first = 0;
  std::int64_t end = 0;
  std::int64_t step = 1;
};

std::string to_text(const RateSplit& split);
Result<RateSplit> parse_rate_split(const std::string& text);

}  // namespace stream
