// The files of the repository as the tidy rules see them. Rules take a tree, not a folder, so that
// a test can plant a violation in a tree of one file. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stream::tidy {

/// One file: its path from the root of the repository, its bytes, and its code: the same bytes with
/// comments, string literals and character literals blanked, line breaks kept.
struct SourceFile {
  std::string path;
  std::string text;
  std::string code;
};

struct SourceTree {
  std::vector<SourceFile> files;

  /// Null where there is no such file.
  const SourceFile* find(std::string_view path) const;
};

/// What a rule found. `line` counts from 1; 0 where the file itself is meant.
struct Violation {
  std::string path;
  std::size_t line = 0;
  std::string text;
};

/// A word of code and where it stands.
struct Word {
  std::string_view text;
  std::size_t offset = 0;
};

/// Reads libstream/, actors/, apps/, tests/, configs/ and README.md below `root`.
SourceTree read_source_tree(const std::string& root);
SourceFile make_source_file(std::string path, std::string text);

/// Blanks comments and literals; keeps every line break.
std::string blank_comments_and_literals(std::string_view text);

std::vector<Word> words_of(std::string_view code);
std::vector<std::string_view> lines_of(std::string_view text);
std::size_t line_at(std::string_view text, std::size_t offset);
std::string_view trim(std::string_view text);

bool is_cpp(const SourceFile& file);

/// One violation a line, for a test's message.
std::string describe(const std::vector<Violation>& violations);

}  // namespace stream::tidy
