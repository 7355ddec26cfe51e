#include <libstream/base/ascii.hpp>
#include <libstream/sql/lexer.hpp>
#include <libstream/sql/syntax_error.hpp>

#include <fmt/format.h>

#include <array>

namespace stream::sql {

namespace {

constexpr std::array<std::string_view, 44> kSymbols = {
    ">>>", "<=>", "<=", ">=", "<>", "!=", "!>", "!<", "==", "=>", "->", "<<", ">>", "||", "|>",
    "::",  "=",   "<",  ">",  "+",  "-",  "*",  "/",  "%",  "~",  "&",  "|",  "^",  "!",  ":",
    "(",   ")",   "[",  "]",  "{",  "}",  ",",  ".",  ";",  "?",  "@",  "$",  "#",  "\\"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word_character(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (true) {
      STREAM_TRY(skip_blanks());
      if (tokens_.size() >= kMaxTokens)
        return bad_plan("the SQL text has more than " + std::to_string(kMaxTokens) +
                        " words; split it into several statements");
      const std::size_t start = at_;
      if (start == text_.size()) break;
      STREAM_TRY(const TokenKind kind, next());
      add(kind, start);
    }
    add(TokenKind::end, at_);
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool starts_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void add(TokenKind kind, std::size_t start) {
    tokens_.push_back({kind, text_.substr(start, at_ - start), static_cast<std::uint32_t>(start)});
  }

  /// The length of a blank here: ASCII blanks and those of Unicode that Spark skips.
  std::size_t blank_length() const {
    if (at_ == text_.size()) return 0;
    const char c = text_[at_];
    if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
    if (starts_with("\xC2\xA0")) return 2;
    for (std::string_view wide : {"\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xAF", "\xE2\x81\x9F",
                                  "\xE3\x80\x80", "\xEF\xBB\xBF"})
      if (starts_with(wide)) return 3;
    const auto third = static_cast<unsigned char>(peek(2));
    const bool is_en_space = starts_with("\xE2\x80") && third >= 0x80 && third <= 0x8A;
    return is_en_space ? 3 : 0;
  }

  Result<void> skip_blanks() {
    while (true) {
      if (const std::size_t length = blank_length(); length > 0) {
        at_ += length;
      } else if (starts_with("--")) {
        skip_line();
      } else if (starts_with("/*")) {
        STREAM_TRY(skip_bracketed_comment());
      } else {
        return {};
      }
    }
  }

  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r')
      at_ += starts_with("\\\n") ? 2 : 1;
  }

  Result<void> skip_bracketed_comment() {
    const std::size_t start = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      if (starts_with("/*")) {
        ++depth;
        at_ += 2;
      } else if (starts_with("*/")) {
        at_ += 2;
        if (--depth == 0) return {};
      } else {
        ++at_;
      }
    }
    return error_at(
        text_, "UNCLOSED_BRACKETED_COMMENT",
        "Found an unclosed bracketed comment. Please, append */ at the end of the comment.", start,
        2);
  }

  Result<TokenKind> next() {
    const char c = peek();
    if (c == '\'' || c == '"') return quoted(c, TokenKind::string, 0);
    if (c == '`') return quoted('`', TokenKind::quoted_word, 0);
    if ((c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"')) return raw_string();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number_or_word();
    if (is_word_character(c)) return word();
    for (std::string_view symbol : kSymbols) {
      if (!starts_with(symbol)) continue;
      at_ += symbol.size();
      return TokenKind::symbol;
    }
    return syntax_error(text_, {TokenKind::symbol, text_.substr(at_, 1), offset()}, nullptr, {});
  }

  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_); }

  TokenKind word() {
    while (at_ < text_.size() && blank_length() == 0 && is_word_character(text_[at_])) ++at_;
    return TokenKind::word;
  }

