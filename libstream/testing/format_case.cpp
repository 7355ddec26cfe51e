#include <libstream/api/query_start.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/files/file_relation.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/connectors/rows_source.hpp>
#include <libstream/connectors/standard/console_table_sink.hpp>
#include <libstream/expressions/type_text.hpp>
#include <libstream/formats/table_text.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <libstream/testing/expected_error.hpp>
#include <libstream/testing/format_case.hpp>
#include <libstream/testing/json_values.hpp>
#include <libstream/testing/manual_clock.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace stream::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kDirectory = "/data";

const Section* find_section(const Transcript& transcript, std::string_view word) {
  const auto found = std::find_if(transcript.sections.begin(), transcript.sections.end(),
                                  [&](const Section& section) { return section.word == word; });
  return found == transcript.sections.end() ? nullptr : &*found;
}

/// key=value lines; a value that begins with a quote is a JSON string.
Result<OptionMap> options_of(const Section& section) {
  OptionMap options;
  std::string_view body = section.body;
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    const std::size_t equals = line.find('=');
    if (line.empty() || line.front() == '#') continue;
    if (equals == std::string_view::npos)
      return bad_data("write key=value, not " + std::string(line));
    std::string value(line.substr(equals + 1));
    if (value.starts_with('"')) {
      STREAM_TRY(const Json json, parse_json(value));
      value = json.get<std::string>();
    }
    options[std::string(line.substr(0, equals))] = value;
  }
  return options;
}

/// The bytes of a file section: as it stands, or with \n, \t, \xNN and the like for bytes.
Result<std::string> file_bytes(const Section& section) {
  if (section.argument != "escaped") return section.body;
  std::string bytes;
  const std::string& body = section.body;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\n') continue;
    if (body[i] != '\\') {
      bytes += body[i];
      continue;
    }
    if (++i == body.size()) return bad_data("a backslash at the end of an escaped file");
    switch (body[i]) {
      case 'n':
        bytes += '\n';
        break;
      case 'r':
        bytes += '\r';
        break;
      case 't':
        bytes += '\t';
        break;
      case '\\':
        bytes += '\\';
        break;
      case 'x':
        if (i + 2 >= body.size()) return bad_data("an unfinished \\x in an escaped file");
        bytes += static_cast<char>(std::strtol(body.substr(i + 1, 2).c_str(), nullptr, 16));
        i += 2;
        break;
      default:
        return bad_data(fmt::format("\\{} is no escape of a file", body[i]));
    }
  }
  return bytes;
}

std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c == '\n') {
      text += "\\n\n";
    } else if (static_cast<unsigned char>(c) < 32) {
      text += fmt::format("\\x{:02x}", c);
    } else if (c == '\\') {
      text += "\\\\";
    } else {
      text += c;
    }
  }
  return text;
}

Result<Schema> columns_of(const Section& section) {
  Schema schema;
  for (const std::string& line : content_lines(section.body)) {
    STREAM_TRY(const Json json, parse_json(line));
    STREAM_TRY(DataType type, parse_data_type(json.at(1).get<std::string>()));
    schema.fields.push_back({json.at(0).get<std::string>(), std::move(type), true});
  }
  return schema;
}

struct Rows {
  std::shared_ptr<const Schema> schema;
  std::vector<std::vector<Value>> values;
};

Result<Rows> rows_of_case(const Transcript& transcript) {
  const Section* columns = find_section(transcript, "columns");
  const Section* rows = find_section(transcript, "rows");
  if (!columns || !rows) return bad_data("the case lacks columns or rows");
  STREAM_TRY(const Schema schema, columns_of(*columns));
  Rows result{std::make_shared<const Schema>(schema), {}};
  for (const std::string& line : content_lines(rows->body)) {
    STREAM_TRY(const Json json, parse_json(line));
    STREAM_TRY(auto row, row_from_json(json, schema));
    result.values.push_back(std::move(row));
  }
  return result;
}

RelationRef relation_of(const Rows& rows) {
  return make_relation(
      SourceRelation{std::make_shared<const RowsSource>(rows.schema, rows.values), false});
}

