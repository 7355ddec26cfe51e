#include <libstream/data/date_time.hpp>
#include <libstream/testing/expected_error.hpp>
#include <libstream/testing/json_values.hpp>
#include <libstream/testing/query_case_run.hpp>

#include <fmt/format.h>

namespace stream::testing {
namespace {

using Json = nlohmann::json;

/// The figures of an epoch as transcripts write them.
struct ProgressFigures {
  std::string input, watermark, late, state;
  std::string line() const {
    return fmt::format("input={} watermark={} late={} state={}\n", input, watermark, late, state);
  }
};

ProgressFigures figures_of(const QueryProgress& progress) {
  std::int64_t late = 0;
  std::int64_t state = 0;
  for (const OperatorStatistics& op : progress.state_operators) {
    late += op.dropped_by_watermark;
    state += op.state_rows;
  }
  std::string watermark = progress.event_time ? "" : "none";
  if (progress.event_time) append_date_time(progress.event_time->watermark * 1000, watermark);
  return {std::to_string(progress.num_input_rows()), watermark, std::to_string(late),
          std::to_string(state)};
}

}  // namespace

Result<void> QueryCaseRun::expect_output(const Section& section) {
  start();
  if (!error_) STREAM_TRY(process());
  const EpochId epoch = std::strtoll(section.argument.c_str(), nullptr, 10);
  STREAM_TRY(const std::vector<Json> expected, parse_json_lines(section.body));
  expected_.insert(epoch);
  const auto actual = outputs_.find(epoch);
  if (actual == outputs_.end()) {
    if (!error_) {
      fail(fmt::format("epoch {} did not run\n", epoch));
      remove(section);
    }
    return {};
  }
  const bool is_ordered = section.argument.find("ordered") != std::string::npos;
  const std::string diff = compare_rows(expected, actual->second, is_ordered);
  if (diff.empty()) return {};
  fail(fmt::format("output {} (line {}):\n{}", epoch, section.line, diff));
  update(section, json_lines(actual->second));
  return {};
}

Result<void> QueryCaseRun::expect_progress(const Section& section) {
  const EpochId epoch = std::strtoll(section.argument.c_str(), nullptr, 10);
  const std::optional<QueryProgress> progress = progress_->of(epoch);
  if (!progress) {
    if (!error_) {
      fail(fmt::format("epoch {} reported no progress\n", epoch));
      remove(section);
    }
    return {};
  }
  const std::size_t diff_before = diff_.size();
  const ProgressFigures figures = figures_of(*progress);
  std::string wanted;
  for (const std::string& line : content_lines(section.body)) wanted += line;
  const auto field = [&](std::string_view name) -> std::string {
    const std::size_t begin = wanted.find(std::string(name) + "=");
    if (begin == std::string::npos) return "";
    const std::size_t value = begin + name.size() + 1;
    // A watermark has a blank inside; the next field begins with a letter.
    std::size_t end = value;
    while (end < wanted.size() &&
           !(wanted[end] == ' ' && end + 1 < wanted.size() && std::isalpha(wanted[end + 1])))
      ++end;
    return wanted.substr(value, end - value);
  };
  const auto compare = [&](std::string_view name, const std::string& actual) {
    const std::string expected = field(name);
    if (expected.empty() || expected == actual) return;
    if (name == "watermark" &&
        expected.substr(0, expected.find('.')) == actual.substr(0, actual.find('.')) &&
        expected.find('.') != std::string::npos && actual.find('.') != std::string::npos &&
        std::strtod(expected.c_str() + expected.find('.'), nullptr) ==
            std::strtod(actual.c_str() + actual.find('.'), nullptr))
      return;
    fail(fmt::format("progress {} (line {}): {} is {}, expected {}\n", epoch, section.line, name,
                     actual, expected));
  };
  if (counts_input_) compare("input", figures.input);
  compare("watermark", figures.watermark);
  compare("late", figures.late);
  compare("state", figures.state);
  if (diff_.size() > diff_before) update(section, figures.line());
  return {};
}

Result<void> QueryCaseRun::expect_schema(const Section& section) {
  start();
  if (!collected_) return {};
  std::vector<std::string> lines = content_lines(section.body);
  const std::vector<Field>& fields = collected_->schema.fields;
  std::string came;
  for (const Field& field : fields)
    came += Json::array({field.name, field.type.to_string()}).dump() + "\n";
  if (lines.size() != fields.size()) {
    fail(fmt::format("{} columns, expected {}\n", fields.size(), lines.size()));
    update(section, came);
    return {};
  }
  const std::size_t size_before = diff_.size() + name_diff_.size();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    STREAM_TRY(const Json column, parse_json(lines[i]));
    const std::string type = fields[i].type.to_string();
    if (column.at(1) != type)
      fail(fmt::format("column {} has the type {}, expected {}\n", i + 1, type,
                       column.at(1).get<std::string>()));
    if (column.at(0) != fields[i].name)
      name_diff_ += fmt::format("column {} is named {}, expected {}\n", i + 1, fields[i].name,
                                column.at(0).get<std::string>());
  }
  if (diff_.size() + name_diff_.size() > size_before) update(section, came);
  return {};
}

Result<void> QueryCaseRun::expect_error(const Section& section) {
  start();
  if (!error_) STREAM_TRY(process());
  fail(error_diff(section, error_));
  error_.reset();
  is_checked_for_rest_ = true;
  return {};
}

void QueryCaseRun::report_unexpected() {
  std::string sections;
  for (const auto& [epoch, rows] : outputs_) {
    if (expected_.contains(epoch) || rows.empty()) continue;
    fail(fmt::format("epoch {} ran and is not in the transcript:\n{}", epoch,
                     compare_rows({}, rows, true)));
    sections += fmt::format("--- output {}\n{}", epoch, json_lines(rows));
    const std::optional<QueryProgress> progress = progress_->of(epoch);
    if (mode_ != "batch" && progress)
      sections += fmt::format("--- progress {}\n{}", epoch, figures_of(*progress).line());
  }
  if (!sections.empty()) updates_.push_back({last_line_, {}, false, sections});
}

}  // namespace stream::testing
