#include <libstream/testing/transcript.hpp>

#include <fmt/format.h>

namespace stream::testing {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end == std::string_view::npos ? text.size() : end + 1));
    text.remove_prefix(lines.back().size());
  }
  return lines;
}

}  // namespace

Result<std::vector<Transcript>> parse_transcripts(std::string_view text) {
  std::vector<Transcript> cases;
  std::vector<Section> common;
  std::vector<Section>* sections = &common;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (line.starts_with("===")) {
      Transcript transcript;
      std::string_view title = trimmed(line.substr(3, line.find('\n') - 3));
      if (const std::size_t space = title.find(' '); space != std::string_view::npos) {
        transcript.is_core = trimmed(title.substr(space)) == "core";
        title = title.substr(0, space);
      }
      if (title.empty())
        return bad_data(fmt::format("line {}: a case without a name; write === NAME", number));
      transcript.name = title;
      transcript.sections = common;
      cases.push_back(std::move(transcript));
      sections = &cases.back().sections;
      continue;
    }
    if (line.starts_with("---")) {
      Section section;
      section.line = number;
      const std::string_view title = trimmed(line.substr(3, line.find('\n') - 3));
      const std::size_t space = title.find(' ');
      section.word = title.substr(0, space);
      if (space != std::string_view::npos) section.argument = trimmed(title.substr(space));
      if (section.word.empty())
        return bad_data(fmt::format("line {}: a section without a word; write --- WORD", number));
      sections->push_back(std::move(section));
      continue;
    }
    const bool is_empty_title =
        sections->empty() ||
        (!cases.empty() && sections == &cases.back().sections && sections->size() == common.size());
    if (is_empty_title && !cases.empty()) continue;  // a comment below the case's name
    if (!sections->empty()) sections->back().body += line;
  }
  if (cases.empty()) cases.push_back({"", false, std::move(common)});
  return cases;
}

std::vector<std::string> content_lines(std::string_view body) {
  std::vector<std::string> lines;
  for (const std::string_view line : lines_of(body)) {
    const std::string_view content = trimmed(line.substr(0, line.find('\n')));
    if (!content.empty() && content.front() != '#') lines.emplace_back(content);
  }
  return lines;
}

}  // namespace stream::testing