Result<CaseResult> run_reader(const Transcript& transcript, const Section& read,
                              const CaseCell& cell) {
  MemoryFileSystem files;
  STREAM_TRY(files.create_directories(kDirectory));
  const Section* file = find_section(transcript, "file");
  if (!file) return bad_data("a reader case without a file");
  STREAM_TRY(const std::string bytes, file_bytes(*file));
  const std::string path = std::string(kDirectory) + "/input";
  STREAM_TRY(write_file_atomic(files, path, bytes));
  STREAM_TRY(OptionMap options, options_of(read));
  std::optional<Schema> schema;
  if (const Section* given = find_section(transcript, "schema")) {
    STREAM_TRY(schema, parse_schema(given->body));
  }
  SessionState session(cell.runner);
  const auto collect_rows = [&]() -> Result<CollectedRows> {
    STREAM_TRY(const auto source,
               make_file_source(read.argument, {path}, std::move(options), std::move(schema), false,
                                session.settings(), files));
    return collect(session, make_relation(SourceRelation{source, false}),
                   {cell.parallelism, cell.batch_rows, nullptr, &files});
  };
  const Result<CollectedRows> rows = collect_rows();
  CaseResult result;
  if (const Section* error = find_section(transcript, "error")) {
    result.diff = error_diff(*error, rows ? std::nullopt : std::optional(rows.error()));
    return result;
  }
  if (!rows) {
    result.diff = "error: " + rows.error().message() + "\n";
    return result;
  }
  if (const Section* columns = find_section(transcript, "columns")) {
    std::vector<Json> expected;
    for (const std::string& line : content_lines(columns->body)) {
      STREAM_TRY(Json json, parse_json(line));
      expected.push_back(std::move(json));
    }
    std::vector<Json> actual;
    for (const Field& field : rows->schema.fields)
      actual.push_back(Json::array({field.name, field.type.to_string()}));
    const std::string diff = compare_rows(expected, actual, true);
    if (!diff.empty()) {
      result.diff += "columns:\n" + diff;
      result.updates.push_back({columns->line, json_lines(actual), false, {}});
    }
  }
  const Section* output = find_section(transcript, "output");
  if (!output) return bad_data("a reader case without output or error");
  std::vector<Json> expected;
  for (const std::string& line : content_lines(output->body)) {
    STREAM_TRY(Json json, parse_json(line));
    expected.push_back(std::move(json));
  }
  const std::vector<Json> actual = json_rows(rows->batches);
  const std::string diff = compare_rows(expected, actual, false);
  if (!diff.empty()) {
    result.diff += "output:\n" + diff;
    result.updates.push_back({output->line, json_lines(actual), false, {}});
  }
  return result;
}

Result<CaseResult> run_writer(const Transcript& transcript, const Section& write,
                              const CaseCell& cell) {
  MemoryFileSystem files;
  STREAM_TRY(const Rows rows, rows_of_case(transcript));
  STREAM_TRY(OptionMap options, options_of(write));
  SessionState session(cell.runner);
  const std::string path = std::string(kDirectory) + "/out";
  STREAM_TRY(files.create_directories(kDirectory));
  const auto write_rows = [&]() -> Result<CollectedRows> {
    FileSinkRequest request;
    request.format = write.argument;
    request.path = path;
    request.options = std::move(options);
    request.schema = *rows.schema;
    STREAM_TRY(const auto sink, make_file_sink(std::move(request), session.settings(), files));
    // One file comes of one task.
    return collect(session, relation_of(rows), {1, cell.batch_rows, sink, &files});
  };
  const Result<CollectedRows> written = write_rows();
  CaseResult result;
  if (const Section* error = find_section(transcript, "error")) {
    result.diff = error_diff(*error, written ? std::nullopt : std::optional(written.error()));
    return result;
  }
  if (!written) {
    result.diff = "error: " + written.error().message() + "\n";
    return result;
  }
  const Section* file = find_section(transcript, "file");
  if (!file) return bad_data("a writer case without a file or error");
  STREAM_TRY(const std::string expected, file_bytes(*file));
  STREAM_TRY(const std::vector<FileStatus> listed, files.list(path, 1000));
  std::string actual;
  std::size_t num_files = 0;
  for (const FileStatus& status : listed) {
    const std::string name = status.path.substr(status.path.rfind('/') + 1);
    if (status.is_directory || name.starts_with('_') || name.starts_with('.')) continue;
    STREAM_TRY(const std::string bytes, read_file(files, status.path));
    actual += bytes;
    ++num_files;
  }
  if (num_files != 1) result.diff += fmt::format("{} data files\n", num_files);
  if (actual != expected) {
    result.diff += "expected:\n" + escaped(expected) + "\nwritten:\n" + escaped(actual) + "\n";
    result.updates.push_back(
        {file->line, file->argument == "escaped" ? escaped(actual) : actual, false, {}});
  }
  return result;
}

std::string without_marks(const std::string& body) {
  std::string text;
  for (std::size_t begin = 0; begin < body.size();) {
    const std::size_t end = std::min(body.find('\n', begin), body.size() - 1);
    if (body[begin] == '>') text += body.substr(begin + 1, end - begin);
    begin = end + 1;
  }
  return text;
}

