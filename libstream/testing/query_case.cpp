#include <libstream/api/query_start.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/connectors/rows_source.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <libstream/state/epoch_memory.hpp>
#include <libstream/testing/expected_error.hpp>
#include <libstream/testing/json_values.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <libstream/testing/query_case.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>
#include <regex>
#include <set>

namespace stream::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kCheckpoint = "/checkpoint";

/// Keeps the progress of every epoch.
class ProgressKeeper final : public QueryListener {
 public:
  void on_query_progress(const QueryProgress& progress) override {
    const std::lock_guard lock(mutex_);
    progress_[progress.batch_id] = progress;
  }
  std::optional<QueryProgress> of(EpochId epoch) const {
    const std::lock_guard lock(mutex_);
    const auto found = progress_.find(epoch);
    return found == progress_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<EpochId, QueryProgress> progress_;  // guarded by mutex_
};

struct StreamInput {
  std::shared_ptr<const Schema> schema;
  std::shared_ptr<QueueSource> source;
};

Result<std::vector<Json>> parse_json_lines(const std::string& body) {
  std::vector<Json> rows;
  for (const std::string& line : content_lines(body)) {
    STREAM_TRY(Json json, parse_json(line));
    rows.push_back(std::move(json));
  }
  return rows;
}

/// One method call on a relation: R.withWatermark("c", "10 seconds").
Result<std::optional<RelationRef>> parse_method_view(const std::string& text) {
  static const std::regex form(
      R"(^(\w+)\.(withWatermark|dropDuplicates|dropDuplicatesWithinWatermark|lateRows)\((.*)\)$)");
  std::smatch parts;
  if (!std::regex_match(text, parts, form)) return std::optional<RelationRef>{};
  const RelationRef input = make_relation(NamedRelation{{parts[1].str()}, false});
  STREAM_TRY(const Json arguments, parse_json("[" + parts[3].str() + "]"));
  if (parts[2] == "withWatermark") {
    if (arguments.size() != 2) return bad_data("withWatermark takes a column and a delay");
    STREAM_TRY(Expr column, parse_expression(arguments[0].get<std::string>()));
    return std::optional<RelationRef>(make_relation(
        WatermarkRelation{input, std::move(column), arguments[1].get<std::string>()}));
  }
  if (parts[2] == "lateRows")
    return std::optional<RelationRef>(make_relation(LateRowsRelation{input}));
  DeduplicateRelation deduplicate;
  deduplicate.input = input;
  deduplicate.is_within_watermark = parts[2] == "dropDuplicatesWithinWatermark";
  if (!arguments.empty()) {
    for (const Json& column : arguments[0])
      deduplicate.columns.push_back(column.get<std::string>());
  }
  return std::optional<RelationRef>(make_relation(std::move(deduplicate)));
}

class QueryCaseRun {
 public:
  QueryCaseRun(const Transcript& transcript, const CaseCell& cell)
      : transcript_(transcript), cell_(cell), session_(cell.runner) {}

  Result<CaseResult> run();

 private:
  Result<void> take(const Section& section);
  Result<void> add_source(const Section& section);
  Result<void> add_table(const Section& section);
  Result<void> add_view(const Section& section);
  Result<void> add_conf(const Section& section);
  Result<void> add_input(const Section& section);
  Result<void> restart(bool is_uncommitted);
  Result<void> expect_output(const Section& section);
  Result<void> expect_progress(const Section& section);
  Result<void> expect_schema(const Section& section);
  Result<void> expect_error(const Section& section);
  /// Starts the query, or runs a bounded one, when it has not been yet.
  void start();
  void run_bounded();
  void start_stream();
  Result<void> process();
  bool reads_twice() const;
  void collect_outputs();
  void fail(std::string text) { diff_ += std::move(text); }
  void update(const Section& section, std::string body) {
    updates_.push_back({section.line, std::move(body), false, {}});
  }
  void remove(const Section& section) { updates_.push_back({section.line, {}, true, {}}); }
  /// Outputs that no section names fail the case; an update puts them behind what led to them.
  void report_unexpected();

