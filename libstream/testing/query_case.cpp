#include <libstream/connectors/rows_source.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <libstream/state/epoch_memory.hpp>
#include <libstream/testing/json_values.hpp>
#include <libstream/testing/query_case_run.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace stream::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kCheckpoint = "/checkpoint";

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

}  // namespace

Result<std::vector<Json>> parse_json_lines(const std::string& body) {
  std::vector<Json> rows;
  for (const std::string& line : content_lines(body)) {
    STREAM_TRY(Json json, parse_json(line));
    rows.push_back(std::move(json));
  }
  return rows;
}

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