/// What `text` holds against what was printed.
CaseResult compare_text(const Section& text, const std::string& printed) {
  const std::string expected = without_marks(text.body);
  if (expected == printed) return {};
  std::string marked;
  for (std::size_t begin = 0; begin < printed.size();) {
    const std::size_t end = std::min(printed.find('\n', begin), printed.size());
    marked += ">" + printed.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return {"expected:\n" + expected + "printed:\n" + printed, "", {{text.line, marked, false, {}}}};
}

Result<CaseResult> run_show(const Transcript& transcript, const Section& show,
                            const CaseCell& cell) {
  STREAM_TRY(OptionMap options, options_of(show));
  TableTextOptions how;
  for (const auto& [key, value] : options) {
    if (key == "n")
      how.max_rows = static_cast<std::size_t>(std::strtoul(value.c_str(), nullptr, 10));
    if (key == "truncate")
      how.truncate = static_cast<std::size_t>(std::strtoul(value.c_str(), nullptr, 10));
    if (key == "vertical") how.is_vertical = value == "true";
  }
  SessionState session(cell.runner);
  RelationRef relation;
  if (const Section* query = find_section(transcript, "query")) {
    STREAM_TRY(relation, parse_query(query->body));
  } else {
    STREAM_TRY(const Rows rows, rows_of_case(transcript));
    relation = relation_of(rows);
  }
  STREAM_TRY(const CollectedRows rows,
             collect(session, relation, {cell.parallelism, cell.batch_rows, nullptr, nullptr}));
  const Section* text = find_section(transcript, "text");
  if (!text) return bad_data("a show case without text");
  const std::string printed = show_text(rows.schema, rows.batches, how, session.settings());
  return compare_text(*text, printed);
}

Result<CaseResult> run_console(const Transcript& transcript, const Section& console,
                               const CaseCell& cell) {
  const Section* source_section = find_section(transcript, "source");
  const Section* query = find_section(transcript, "query");
  const Section* text = find_section(transcript, "text");
  if (!source_section || !query || !text) return bad_data("a console case lacks a section");
  STREAM_TRY(const Schema schema, parse_schema(source_section->body));
  const auto shared = std::make_shared<const Schema>(schema);
  QueueOptions queue;
  queue.one_at_a_time = false;
  const auto source = std::make_shared<QueueSource>(shared, queue);
  SessionState session(cell.runner);
  STREAM_TRY(session.add_relation(source_section->argument,
                                  make_relation(SourceRelation{source, true}), true));
  STREAM_TRY(const RelationRef relation, parse_query(query->body));
  STREAM_TRY(OptionMap options, options_of(console));
  STREAM_TRY(const Schema output, schema_of(session, relation));
  std::string printed;
  STREAM_TRY(const auto sink,
             make_console_table_sink(std::move(options), output, session.settings(),
                                     [&printed](std::string_view block) { printed += block; }));
  StreamingOptions streaming;
  streaming.mode = console.argument == "append"   ? OutputMode::append
                   : console.argument == "update" ? OutputMode::update
                                                  : OutputMode::complete;
  streaming.sink = sink;
  ManualClock clock;
  streaming.query.clock = &clock;
  streaming.query.trigger = Trigger::manual();
  streaming.query.parallelism = 1;
  streaming.query.batch_rows = cell.batch_rows;
  STREAM_TRY(const auto running, start_streaming(session, relation, std::move(streaming)));
  BlockPool pool;
  for (const Section& section : transcript.sections) {
    if (section.word != "input") continue;
    std::vector<std::vector<Value>> rows;
    for (const std::string& line : content_lines(section.body)) {
      STREAM_TRY(const Json json, parse_json(line.substr(line.find(' ') + 1)));
      STREAM_TRY(auto row, row_from_json(json, schema));
      rows.push_back(std::move(row));
    }
    STREAM_TRY(source->add(batch_of(shared, rows, pool)));
    STREAM_TRY(running->process_all_available());
  }
  running->stop(false);
  return compare_text(*text, printed);
}

Result<CaseResult> run(const Transcript& transcript, const CaseCell& cell) {
  if (const Section* section = find_section(transcript, "read"))
    return run_reader(transcript, *section, cell);
  if (const Section* section = find_section(transcript, "write"))
    return run_writer(transcript, *section, cell);
  if (const Section* section = find_section(transcript, "show"))
    return run_show(transcript, *section, cell);
  if (const Section* section = find_section(transcript, "console"))
    return run_console(transcript, *section, cell);
  return bad_data("not a reader, writer, show or console case");
}

}  // namespace

bool is_format_case(const Transcript& transcript) {
  for (const char* word : {"read", "write", "show", "console"}) {
    if (find_section(transcript, word)) return true;
  }
  return false;
}

Result<CaseResult> run_format_case(const Transcript& transcript, const CaseCell& cell) {
  // JSON of the transcript that is not of the form it should have.
  try {
    return run(transcript, cell);
  } catch (const Json::exception& exception) {
    return bad_data(exception.what());
  }
}

}  // namespace stream::testing
