#include <libstream/expressions/csv_cells.hpp>

namespace stream {

namespace {

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

void trim(std::string& text, const CsvFormat& format) {
  std::size_t begin = 0;
  std::size_t end = text.size();
  while (format.trims_left && begin < end && is_blank(text[begin])) ++begin;
  while (format.trims_right && end > begin && is_blank(text[end - 1])) --end;
  text = text.substr(begin, end - begin);
}

char single(const std::string& text) { return text.empty() ? '\0' : text[0]; }

}  // namespace

CsvFormat CsvFormat::of(const RecordOptions& options, bool is_write) {
  CsvFormat made;
  made.separator = options.get("sep", options.get("delimiter", ","));
  if (made.separator == "\\t") made.separator = "\t";
  made.quote = single(options.get("quote", "\""));
  made.escape = single(options.get("escape", "\\"));
  made.null_text = options.get("nullvalue", "");
  made.empty_text = options.get("emptyvalue", is_write ? "\"\"" : "");
  made.trims_left = options.flag("ignoreleadingwhitespace", is_write);
  made.trims_right = options.flag("ignoretrailingwhitespace", is_write);
  made.quotes_all = options.flag("quoteall", false);
  made.escapes_quotes = options.flag("escapequotes", true);
  return made;
}

CsvCells cut_csv(std::string_view line, const CsvFormat& format) {
  CsvCells cells;
  const std::string_view separator = format.separator;
  for (std::size_t at = 0;;) {
    std::string cell;
    bool is_quoted = false;
    std::size_t begin = at;
    while (begin < line.size() && (line[begin] == ' ' || line[begin] == '\t') &&
           !line.substr(begin).starts_with(separator))
      ++begin;
    if (format.quote != '\0' && begin < line.size() && line[begin] == format.quote) {
      is_quoted = true;
      at = begin + 1;
      for (; at < line.size(); ++at) {
        const char c = line[at];
        const char next = at + 1 < line.size() ? line[at + 1] : '\0';
        if (c == format.escape && (next == format.quote || next == format.escape) && next != '\0' &&
            (c != format.quote || next == format.quote)) {
          cell += next;
          ++at;
        } else if (c == format.quote) {
          break;
        } else {
          cell += c;
        }
      }
      if (at < line.size()) ++at;
      // What stands between the closing quote and the separator belongs to nothing.
      at = std::min(line.find(separator, at), line.size());
    } else {
      const std::size_t end = std::min(line.find(separator, at), line.size());
      cell = line.substr(at, end - at);
      at = end;
      trim(cell, format);
    }
    if (is_quoted && cell.empty()) cell = format.empty_text;
    const bool is_null = (!is_quoted && cell.empty()) || cell == format.null_text;
    if (is_null && !(is_quoted && format.null_text.empty()))
      cells.emplace_back(std::nullopt);
    else
      cells.emplace_back(std::move(cell));
    if (at >= line.size()) return cells;
    at += separator.size();
  }
}

void append_csv_cell(std::string_view given, const CsvFormat& format, std::string& out) {
  std::string text(given);
  trim(text, format);
  if (text.empty()) {
    out += format.empty_text;
    return;
  }
  const bool has_quote = format.quote != '\0' && text.find(format.quote) != std::string::npos;
  const bool is_quoted =
      format.quote != '\0' &&
      (format.quotes_all || text.find(format.separator) != std::string::npos ||
       text.find_first_of("\r\n") != std::string::npos || (has_quote && format.escapes_quotes));
  if (!is_quoted) {
    out += text;
    return;
  }
  out += format.quote;
  for (const char c : text) {
    if (c == format.quote || (c == format.escape && format.escape != format.quote))
      out += format.escape;
    out += c;
  }
  out += format.quote;
}

}  // namespace stream