  Result<TokenKind> quoted(char quote, TokenKind kind, std::size_t prefix) {
    const std::size_t start = at_;
    at_ += prefix + 1;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\' && quote != '`' && at_ < text_.size()) {
        ++at_;
      } else if (c == quote) {
        if (peek() != quote) return kind;
        ++at_;
      }
    }
    at_ = start;
    return unclosed(quote);
  }

  Result<TokenKind> raw_string() {
    const std::size_t end = text_.find(peek(1), at_ + 2);
    if (end == std::string_view::npos) return unclosed(peek(1));
    at_ = end + 1;
    return TokenKind::string;
  }

  Error unclosed(char quote) const {
    return syntax_error(text_, {TokenKind::symbol, text_.substr(at_, 1), offset()}, nullptr,
                        fmt::format("the closing {} is missing", quote));
  }

  std::size_t digits_from(std::size_t from) const {
    while (from < text_.size() && is_digit(text_[from])) ++from;
    return from;
  }

  /// Digits may begin a name too ("1st"): the longer reading wins, a number where both are equal.
  TokenKind number_or_word() {
    std::size_t word_end = at_;
    while (word_end < text_.size() && is_word_character(text_[word_end])) ++word_end;
    std::size_t end = digits_from(at_);
    bool has_point = false;
    if (end < text_.size() && text_[end] == '.') {
      has_point = true;
      end = digits_from(end + 1);
    }
    bool has_exponent = false;
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      const std::size_t sign = end + 1;
      const bool has_sign = sign < text_.size() && (text_[sign] == '+' || text_[sign] == '-');
      const std::size_t first = sign + (has_sign ? 1 : 0);
      if (const std::size_t last = digits_from(first); last > first) {
        has_exponent = true;
        end = last;
      }
    }
    TokenKind kind = has_exponent ? TokenKind::exponent
                     : has_point  ? TokenKind::decimal
                                  : TokenKind::integer;
    end += suffix(end, kind, has_point || has_exponent);
    const bool runs_on = end < text_.size() && is_word_character(text_[end]);
    if (runs_on && has_point && text_[at_] != '.') {
      // "1.a": the point is not a part of the number.
      kind = TokenKind::integer;
      end = digits_from(at_);
      end += suffix(end, kind, false);
    }
    if (runs_on && text_[at_] == '.') {
      // "t.1st": a name after the point.
      ++at_;
      return TokenKind::symbol;
    }
    if (word_end > end) return word();
    at_ = end;
    return kind;
  }

  std::size_t suffix(std::size_t at, TokenKind& kind, bool is_fraction) const {
    const char c = at < text_.size() ? static_cast<char>(text_[at] | 0x20) : '\0';
    const char d = at + 1 < text_.size() ? static_cast<char>(text_[at + 1] | 0x20) : '\0';
    if (c == 'b' && d == 'd') return (kind = TokenKind::big_decimal, 2);
    if (c == 'f') return (kind = TokenKind::float32, 1);
    if (c == 'd') return (kind = TokenKind::float64, 1);
    if (is_fraction) return 0;
    if (c == 'l') return (kind = TokenKind::int64, 1);
    if (c == 's') return (kind = TokenKind::int16, 1);
    if (c == 'y') return (kind = TokenKind::int8, 1);
    return 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

void append_code_point(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// `count` digits of `base` at the start of `text`; -1 when they are not all there.
std::int64_t digits_value(std::string_view text, std::size_t count, int base) {
  if (text.size() < count) return -1;
  std::int64_t value = 0;
  for (char c : text.substr(0, count)) {
    const int digit = is_digit(c)                              ? c - '0'
                      : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                               : 99;
    if (digit >= base) return -1;
    value = value * base + digit;
  }
  return value;
}

char escaped_character(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1A';
    default:
      return c;
  }
}

/// Appends what the escape that `rest` begins with (after the backslash) stands for; its length.
std::size_t append_escape(std::string_view rest, std::string& out) {
  const char c = rest.front();
  const std::string_view after = rest.substr(1);
  if (c == 'u') {
    std::int64_t code = digits_value(after, 4, 16);
    if (code >= 0) {
      std::size_t length = 5;
      if (code >= 0xD800 && code < 0xDC00 && after.substr(4).starts_with("\\u")) {
        const std::int64_t low = digits_value(after.substr(6), 4, 16);
        if (low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          length = 11;
        }
      }
      append_code_point(static_cast<std::uint32_t>(code), out);
      return length;
    }
  } else if (c == 'U') {
    const std::int64_t code = digits_value(after, 8, 16);
    if (code >= 0 && code <= 0x10FFFF) {
      append_code_point(static_cast<std::uint32_t>(code), out);
      return 9;
    }
  } else if (c == '0' || c == '1') {
    if (const std::int64_t code = digits_value(rest, 3, 8); code >= 0) {
      append_code_point(static_cast<std::uint32_t>(code), out);
      return 3;
    }
  }
  // These two stay escaped, for LIKE.
  if (c == '%' || c == '_') out += '\\';
  out += escaped_character(c);
  return 1;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'a' && a[i] <= 'z' ? static_cast<char>(a[i] - 32) : a[i];
    const char y = b[i] >= 'a' && b[i] <= 'z' ? static_cast<char>(b[i] - 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

Result<std::vector<Token>> tokenize(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return bad_plan("the SQL text has " + std::to_string(text.size()) + " bytes; the limit is " +
                    std::to_string(kMaxTextBytes));
  return Lexer(text).run();
}

std::string string_value(std::string_view token) {
  if (token.front() == 'r' || token.front() == 'R')
    return std::string(token.substr(2, token.size() - 3));
  const char quote = token.front();
  const std::string_view body = token.substr(1, token.size() - 2);
  std::string value;
  value.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) {
      i += append_escape(body.substr(i + 1), value);
    } else {
      value += body[i];
      if (body[i] == quote) ++i;
    }
  }
  return value;
}

std::string name_value(const Token& token) {
  if (token.kind != TokenKind::quoted_word) return std::string(token.text);
  const std::string_view body = token.text.substr(1, token.text.size() - 2);
  std::string name;
  for (std::size_t i = 0; i < body.size(); ++i) {
    name += body[i];
    if (body[i] == '`') ++i;
  }
  return name;
}

}  // namespace stream::sql
