#include <apps/streamctl/script.hpp>
#include <libstream/base/ascii.hpp>
#include <libstream/plans/scope.hpp>
#include <libstream/sql/syntax_error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <vector>

namespace stream::apps {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}
bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Byte offset of `word` as a whole word of `text`, or npos. Both in lower case.
std::size_t find_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word_character(text[at - 1]);
    const std::size_t end = at + word.size();
    if (begins && (end == text.size() || !is_word_character(text[end]))) return at;
  }
  return std::string_view::npos;
}

/// What `message` quotes in back-ticks, parts of a qualified name each for itself.
std::vector<std::string> quoted_names(std::string_view message) {
  std::vector<std::string> names;
  for (std::size_t open = message.find('`'); open != std::string_view::npos;) {
    const std::size_t close = message.find('`', open + 1);
    if (close == std::string_view::npos) break;
    if (close > open + 1) names.push_back(ascii_lower(message.substr(open + 1, close - open - 1)));
    open = message.find('`', close + 1);
  }
  return names;
}

/// Where a comment or a quoted text that begins at `at` ends; `at` when none begins there.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '\'' || c == '"' || c == '`') {
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\' && c != '`') {
        ++i;
      } else if (text[i] == c) {
        return i + 1;
      }
    }
    return std::string_view::npos;
  }
  if (text.substr(at, 2) == "--") return std::min(text.find('\n', at), text.size());
  if (text.substr(at, 2) == "/*") {
    const std::size_t end = text.find("*/", at + 2);
    return end == std::string_view::npos ? end : end + 2;
  }
  return at;
}

}  // namespace

std::map<std::string, std::string> parse_parameters(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> parameters;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw bad_option(fmt::format("--param {}: write key=value", text));
    if (!parameters.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      throw bad_option(fmt::format("--param {}: the key is given twice", text));
  }
  return parameters;
}

std::string fill_in(std::string_view text, const std::map<std::string, std::string>& parameters) {
  std::string made;
  std::set<std::string> used;
  std::size_t done = 0;
  for (std::size_t open = text.find("${"); open != std::string_view::npos;
       open = text.find("${", done)) {
    std::size_t end = open + 2;
    while (end < text.size() && is_name_character(text[end])) ++end;
    const std::string key(text.substr(open + 2, end - open - 2));
    std::optional<std::string_view> value;
    if (end < text.size() && text[end] == ':') {
      const std::size_t close = std::min(text.find('}', end), text.size());
      value = text.substr(end + 1, close - end - 1);
      end = close;
    }
    const auto found = parameters.find(key);
    if (found != parameters.end()) value = found->second;
    if (end == text.size() || text[end] != '}' || !value)
      throw sql::error_at(text, "UNBOUND_SQL_PARAMETER",
                          fmt::format("Found the unbound parameter: {}. Give it a value: --param "
                                      "{}=…",
                                      key, key),
                          open, end - open + 1);
    made += text.substr(done, open - done);
    made += *value;
    used.insert(key);
    done = end + 1;
  }
  made += text.substr(done);
  for (const auto& [key, value] : parameters) {
    if (used.count(key) == 0)
      throw bad_option(fmt::format("--param {}={}: the script has no ${{{}}}", key, value, key));
  }
  return made;
}

Error placed(Error error, std::string_view text, const Statement& statement) {
  const std::string& message = error.message();
  if (message.find("(line ") != std::string::npos) return error;
  const std::size_t first = std::min<std::size_t>(statement.span.offset, text.size());
  const std::string shown = ascii_lower(text.substr(first, statement.span.length));
  std::size_t at = 0;
  std::size_t length = std::min(shown.find_first_of(" \n\t("), shown.size());
  for (const std::string& name : quoted_names(message)) {
    const std::size_t found = find_word(shown, name);
    if (found == std::string::npos) continue;
    at = found;
    length = name.size();
    break;
  }
  // error_at wants a condition; the message has its own, or none.
  const std::string marked = sql::error_at(text, "", message, first + at, length).message();
  return {error.error_class(), marked.substr(std::string_view("[] ").size())};
}

Error in_file(Error error, std::string_view file) {
  if (file.empty()) return error;
  const std::string& message = error.message();
  const std::size_t at = message.find("(line ");
  unsigned long line = 0;
  unsigned long column = 0;
  if (at == std::string::npos ||
      std::sscanf(message.c_str() + at, "(line %lu, pos %lu)", &line, &column) != 2)
    return std::move(error).with_context(file);
  return std::move(error).with_context(fmt::format("{}:{}:{}", file, line, column + 1));
}

bool is_complete(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool is_ended = false;
  for (std::size_t i = 0; i <= text.size();) {
    const std::size_t end = i < text.size() ? skip_quoted(text, i) : i;
    if (end == std::string_view::npos) return false;
    if (end > i) {
      if (text[i] != '-' && text[i] != '/') is_ended = false;
      i = end;
      continue;
    }
    const char c = i < text.size() ? text[i] : ' ';
    if (is_word_character(c)) {
      word += c;
      is_ended = false;
    } else {
      if (!word.empty()) words.push_back(ascii_lower(word));
      word.clear();
      if (c == ';') {
        const bool is_set = words.size() > 1 && words[0] == "begin" && words[1] == "statement";
        is_ended = !is_set || words.back() == "end";
      } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
        is_ended = false;
      }
    }
    ++i;
  }
  return is_ended;
}

}  // namespace stream::apps