  const Transcript& transcript_;
  const CaseCell& cell_;
  SessionState session_;
  ManualClock clock_;
  MemoryFileSystem files_{clock_};
  std::map<std::string, StreamInput> inputs_;
  std::string query_text_;
  std::string mode_;
  bool is_started_ = false;
  bool is_checked_for_rest_ = false;
  /// Where a source is read twice, or a LIMIT stops reading, the figure is for information only.
  bool counts_input_ = true;
  std::unique_ptr<RunningQuery> query_;
  std::shared_ptr<CollectSink> sink_;
  std::shared_ptr<ProgressKeeper> progress_ = std::make_shared<ProgressKeeper>();
  std::map<EpochId, std::vector<Json>> outputs_;
  std::set<EpochId> expected_;
  std::optional<CollectedRows> collected_;
  std::optional<Error> error_;
  std::string diff_;
  std::string name_diff_;
  std::vector<SectionUpdate> updates_;
  std::size_t last_line_ = 0;  ///< of the section taken last
};

Result<void> QueryCaseRun::add_source(const Section& section) {
  STREAM_TRY(const Schema schema, parse_schema(section.body));
  StreamInput input;
  input.schema = std::make_shared<const Schema>(schema);
  QueueOptions options;
  options.one_at_a_time = false;
  options.keeps_committed = true;
  input.source = std::make_shared<QueueSource>(input.schema, options);
  STREAM_TRY(session_.add_relation(section.argument,
                                   make_relation(SourceRelation{input.source, true}), true));
  inputs_[section.argument] = std::move(input);
  return {};
}

Result<void> QueryCaseRun::add_table(const Section& section) {
  const std::vector<std::string> lines = content_lines(section.body);
  if (lines.empty()) return bad_data("a table without a schema line");
  STREAM_TRY(const Schema schema, parse_schema(lines[0]));
  std::vector<std::vector<Value>> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    STREAM_TRY(const Json json, parse_json(lines[i]));
    STREAM_TRY(auto row, row_from_json(json, schema));
    rows.push_back(std::move(row));
  }
  auto source =
      std::make_shared<const RowsSource>(std::make_shared<const Schema>(schema), std::move(rows));
  return session_.add_relation(section.argument,
                               make_relation(SourceRelation{std::move(source), false}), true);
}

Result<void> QueryCaseRun::add_view(const Section& section) {
  std::string text = section.body;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  STREAM_TRY(const std::optional<RelationRef> method, parse_method_view(text));
  RelationRef relation;
  if (method) {
    relation = *method;
  } else {
    Result<RelationRef> parsed = parse_query(text, {session_.settings().time_zone});
    if (!parsed) {
      error_ = parsed.error();
      return {};
    }
    relation = std::move(*parsed);
  }
  // A view is analysed when it is made.
  const Result<Schema> schema = schema_of(session_, relation);
  if (!schema && !error_) error_ = schema.error();
  return session_.add_relation(section.argument, std::move(relation), true);
}

Result<void> QueryCaseRun::add_conf(const Section& section) {
  for (const std::string& line : content_lines(section.body)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) return bad_data("conf: write key=value, not " + line);
    const std::string key = line.substr(0, equals);
    const std::string value = line.substr(equals + 1);
    const Result<void> set = session_.settings().set(key, value);
    if (!set) error_ = set.error();
    if (key == "spark.sql.streaming.multipleWatermarkPolicy" && value != "min" && value != "max")
      error_ = bad_option("[INVALID_CONF_VALUE.REQUIREMENT] " + line);
  }
  return {};
}

void QueryCaseRun::start() {
  if (is_started_ || error_) return;
  is_started_ = true;
  if (mode_ == "batch") {
    run_bounded();
  } else {
    start_stream();
  }
}

void QueryCaseRun::run_bounded() {
  Result<RelationRef> relation = parse_query(query_text_, {session_.settings().time_zone});
  if (!relation) {
    error_ = relation.error();
    return;
  }
  Result<CollectedRows> rows =
      collect(session_, *relation, {cell_.parallelism, cell_.batch_rows, nullptr, nullptr});
  if (!rows) {
    error_ = rows.error();
    return;
  }
  outputs_[0] = json_rows(rows->batches);
  collected_ = std::move(*rows);
}

void QueryCaseRun::start_stream() {
  Result<RelationRef> relation = parse_query(query_text_, {session_.settings().time_zone});
  if (!relation) {
    error_ = relation.error();
    return;
  }
  StreamingOptions options;
  options.mode = mode_ == "append"   ? OutputMode::append
                 : mode_ == "update" ? OutputMode::update
                                     : OutputMode::complete;
  sink_ = std::make_shared<CollectSink>();
  options.sink = sink_;
  options.query.trigger = Trigger::manual();
  options.query.checkpoint_directory = kCheckpoint;
  options.query.files = &files_;
  options.query.clock = &clock_;
  options.query.parallelism = cell_.parallelism;
  options.query.batch_rows = cell_.batch_rows;
  options.query.lose_tasks_after_every_epoch = cell_.loses_tasks;
  if (cell_.is_rescaled) options.query.rescale_after_every_epoch = {3, 1, 8, 2};
  options.query.listeners.push_back(progress_);
  Result<std::unique_ptr<RunningQuery>> query =
      start_streaming(session_, *relation, std::move(options));
  if (!query) {
    error_ = query.error();
    return;
  }
  query_ = std::move(*query);
}

void QueryCaseRun::collect_outputs() {
  if (!sink_) return;
  for (CollectedEpoch& epoch : sink_->take()) outputs_[epoch.epoch] = json_rows(epoch.batches);
}

