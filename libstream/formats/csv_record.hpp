// Cuts one CSV record into fields, by the rules of the parser that Spark uses (quotes, escapes,
// unescaped quotes, blanks, line ends within quotes). The slow path of CsvReader, and what finds
// headers and schemas. One object a task.
#pragma once

#include <libstream/formats/csv_options.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct CsvField {
  std::string_view text;
  bool is_null = false;  ///< nothing was there: the null value
};

class CsvRecordParser {
 public:
  CsvRecordParser(const CsvSyntax& syntax, std::string empty_value);

  /// What ends records of multi-line files: the first line end in their first bytes.
  void detect_line_separator(std::string_view first_bytes);

  struct Outcome {
    std::size_t end = 0;       ///< behind the record and its line end
    bool reached_end = false;  ///< the text ended first: more bytes may change it
    bool has_record = false;   ///< false: blank or a comment
  };
  /// Parses the record that begins at text[begin]. Its fields are valid until the next call; they
  /// point into `text` or into the parser. Error: too many fields, a field too long, or an
  /// unescaped quote with RAISE_ERROR.
  Result<Outcome> parse(std::string_view text, std::size_t begin);
  const std::vector<CsvField>& fields() const { return fields_; }

 private:
  // Characters are bytes; a line end and a separator of any length are one character each.
  static constexpr int kLineEnd = 256;
  static constexpr int kSeparator = 257;
  static constexpr int kNothing = 0;

  // What reads returns false at the end of the text.
  bool read(int& c);
  bool next() { return read(ch_); }
  bool parse_record();
  bool parse_plain();
  bool parse_quoted();
  bool parse_after_quoted();
  bool parse_escaped();
  bool take_simple_quoted();
  bool append_until(int stop1, int stop2, int stop3);
  bool process_quote_escape();
  bool on_quote_in_quoted();
  bool on_quote_in_value();
  bool skip_value();
  void end_of_text();

  static bool is_blank(int c) { return c <= ' '; }
  bool is_field_end(int c) const { return c == kSeparator || c == kLineEnd; }
  void append(int c);
  void take_null() { fields_.push_back({{}, true}); }
  void take_plain(std::string_view text, bool is_at_end);
  void take_appended();
  void fail(std::string reason);

  CsvSyntax syntax_;
  std::string empty_value_;
  int quote_;
  int escape_;
  int escape_of_escape_;
  bool stops_at_delimiter_;
  char line_first_ = '\n';
  char line_second_ = '\0';

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  int ch_ = kNothing;
  int prev_ = kNothing;
  bool is_unescaped_ = false;
  bool is_normalizing_ = true;
  bool trims_ = false;
  bool is_skipped_ = false;
  bool is_taken_ = false;  // the field that the text ended in is taken already
  std::string appended_;
  std::string error_;
  std::vector<CsvField> fields_;
  std::deque<std::string> texts_;  // fields that are no part of the text
};

}  // namespace stream
