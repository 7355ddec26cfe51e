#include <libstream/base/file_system.hpp>
#include <libstream/testing/case_file.hpp>
#include <libstream/testing/format_case.hpp>

#include <algorithm>
#include <map>

namespace stream::testing {
namespace {

bool is_dstream_file(std::string_view path) { return path.ends_with(".dcase"); }

Result<void> collect(const std::string& directory, std::vector<std::string>& found) {
  STREAM_TRY(const std::vector<FileStatus> children, local_file_system().list(directory));
  for (const FileStatus& child : children) {
    if (child.is_directory) {
      STREAM_TRY(collect(child.path, found));
    } else if (is_case_file(child.path)) {
      found.push_back(child.path);
    }
  }
  return {};
}

/// Why the case fails, empty when it passes in every cell.
std::string dstream_reason(const std::string& text, const std::vector<CaseCell>& cells) {
  const auto parsed = parse_dstream_case(text);
  if (!parsed) return parsed.error().message();
  for (const CaseCell& cell : cells) {
    const auto result = run_dstream_case(*parsed, cell);
    if (!result) return cell.name() + ": " + result.error().message();
    if (!result->diff.empty()) return cell.name() + ":\n" + result->diff;
  }
  return "";
}

Result<CaseResult> run_case(const Transcript& transcript, const CaseCell& cell) {
  return is_format_case(transcript) ? run_format_case(transcript, cell)
                                    : run_query_case(transcript, cell);
}

CaseOutcome query_outcome(const std::string& name, const Transcript& transcript,
                          const std::vector<CaseCell>& cells) {
  const bool is_streaming = is_streaming_case(transcript);
  CaseOutcome outcome{name, "", ""};
  for (const CaseCell& cell : cells) {
    if ((cell.loses_tasks || cell.is_rescaled) && !is_streaming)
      continue;  // a bounded query has one epoch
    const auto result = run_case(transcript, cell);
    if (!result) {
      outcome.reason = cell.name() + ": " + result.error().message();
      return outcome;
    }
    outcome.name_diff = result->name_diff;
    if (!result->diff.empty()) {
      outcome.reason = cell.name() + ":\n" + result->diff;
      return outcome;
    }
  }
  return outcome;
}

/// A body's blank lines at its end, and the comments among them: they stand between sections.
std::string_view tail_of(std::string_view body) {
  std::size_t begin = body.size();
  while (begin > 0) {
    const std::size_t line = begin < 2 ? 0 : body.rfind('\n', begin - 2) + 1;
    if (body[line] != '\n' && body[line] != '#') break;
    begin = line;
  }
  return body.substr(begin);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.emplace_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// Puts the new bodies in place of the old ones.
std::string rewrite(std::string_view text, const std::map<std::size_t, SectionUpdate>& updates) {
  const std::vector<std::string> lines = lines_of(text);
  std::string result;
  for (std::size_t i = 0; i < lines.size();) {
    const auto update = updates.find(i + 1);
    if (update == updates.end()) {
      result += lines[i++];
      continue;
    }
    const std::string& title = lines[i++];
    std::string body;
    while (i < lines.size() && !lines[i].starts_with("---") && !lines[i].starts_with("==="))
      body += lines[i++];
    // A file's blank lines are part of it.
    const std::string tail(title.starts_with("--- file") ? "" : tail_of(body));
    body.resize(body.size() - tail.size());
    const auto& [line, new_body, is_gone, sections_after] = update->second;
    if (!is_gone) result += title + new_body.value_or(body);
    if (!sections_after.empty() && !result.empty() && result.back() != '\n') result += '\n';
    result += sections_after + tail;
  }
  return result;
}

Result<std::string> update_dstream(std::string_view text, const CaseCell& cell) {
  STREAM_TRY(const DStreamCase parsed, parse_dstream_case(std::string(text)));
  STREAM_TRY(const DStreamResult result, run_dstream_case(parsed, cell));
  STREAM_TRY(const std::vector<Transcript> transcripts, parse_transcripts(text));
  std::map<std::size_t, SectionUpdate> updates;
  for (const Section& section : transcripts.front().sections) {
    if (!result.diff.empty() && (section.word == "output" || section.word == "slice"))
      updates[section.line] = {section.line, result.body, false, {}};
  }
  return rewrite(text, updates);
}

}  // namespace

bool is_case_file(std::string_view path) {
  return is_dstream_file(path) || path.ends_with(".case") || path.ends_with(".cases");
}

Result<std::vector<std::string>> find_case_files(const std::string& path) {
  STREAM_TRY(const FileStatus status, local_file_system().status(path));
  std::vector<std::string> found;
  if (status.is_directory) {
    STREAM_TRY(collect(path, found));
  } else {
    found.push_back(path);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<CaseCell> all_case_cells(const std::shared_ptr<Runner>& local,
                                     const std::shared_ptr<Runner>& actors) {
  std::vector<CaseCell> cells;
  for (const bool loses_tasks : {false, true}) {
    for (const std::uint32_t parallelism : {1u, 3u}) {
      for (const std::size_t batch_rows : {std::size_t{1024}, std::size_t{1}}) {
        cells.push_back({local, "local", parallelism, batch_rows, loses_tasks});
        cells.push_back({actors, "actor", parallelism, batch_rows, loses_tasks});
      }
    }
  }
  cells.push_back({local, "local", 1, 1024, false, true});
  return cells;
}

std::vector<CaseOutcome> run_case_file(const std::string& path, std::string_view text,
                                       const std::vector<CaseCell>& cells, std::string_view only) {
  if (!is_case_file(path)) return {{path, "not a transcript (*.case, *.cases, *.dcase)", ""}};
  if (is_dstream_file(path)) return {{path, dstream_reason(std::string(text), cells), ""}};
  const auto transcripts = parse_transcripts(text);
  if (!transcripts) return {{path, transcripts.error().message(), ""}};
  std::vector<CaseOutcome> outcomes;
  for (const Transcript& transcript : *transcripts) {
    const std::string name = transcript.name.empty() ? path : path + ":" + transcript.name;
    if (name.find(only) == std::string::npos) continue;
    outcomes.push_back(query_outcome(name, transcript, cells));
  }
  return outcomes;
}

Result<std::string> update_case_file(std::string_view text, bool is_dstream, const CaseCell& cell,
                                     std::string_view only) {
  if (is_dstream) return update_dstream(text, cell);
  STREAM_TRY(const std::vector<Transcript> transcripts, parse_transcripts(text));
  std::map<std::size_t, SectionUpdate> updates;
  for (const Transcript& transcript : transcripts) {
    if (transcript.name.find(only) == std::string::npos) continue;
    STREAM_TRY(CaseResult result, run_case(transcript, cell));
    for (SectionUpdate& update : result.updates) {
      SectionUpdate& merged = updates[update.line];
      merged.line = update.line;
      if (update.body) merged.body = std::move(update.body);
      merged.is_gone |= update.is_gone;
      merged.sections_after += update.sections_after;
    }
  }
  return rewrite(text, updates);
}

}  // namespace stream::testing
