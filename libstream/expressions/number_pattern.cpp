#include <libstream/base/ascii.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/number_pattern.hpp>

#include <algorithm>
#include <array>
#include <numeric>

namespace stream {

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 28 && c <= 31); }

Error bad_format(std::string_view condition, std::string_view pattern, std::string_view why) {
  return analysis_error(
      "INVALID_FORMAT." + std::string(condition),
      "The format is invalid: '" + std::string(pattern) + "'. " + std::string(why));
}

/// Puts `mark` behind the text, or in front of the spaces that end it.
void append_before_spaces(char mark, std::string& out) {
  std::size_t at = out.size();
  while (at > 0 && out[at - 1] == ' ') --at;
  out.insert(at, 1, mark);
}

/// A space, in front of the signs that end the text.
void append_space_before_signs(std::string& out) {
  std::size_t at = out.size();
  while (at > 0 && (out[at - 1] == '+' || out[at - 1] == '-' || out[at - 1] == '<')) --at;
  out.insert(at, 1, ' ');
}

void blank_lone_point(std::string& out) {
  const std::size_t at = out.find('.');
  if (at != std::string::npos && (at + 1 == out.size() || out[at + 1] == ' ')) out[at] = ' ';
}

}  // namespace

Result<std::vector<NumberPattern::Token>> NumberPattern::tokens_of(std::string_view pattern) {
  std::vector<Token> tokens;
  bool after_point = false;
  bool ends_group = true;
  for (std::size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '0' || c == '9' || c == ',' || c == 'G') {
      if (tokens.empty() || tokens.back().kind != Token::Kind::digits) {
        tokens.push_back({Token::Kind::digits, {}, {}});
        ends_group = true;
      }
      Token& token = tokens.back();
      if (c == ',' || c == 'G') {
        const bool is_last =
            i + 1 == pattern.size() || (pattern[i + 1] != '0' && pattern[i + 1] != '9');
        if (after_point)
          return bad_format("THOUSANDS_SEPS_MUST_BEFORE_DEC", pattern,
                            "Thousands separators (, or G) may not appear after the decimal point "
                            "in the number format.");
        if (token.widths.empty() || ends_group || is_last)
          return bad_format("CONT_THOUSANDS_SEPS", pattern,
                            "Thousands separators (, or G) must have digits in between them in the "
                            "number format.");
        ends_group = true;
        ++i;
        continue;
      }
      const std::size_t end = std::min(pattern.find_first_not_of("09", i), pattern.size());
      token.widths.push_back(static_cast<int>(end - i));
      token.are_exact.push_back(c == '0' && !after_point);
      ends_group = false;
      i = end;
      continue;
    }
    const std::string_view rest = pattern.substr(i);
    ++i;
    if (c == '.' || c == 'D') {
      tokens.push_back({Token::Kind::point, {}, {}});
      after_point = true;
    } else if (c == '$') {
      tokens.push_back({Token::Kind::dollar, {}, {}});
    } else if (c == 'S') {
      tokens.push_back({Token::Kind::sign, {}, {}});
    } else if (rest.starts_with("MI")) {
      tokens.push_back({Token::Kind::minus, {}, {}});
      ++i;
    } else if (rest.starts_with("PR")) {
      tokens.insert(tokens.begin(), {Token::Kind::open, {}, {}});
      tokens.push_back({Token::Kind::close, {}, {}});
      ++i;
    } else {
      tokens.push_back({Token::Kind::unknown, {}, {}});
    }
  }
  return tokens;
}

