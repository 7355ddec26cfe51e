#include <tests/tidy/source_tree.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace stream::tidy {

namespace {

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Offset just behind the literal that begins at `begin` with `quote`.
std::size_t end_of_literal(std::string_view text, std::size_t begin, char quote) {
  std::size_t i = begin + 1;
  while (i < text.size() && text[i] != quote && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

/// Offset just behind the raw literal whose opening quote is at `quote`.
std::size_t end_of_raw_literal(std::string_view text, std::size_t quote) {
  const std::size_t open = text.find('(', quote);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
  const std::size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

/// Offset just behind the comment or literal at `i`, or `i` where there is none.
std::size_t end_of_blank(std::string_view text, std::size_t i) {
  const std::string_view rest = text.substr(i);
  if (rest.starts_with("//")) return std::min(text.find('\n', i), text.size());
  if (rest.starts_with("/*")) {
    const std::size_t end = text.find("*/", i + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  if (rest.starts_with('"')) {
    const bool is_raw = i > 0 && text[i - 1] == 'R' && (i == 1 || !is_word_char(text[i - 2]));
    return is_raw ? end_of_raw_literal(text, i) : end_of_literal(text, i, '"');
  }
  // A quote behind a digit separates digits.
  if (rest.starts_with('\'') && (i == 0 || !is_word_char(text[i - 1]))) {
    return end_of_literal(text, i, '\'');
  }
  return i;
}

}  // namespace

const SourceFile* SourceTree::find(std::string_view path) const {
  const auto at = std::ranges::find(files, path, &SourceFile::path);
  return at == files.end() ? nullptr : &*at;
}

SourceTree read_source_tree(const std::string& root) {
  namespace fs = std::filesystem;
  SourceTree tree;
  const auto add = [&](const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    tree.files.push_back(
        make_source_file(path.lexically_relative(root).generic_string(), std::move(text)));
  };
  for (const char* folder : {"libstream", "actors", "apps", "tests", "configs"}) {
    if (!fs::exists(fs::path(root) / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder)) {
      if (entry.is_regular_file()) add(entry.path());
    }
  }
  for (const char* file : {"CMakeLists.txt", "README.md"}) add(fs::path(root) / file);
  std::ranges::sort(tree.files, {}, &SourceFile::path);
  return tree;
}

SourceFile make_source_file(std::string path, std::string text) {
  SourceFile file{std::move(path), std::move(text), {}};
  if (is_cpp(file)) file.code = blank_comments_and_literals(file.text);
  return file;
}

std::string blank_comments_and_literals(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = end_of_blank(text, i);
    if (end == i) {
      ++i;
      continue;
    }
    for (; i < end; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
  }
  return code;
}

std::vector<Word> words_of(std::string_view code) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < code.size();) {
    if (!is_word_char(code[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < code.size() && is_word_char(code[i])) ++i;
    words.push_back({code.substr(begin, i - begin), begin});
  }
  return words;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_cpp(const SourceFile& file) {
  return file.path.ends_with(".cpp") || file.path.ends_with(".hpp");
}

std::string describe(const std::vector<Violation>& violations) {
  std::string all;
  for (const auto& violation : violations) {
    all += violation.line == 0
               ? fmt::format("{}: {}\n", violation.path, violation.text)
               : fmt::format("{}:{}: {}\n", violation.path, violation.line, violation.text);
  }
  return all;
}

}  // namespace stream::tidy
