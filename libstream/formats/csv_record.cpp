#include <libstream/expressions/utf8.hpp>
#include <libstream/formats/csv_record.hpp>

#include <fmt/format.h>

#include <cstring>

namespace stream {
namespace {

int code(char c) { return static_cast<unsigned char>(c); }

std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && code(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

CsvRecordParser::CsvRecordParser(const CsvSyntax& syntax, std::string empty_value)
    : syntax_(syntax),
      empty_value_(std::move(empty_value)),
      quote_(code(syntax.quote)),
      escape_(code(syntax.escape)),
      escape_of_escape_(code(syntax.effective_escape_of_escape())),
      stops_at_delimiter_(syntax.unescaped_quotes == UnescapedQuotes::stop_at_delimiter ||
                          syntax.unescaped_quotes == UnescapedQuotes::skip_value ||
                          syntax.unescaped_quotes == UnescapedQuotes::back_to_delimiter) {
  if (!syntax.line_separator) return;
  line_first_ = (*syntax.line_separator)[0];
  line_second_ = syntax.line_separator->size() == 2 ? (*syntax.line_separator)[1] : '\0';
}

void CsvRecordParser::detect_line_separator(std::string_view first_bytes) {
  if (syntax_.line_separator) return;
  const std::size_t at = first_bytes.find_first_of("\r\n");
  if (at == std::string_view::npos) return;
  line_first_ = first_bytes[at];
  const bool is_pair = line_first_ == '\r' && first_bytes.substr(at + 1).starts_with('\n');
  line_second_ = is_pair ? '\n' : '\0';
}

bool CsvRecordParser::read(int& c) {
  if (at_ >= text_.size()) return false;
  const char byte = text_[at_++];
  if (byte == line_first_ &&
      (line_second_ == '\0' || (at_ < text_.size() && text_[at_] == line_second_))) {
    if (is_normalizing_) {
      at_ += line_second_ != '\0';
      c = kLineEnd;
      return true;
    }
  }
  if (byte == '\n') {
    c = kLineEnd;
  } else if (byte == syntax_.separator[0] &&
             (syntax_.separator.size() == 1 ||
              text_.substr(at_ - 1).starts_with(syntax_.separator))) {
    at_ += syntax_.separator.size() - 1;
    c = kSeparator;
  } else {
    c = code(byte);
  }
  return true;
}

Result<CsvRecordParser::Outcome> CsvRecordParser::parse(std::string_view text, std::size_t begin) {
  text_ = text;
  at_ = begin_ = begin;
  fields_.clear();
  texts_.clear();
  appended_.clear();
  error_.clear();
  prev_ = kNothing;
  is_normalizing_ = true;
  is_skipped_ = is_taken_ = trims_ = is_unescaped_ = false;
  Outcome outcome;
  if (!next()) return Outcome{at_, true, false};
  if (syntax_.comment && ch_ == code(*syntax_.comment)) {
    while (ch_ != kLineEnd && next()) {
    }
    return Outcome{at_, ch_ != kLineEnd, false};
  }
  outcome.reached_end = !parse_record();
  if (outcome.reached_end) end_of_text();
  if (!error_.empty()) return bad_data(error_);
  if (fields_.size() > static_cast<std::size_t>(syntax_.max_columns))
    return bad_data(fmt::format(
        "[MALFORMED_CSV_RECORD] the record has {} fields, more than maxColumns ({}): {}",
        fields_.size(), syntax_.max_columns, text.substr(begin, 1000)));
  outcome.end = at_;
  outcome.has_record = !fields_.empty();
  return outcome;
}

bool CsvRecordParser::parse_record() {
  const auto skip_blanks = [&] {
    while (is_blank(ch_) && ch_ != quote_) {
      int c = kNothing;
      if (!read(c)) return false;
      ch_ = c;
    }
    return true;
  };
  while (ch_ != kLineEnd) {
    if (syntax_.ignores_leading_space && !skip_blanks()) return false;
    if (is_field_end(ch_)) {
      if (ch_ == kLineEnd && fields_.empty()) return true;
      take_null();
    } else {
      is_unescaped_ = false;
      prev_ = kNothing;
      if (ch_ == quote_ && quote_ != kNothing) {
        if (!take_simple_quoted()) {
          is_normalizing_ = !(syntax_.line_separator && syntax_.is_multi_line);
          trims_ = false;
          if (!parse_quoted()) return false;
          if (!error_.empty()) return true;
          is_normalizing_ = true;
          const bool is_empty_rest = is_unescaped_ && appended_.empty() &&
                                     syntax_.unescaped_quotes == UnescapedQuotes::back_to_delimiter;
          if (!is_empty_rest) take_appended();
        }
      } else if (!parse_plain()) {
        return false;
      }
    }
    if (ch_ == kLineEnd) break;
    if (!next()) return false;
    if (ch_ == kLineEnd) take_null();
  }
  return true;
}

/// A field between quotes with nothing special inside, followed by a separator or a line end.
bool CsvRecordParser::take_simple_quoted() {
  for (std::size_t at = at_; at < text_.size(); ++at) {
    const char c = text_[at];
    if (c == line_first_ || c == '\n') return false;
    if (code(c) == quote_) {
      const std::string_view rest = text_.substr(at + 1);
      const bool ends = rest.starts_with(syntax_.separator) || rest.starts_with('\n');
      if (!ends || (at > at_ && code(text_[at - 1]) == escape_)) return false;
      const std::string_view value = text_.substr(at_, at - at_);
      at_ = at + 1;
      fields_.push_back({value.empty() ? std::string_view(empty_value_) : value, false});
      return next();
    }
    if (code(c) == escape_) return false;
  }
  return false;
}

bool CsvRecordParser::parse_plain() {
  const std::size_t begin = at_ - 1;
  const char first = syntax_.separator[0];
  std::size_t at = begin;
  std::size_t lone_line_feed = std::string_view::npos;
  for (; at < text_.size(); ++at) {
    const char c = text_[at];
    if (c == first &&
        (syntax_.separator.size() == 1 || text_.substr(at).starts_with(syntax_.separator)))
      break;
    if (c == line_first_ &&
        (line_second_ == '\0' || (at + 1 < text_.size() && text_[at + 1] == line_second_)))
      break;
    if (c == '\n' && lone_line_feed == std::string_view::npos) lone_line_feed = at;
  }
  const bool is_at_end = at == text_.size();
  if (is_at_end && lone_line_feed != std::string_view::npos) at = lone_line_feed;
  take_plain(text_.substr(begin, at - begin), is_at_end);
  at_ = at;
  if (at < text_.size()) return next();
  is_taken_ = true;
  return false;
}

void CsvRecordParser::take_plain(std::string_view text, bool is_at_end) {
  if (syntax_.max_characters >= 0 &&
      text.size() > static_cast<std::size_t>(syntax_.max_characters) &&
      count_characters(text) > static_cast<std::size_t>(syntax_.max_characters))
    fail("a field is longer than maxCharsPerColumn");
  if (syntax_.ignores_trailing_space) text = without_trailing_blanks(text);
  if (!text.empty()) {
    fields_.push_back({text, false});
  } else if (is_at_end) {
    fields_.push_back({empty_value_, false});
  } else {
    take_null();
  }
}

bool CsvRecordParser::parse_quoted() {
  if (prev_ != kNothing && stops_at_delimiter_) {
    if (syntax_.unescaped_quotes == UnescapedQuotes::skip_value) return skip_value();
    appended_.insert(appended_.begin(), static_cast<char>(quote_));
    if (!next()) return false;
    trims_ = syntax_.ignores_trailing_space;
    return append_until(kSeparator, kLineEnd, kLineEnd);
  }
  if (!next()) return false;
  while (error_.empty()) {
    if (prev_ == quote_ && (is_blank(ch_) || is_field_end(ch_))) return parse_after_quoted();
    if (ch_ != quote_ && ch_ != escape_) {
      if (prev_ == quote_) return on_quote_in_quoted();
      if (prev_ == escape_ && escape_ != kNothing) append(escape_);
      if (!append_until(quote_, escape_, escape_of_escape_)) return false;
      prev_ = ch_;
      if (!next()) return false;
    } else {
      if (!process_quote_escape()) return false;
      prev_ = ch_;
      if (!next()) return false;
      if (is_unescaped_ && is_field_end(ch_)) return true;
    }
  }
  return true;
}

/// Behind a closing quote: blanks are dropped, anything else means that the quote closed nothing.
bool CsvRecordParser::parse_after_quoted() {
  if (is_blank(ch_)) {
    std::string blanks;
    do {
      blanks += static_cast<char>(ch_);
      if (!next()) return false;
      if (ch_ == kLineEnd) return true;
    } while (is_blank(ch_));
    if (ch_ != kSeparator && syntax_.unescaped_quotes != UnescapedQuotes::raise_error) {
      append(quote_);
      appended_ += blanks;
      if (stops_at_delimiter_ || (ch_ != quote_ && ch_ != escape_)) append(ch_);
      prev_ = ch_;
      if (!parse_quoted()) return false;
    }
  }
  if (!is_field_end(ch_)) fail("unexpected character behind a quoted value");
  return true;
}

bool CsvRecordParser::parse_escaped() {
  while (!is_field_end(ch_) && error_.empty()) {
    if (ch_ != quote_ && ch_ != escape_) {
      if (prev_ == quote_) return on_quote_in_value();
      append(ch_);
    } else if (!process_quote_escape()) {
      return false;
    }
    prev_ = ch_;
    if (!next()) return false;
  }
  return true;
}

bool CsvRecordParser::append_until(int stop1, int stop2, int stop3) {
  int c = ch_;
  while (c != stop1 && c != stop2 && (c != stop3 || stop3 == kNothing)) {
    append(c);
    if (!read(c)) return false;  // ch_ stays, which end_of_text looks at
  }
  ch_ = c;
  return true;
}

bool CsvRecordParser::process_quote_escape() {
  if (ch_ == escape_ && prev_ == escape_of_escape_ && escape_of_escape_ != kNothing) {
    append(escape_);
    ch_ = kNothing;
  } else if (prev_ == escape_) {
    if (ch_ == quote_) {
      append(quote_);
      ch_ = kNothing;
    } else {
      append(prev_);
    }
  } else if (ch_ == quote_ && prev_ == quote_) {
    append(quote_);
  } else if (prev_ == quote_) {
    return on_quote_in_value();
  }
  return true;
}

bool CsvRecordParser::on_quote_in_value() {
  switch (syntax_.unescaped_quotes) {
    case UnescapedQuotes::skip_value:
      return skip_value();
    case UnescapedQuotes::raise_error:
      fail("unescaped quote inside a value");
      return true;
    default:
      append(quote_);
      prev_ = ch_;
      return parse_escaped();
  }
}

bool CsvRecordParser::on_quote_in_quoted() {
  is_unescaped_ = true;
  switch (syntax_.unescaped_quotes) {
    case UnescapedQuotes::back_to_delimiter: {
      std::size_t at = 0;
      while ((at = appended_.find(syntax_.separator)) != std::string::npos) {
        texts_.push_back(appended_.substr(0, at));
        fields_.push_back({texts_.back(), false});
        appended_.erase(0, at + syntax_.separator.size());
      }
      append(ch_);
      prev_ = kNothing;
      return parse_quoted();
    }
    case UnescapedQuotes::stop_at_closing_quote:
    case UnescapedQuotes::stop_at_delimiter:
      append(quote_);
      append(ch_);
      prev_ = ch_;
      return parse_quoted();
    case UnescapedQuotes::skip_value:
      return skip_value();
    case UnescapedQuotes::raise_error:
      fail("unescaped quote inside a quoted value");
      return true;
  }
  return true;
}

bool CsvRecordParser::skip_value() {
  appended_.clear();
  is_skipped_ = true;
  int c = ch_;
  while (!is_field_end(c)) {
    if (!read(c)) return false;
  }
  ch_ = c;
  return true;
}

void CsvRecordParser::end_of_text() {
  if (is_taken_ || !error_.empty()) return;
  bool is_value = is_skipped_;
  if (ch_ == quote_ && prev_ == quote_ && quote_ != kNothing) {
    is_value = true;
  } else {
    if (ch_ == quote_ && !is_unescaped_ && quote_ != kNothing) append(quote_);
    is_value = is_value || (prev_ != kNothing && !is_field_end(ch_));
  }
  if (!appended_.empty() || is_value) {
    take_appended();
  } else {
    take_null();
  }
}

void CsvRecordParser::append(int c) {
  if (c == kLineEnd) {
    appended_ += '\n';
  } else if (c == kSeparator) {
    appended_ += syntax_.separator;
  } else {
    appended_ += static_cast<char>(c);
  }
}

void CsvRecordParser::take_appended() {
  if (is_skipped_) {
    is_skipped_ = false;
    appended_.clear();
    take_null();
    return;
  }
  if (syntax_.max_characters >= 0 &&
      count_characters(appended_) > static_cast<std::size_t>(syntax_.max_characters))
    fail("a field is longer than maxCharsPerColumn");
  std::string_view text = appended_;
  if (trims_) text = without_trailing_blanks(text);
  if (text.empty()) {
    fields_.push_back({empty_value_, false});
  } else {
    texts_.emplace_back(text);
    fields_.push_back({texts_.back(), false});
  }
  appended_.clear();
}

void CsvRecordParser::fail(std::string reason) {
  if (!error_.empty()) return;
  error_ = fmt::format("[MALFORMED_CSV_RECORD] {}: {}", reason, text_.substr(begin_, 1000));
}

}  // namespace stream
