#include <libstream/base/clock.hpp>
#include <libstream/base/unique_id.hpp>
#include <tests/servers/window_program.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace stream::testing {

namespace {

constexpr long kWindowSeconds = 10;
constexpr unsigned kSensors = 7;

const char* const kProgram = R"(
CREATE STREAM readings USING kafka
  OPTIONS ('kafka.bootstrap.servers' '${brokers}', subscribe '${input}', startingOffsets 'earliest')
  WATERMARK FOR timestamp AS timestamp - INTERVAL '1' SECOND;
CREATE SINK totals USING ${sink}, trigger '${trigger}'${more:});
INSERT INTO totals
SELECT CAST(key AS STRING) AS key,
       concat_ws(' ', CAST(key AS STRING), unix_timestamp(window.start), count(*),
                 sum(try_cast(CAST(value AS STRING) AS BIGINT))) AS value
FROM readings GROUP BY window(timestamp, '10 seconds'), key;
)";

/// The second line of the checkpoint's metadata.
std::string query_id(const std::string& checkpoint) {
  std::ifstream file(checkpoint + "/metadata");
  std::string head, id;
  std::getline(file, head);
  std::getline(file, id);
  return id;
}

}  // namespace

WindowProgram::WindowProgram(std::string brokers, std::unique_ptr<WindowOutput> output,
                             std::uint64_t seed, int copies)
    : brokers_(std::move(brokers)),
      input_("readings-" + make_unique_id()),
      output_(std::move(output)),
      checkpoint_(directory_ / "checkpoint"),
      random_(seed),
      parallelism_(1 + static_cast<int>(random_() % 3)) {
  create_topic(brokers_, input_, 1, copies);
  std::ofstream(directory_ / "program.sql") << kProgram;
}

std::vector<std::string> WindowProgram::arguments(const std::string& trigger,
                                                  const std::string& more) const {
  std::vector<std::string> made{
      "run",           directory_ / "program.sql",  "--param",      "input=" + input_,
      "--param",       "brokers=" + brokers_,       "--param",      "sink=" + output_->sink(),
      "--param",       "trigger=" + trigger,        "--checkpoint", checkpoint_,
      "--parallelism", std::to_string(parallelism_)};
  if (!more.empty()) made.insert(made.end(), {"--param", "more=" + more});
  return made;
}

std::unique_ptr<ChildProcess> WindowProgram::start(const std::string& trigger,
                                                   const std::string& more) const {
  return std::make_unique<ChildProcess>("streamctl", arguments(trigger, more));
}

ChildResult WindowProgram::run_to_end(const std::string& more) const {
  ChildProcess child("streamctl", arguments("available-now", more));
  return child.wait(120);
}

TopicRecord WindowProgram::reading() {
  constexpr std::size_t kLargeBytes = 900'000;
  if (random_() % 8 == 0) ++second_;
  const std::string sensor = "s" + std::to_string(random_() % kSensors);
  auto& [count, sum] = windows_[{sensor, second_ / kWindowSeconds}];
  ++count;
  TopicRecord record{sensor, {}, second_ * 1000};
  if (random_() % 100 == 0) {
    ++num_poisoned_;
    const auto kind = random_() % 40;
    if (kind == 0) {
      record.value = std::string(kLargeBytes, '\xff');
    } else if (kind > 3) {
      record.value = "no number";
    }
    return record;
  }
  const long value = static_cast<long>(random_() % 1000);
  sum = sum.value_or(0) + value;
  record.value = std::to_string(value);
  return record;
}

void WindowProgram::add_readings(int rows) {
  std::vector<TopicRecord> records;
  for (int i = 0; i < rows; ++i) records.push_back(reading());
  write_topic(brokers_, input_, records);
}

void WindowProgram::close_windows() {
  second_ = (second_ / kWindowSeconds + 10) * kWindowSeconds;
  write_topic(brokers_, input_, {{"closing", "0", second_ * 1000}});
  abort_in_topic(brokers_, input_, {{"closing", "aborted", second_ * 1000}});
}

std::map<std::string, int> WindowProgram::expected() const {
  std::map<std::string, int> rows;
  for (const auto& [place, totals] : windows_) {
    const auto& [sensor, window] = place;
    const auto& [count, sum] = totals;
    const std::string end = sum ? " " + std::to_string(*sum) : std::string();
    rows[fmt::format("{} {} {}{}", sensor, window * kWindowSeconds, count, end)] = 1;
  }
  return rows;
}

std::map<std::string, int> WindowProgram::written() const {
  std::map<std::string, int> rows;
  for (const std::string& value : output_->values()) {
    if (!value.starts_with("closing ")) ++rows[value];
  }
  return rows;
}

bool WindowProgram::is_within_epoch() const {
  return testing::is_within_epoch(checkpoint_ + "/totals");
}

std::string WindowProgram::phase_left() const {
  const std::string query = checkpoint_ + "/totals";
  const long offsets = newest_number(query + "/offsets");
  if (!is_within_epoch()) return "between epochs";
  for (int task = 0; task < parallelism_; ++task) {
    if (output_->newest_epoch(query_id(query), task) == offsets)
      return "in the output, commit missing";
  }
  return "offsets written, running";
}

std::int64_t steady_millis() { return system_clock().steady_nanos() / 1'000'000; }

}  // namespace stream::testing