Result<void> NumberPattern::check(std::string_view pattern) const {
  using Kind = Token::Kind;
  const auto first = [&](Kind kind) {
    const auto found = std::find_if(tokens_.begin(), tokens_.end(),
                                    [&](const Token& token) { return token.kind == kind; });
    return found == tokens_.end() ? -1 : found - tokens_.begin();
  };
  if (first(Kind::digits) < 0)
    return bad_format("WRONG_NUM_DIGIT", pattern,
                      "The format string requires at least one number digit.");
  if (first(Kind::digits) < first(Kind::dollar))
    return bad_format("CUR_MUST_BEFORE_DIGIT", pattern,
                      "Currency characters must appear before digits in the number format.");
  if (first(Kind::point) >= 0 && first(Kind::point) < first(Kind::dollar))
    return bad_format("CUR_MUST_BEFORE_DEC", pattern,
                      "Currency characters must appear before any decimal point in the number "
                      "format.");
  for (const Kind kind : {Kind::point, Kind::sign, Kind::minus, Kind::dollar, Kind::close}) {
    if (std::count_if(tokens_.begin(), tokens_.end(),
                      [&](const Token& token) { return token.kind == kind; }) > 1)
      return bad_format("WRONG_NUM_TOKEN", pattern,
                        "The format string can only contain at most one of each of . or D, S, MI, "
                        "$ and PR.");
  }
  const std::array<std::vector<Kind>, 8> order = {{{Kind::open},
                                                   {Kind::minus, Kind::sign},
                                                   {Kind::dollar},
                                                   {Kind::digits},
                                                   {Kind::point},
                                                   {Kind::digits},
                                                   {Kind::dollar},
                                                   {Kind::minus, Kind::sign, Kind::close}}};
  std::size_t at = 0;
  for (const std::vector<Kind>& allowed : order) {
    if (at < tokens_.size() &&
        std::find(allowed.begin(), allowed.end(), tokens_[at].kind) != allowed.end())
      ++at;
  }
  if (at < tokens_.size())
    return bad_format("UNEXPECTED_TOKEN", pattern,
                      "The structure of the format string must match: `[MI|S]` `[$]` "
                      "`[0|9|G|,]*` `[.|D]` `[0|9]*` `[$]` `[PR|MI|S]`.");
  if (precision_ > kMaxDecimalPrecision)
    return analysis_error(
        "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
        "Decimal precision " + std::to_string(precision_) + " exceeds max precision 38.");
  return {};
}

Result<NumberPattern> NumberPattern::compile(std::string_view pattern) {
  if (pattern.empty())
    return bad_format("EMPTY", pattern, "The number format string cannot be empty.");
  NumberPattern made;
  STREAM_TRY(made.tokens_, tokens_of(pattern));
  bool after_point = false;
  for (const Token& token : made.tokens_) {
    after_point = after_point || token.kind == Token::Kind::point;
    const int width = std::accumulate(token.widths.begin(), token.widths.end(), 0);
    made.precision_ += width;
    if (after_point) made.scale_ += width;
  }
  STREAM_TRY(made.check(pattern));
  return made;
}

bool NumberPattern::parse_digits(const Token& token, std::string_view text, std::size_t& at,
                                 std::string& digits) const {
  std::vector<int> sizes;
  int size = 0;
  for (; at < text.size(); ++at) {
    if (is_digit(text[at])) {
      digits += text[at];
      ++size;
    } else if (text[at] == ',') {
      sizes.push_back(size);
      size = 0;
    } else if (!is_blank(text[at])) {
      break;
    }
  }
  sizes.push_back(size);
  if (sizes.size() > token.widths.size()) return false;
  // Groups are compared from the right; those missing on the left have no digits.
  for (std::size_t i = 0; i < token.widths.size(); ++i) {
    const int actual = i < sizes.size() ? sizes[sizes.size() - 1 - i] : 0;
    const std::size_t group = token.widths.size() - 1 - i;
    if (token.are_exact[group] ? actual != token.widths[group] : actual > token.widths[group])
      return false;
  }
  return true;
}