Result<void> QueryCaseRun::process() {
  if (!query_ || error_) return {};
  const Result<void> done = query_->process_all_available();
  if (!done) error_ = done.error();
  collect_outputs();
  return {};
}

Result<void> QueryCaseRun::add_input(const Section& section) {
  start();
  std::map<std::string, std::vector<std::vector<Value>>> rows;
  for (const std::string& line : content_lines(section.body)) {
    const std::size_t space = line.find(' ');
    const std::string name = line.substr(0, space);
    const auto input = inputs_.find(name);
    if (input == inputs_.end() || space == std::string::npos)
      return bad_data("input: write SOURCE JSON, not " + line);
    STREAM_TRY(const Json json, parse_json(line.substr(space + 1)));
    STREAM_TRY(auto row, row_from_json(json, *input->second.schema));
    rows[name].push_back(std::move(row));
  }
  BlockPool pool;
  for (auto& [name, of_source] : rows) {
    const StreamInput& input = inputs_[name];
    STREAM_TRY(input.source->add(batch_of(input.schema, of_source, pool)));
  }
  return process();
}

Result<void> QueryCaseRun::restart(bool is_uncommitted) {
  start();
  if (query_) query_->stop(false);
  query_.reset();
  collect_outputs();
  if (is_uncommitted) {
    const EpochId last = outputs_.empty() ? 0 : outputs_.rbegin()->first;
    STREAM_TRY(files_.remove(fmt::format("{}/commits/{}", kCheckpoint, last)));
  }
  report_unexpected();
  // What the new run writes again stands under its own outputs.
  outputs_.clear();
  expected_.clear();
  progress_ = std::make_shared<ProgressKeeper>();
  is_started_ = false;
  return {};
}

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

/// Is a source or view named twice in all the texts together?
bool QueryCaseRun::reads_twice() const {
  std::string texts;
  for (const Section& section : transcript_.sections) {
    if (section.word == "view" || section.word == "query") texts += section.body + " ";
  }
  for (const Section& section : transcript_.sections) {
    if (section.word != "source" && section.word != "view") continue;
    // A pattern is made of the name.
    const bool is_plain = std::all_of(section.argument.begin(), section.argument.end(),
                                      [](unsigned char c) { return std::isalnum(c) || c == '_'; });
    if (!is_plain) continue;
    const std::regex name("(FROM|JOIN|from|join)\\s+" + section.argument + "\\b|\\b" +
                          section.argument + "\\.(with|drop)");
    const auto count = std::distance(std::sregex_iterator(texts.begin(), texts.end(), name), {});
    if (count > 1) return true;
  }
  return false;
}

Result<void> QueryCaseRun::take(const Section& section) {
  if (section.word == "source") return add_source(section);
  if (section.word == "table") return add_table(section);
  if (section.word == "view") return add_view(section);
  if (section.word == "conf") return add_conf(section);
  if (section.word == "query") {
    counts_input_ = section.body.find("LIMIT") == std::string::npos && !reads_twice();
    query_text_ = section.body;
    mode_ = section.argument;
    return {};
  }
  if (section.word == "input") return add_input(section);
  if (section.word == "restart") return restart(section.argument == "uncommitted");
  if (section.word == "output") return expect_output(section);
  if (section.word == "progress") return expect_progress(section);
  if (section.word == "schema") return expect_schema(section);
  if (section.word == "error") return expect_error(section);
  return bad_data(fmt::format("line {}: no section is named '{}'", section.line, section.word));
}

Result<CaseResult> QueryCaseRun::run() {
  if (cell_.batch_rows == 1) STREAM_TRY(session_.settings().set(kEpochBufferSetting, "1"));
  for (const Section& section : transcript_.sections) {
    Result<void> taken = take(section);
    if (!taken) return std::move(taken).error().with_context(fmt::format("line {}", section.line));
    if (is_checked_for_rest_) break;
    last_line_ = section.line;
  }
  if (!is_checked_for_rest_) start();
  if (error_) fail("error: " + error_->message() + "\n");
  if (!is_checked_for_rest_) report_unexpected();
  if (query_) query_->stop(false);
  return CaseResult{diff_, name_diff_, updates_};
}

}  // namespace

bool is_streaming_case(const Transcript& transcript) {
  return std::any_of(transcript.sections.begin(), transcript.sections.end(),
                     [](const Section& section) { return section.word == "source"; });
}

Result<CaseResult> run_query_case(const Transcript& transcript, const CaseCell& cell) {
  // JSON of the transcript that is not of the form it should have.
  try {
    return QueryCaseRun(transcript, cell).run();
  } catch (const Json::exception& exception) {
    return bad_data(exception.what());
  }
}

}  // namespace stream::testing