std::optional<Int128> NumberPattern::parse(std::string_view text) const {
  std::string before;
  std::string after;
  bool after_point = false;
  bool is_negative = false;
  bool is_open = false;
  bool is_closed = false;
  std::size_t at = 0;
  for (const Token& token : tokens_) {
    const char c = at < text.size() ? text[at] : '\0';
    switch (token.kind) {
      case Token::Kind::digits:
        if (!parse_digits(token, text, at, after_point ? after : before)) return std::nullopt;
        break;
      case Token::Kind::point:
        if (c == '.') {
          after_point = true;
          ++at;
        }
        break;
      case Token::Kind::dollar:
        if (at < text.size() && c != '$') return std::nullopt;
        if (c == '$') ++at;
        break;
      case Token::Kind::sign:
      case Token::Kind::minus:
        if (c == '-' || (c == '+' && token.kind == Token::Kind::sign)) {
          is_negative = c == '-';
          ++at;
        }
        break;
      case Token::Kind::open:
        if (c == '<') {
          is_open = true;
          ++at;
        }
        break;
      case Token::Kind::unknown:
        break;  // refused by check
      case Token::Kind::close:
        if (c == '>') {
          if (!is_open) return std::nullopt;
          is_closed = true;
          is_negative = true;
          ++at;
        }
        break;
    }
  }
  if (at < text.size() || is_open != is_closed || (before.empty() && after.empty()))
    return std::nullopt;
  if (after.size() > static_cast<std::size_t>(scale_)) return std::nullopt;
  after.resize(static_cast<std::size_t>(scale_), '0');
  Int128 value = 0;
  for (const char c : before + after) value = value * 10 + (c - '0');
  return is_negative ? -value : value;
}

void NumberPattern::format_digits(const Token& token, std::string_view digits, std::size_t& at,
                                  bool after_point, std::string& out) const {
  for (std::size_t group = 0; group < token.widths.size(); ++group) {
    if (group > 0) {
      if (!out.empty() && is_digit(out.back()))
        out += ',';
      else
        append_space_before_signs(out);
    }
    for (int i = 0; i < token.widths[group]; ++i) {
      const char c = digits[at++];
      if (c != ' ' || after_point)
        out += c;
      else if (token.are_exact[group])
        out += '0';
      else
        append_space_before_signs(out);
    }
  }
}

std::string NumberPattern::format(Int128 unscaled, int scale) const {
  const bool is_negative = unscaled < 0;
  std::string plain;
  append_decimal(is_negative ? -unscaled : unscaled, scale, plain);
  const std::size_t point = plain.find('.');
  std::string before = plain.substr(0, point);
  std::string after = point == std::string::npos ? "" : plain.substr(point + 1);
  before.erase(0, std::min(before.find_first_not_of('0'), before.size()));
  after.erase(after.find_last_not_of('0') + 1);
  const auto num_before = static_cast<std::size_t>(precision_ - scale_);
  const auto num_after = static_cast<std::size_t>(scale_);
  if (before.size() > num_before || after.size() > num_after) {
    before.assign(num_before, '#');
    after.assign(num_after, '#');
  }
  before.insert(0, num_before - before.size(), ' ');
  after.resize(num_after, '0');

  std::string out;
  std::size_t at = 0;
  bool after_point = false;
  for (const Token& token : tokens_) {
    switch (token.kind) {
      case Token::Kind::digits:
        format_digits(token, after_point ? after : before, at, after_point, out);
        break;
      case Token::Kind::point:
        if (!out.empty() && out.back() == ' ') out.back() = '0';
        out += '.';
        after_point = true;
        at = 0;
        break;
      case Token::Kind::dollar:
        out += '$';
        break;
      case Token::Kind::sign:
        blank_lone_point(out);
        append_before_spaces(is_negative ? '-' : '+', out);
        break;
      case Token::Kind::minus:
        if (is_negative) {
          blank_lone_point(out);
          append_before_spaces('-', out);
        } else {
          out += ' ';
        }
        break;
      case Token::Kind::open:
        if (is_negative) out += '<';
        break;
      case Token::Kind::unknown:
        break;  // refused by check
      case Token::Kind::close:
        blank_lone_point(out);
        if (is_negative)
          append_before_spaces('>', out);
        else
          out += "  ";
        break;
    }
  }
  blank_lone_point(out);
  return out.empty() || out == "+" || out == "-" ? "0" : out;
}

}  // namespace stream
