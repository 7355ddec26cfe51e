#include <libstream/base/ascii.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/json_document.hpp>
#include <libstream/expressions/number_text.hpp>
#include <libstream/expressions/utf8.hpp>

#include <array>

namespace stream {

namespace {

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool JsonDocument::parse(std::string_view text, const JsonReadOptions& options) {
  text_ = text;
  options_ = options;
  at_ = 0;
  nodes_.clear();
  unescaped_.clear();
  skip_blanks();
  if (at_ == text_.size()) return true;
  if (value(0)) return true;
  nodes_.clear();
  return false;
}

bool JsonDocument::is_whole() const {
  return text_.find_first_not_of(" \t\r\n", at_) == std::string_view::npos;
}

void JsonDocument::skip_blanks() {
  for (;;) {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
    if (!options_.allows_comments || !at('/') || at_ + 1 >= text_.size()) return;
    std::size_t end = std::string_view::npos;
    if (text_[at_ + 1] == '/') {
      end = text_.find('\n', at_);
    } else if (text_[at_ + 1] == '*') {
      end = text_.find("*/", at_ + 2);
      if (end != std::string_view::npos) end += 2;
    } else {
      return;
    }
    at_ = std::min(end, text_.size());
  }
}

std::size_t JsonDocument::open(ParsedJson::Kind kind) {
  nodes_.push_back({kind, 0, static_cast<std::uint32_t>(nodes_.size() + 1), {}, {}});
  return nodes_.size() - 1;
}

bool JsonDocument::value(int depth) {
  if (at_ == text_.size() || depth > kMaxDepth) return false;
  switch (text_[at_]) {
    case '{':
      return object(depth);
    case '[':
      return array(depth);
    case '"':
      return string('"');
    case '\'':
      return options_.allows_single_quotes && string('\'');
    default:
      if (text_[at_] == '-' || is_digit(text_[at_])) return number();
      return word();
  }
}

bool JsonDocument::object(int depth) {
  return sequence(ParsedJson::Kind::object, '}', [&] {
    if (!name()) return false;
    skip_blanks();
    if (!at(':')) return false;
    ++at_;
    skip_blanks();
    return value(depth + 1);
  });
}

bool JsonDocument::array(int depth) {
  return sequence(ParsedJson::Kind::array, ']', [&] { return value(depth + 1); });
}

template <class Item>
bool JsonDocument::sequence(ParsedJson::Kind kind, char close, Item item) {
  const std::size_t begin = at_;
  const std::size_t self = open(kind);
  std::uint32_t count = 0;
  ++at_;
  skip_blanks();
  for (bool is_first = true; !at(close); is_first = false) {
    if (!is_first) {
      if (!at(',')) return false;
      ++at_;
      skip_blanks();
    }
    if (!item()) return false;
    ++count;
    skip_blanks();
  }
  ++at_;
  nodes_[self].num_children = count;
  nodes_[self].end = static_cast<std::uint32_t>(nodes_.size());
  nodes_[self].raw = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonDocument::name() {
  if (at('"')) return string('"');
  if (at('\'')) return options_.allows_single_quotes && string('\'');
  if (!options_.allows_unquoted_names) return false;
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_.find_first_of(" \t\r\n:,{}[]\"'", at_) != at_) ++at_;
  if (at_ == begin) return false;
  const std::size_t self = open(ParsedJson::Kind::string);
  nodes_[self].text = nodes_[self].raw = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonDocument::string(char quote) {
  const std::size_t begin = ++at_;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == quote) {
      const std::size_t self = open(ParsedJson::Kind::string);
      nodes_[self].text = text_.substr(begin, at_ - begin);
      nodes_[self].raw = text_.substr(begin - 1, at_ + 2 - begin);
      ++at_;
      return true;
    }
    if (c == '\\') return unescape(begin, quote);
    if (static_cast<unsigned char>(c) < ' ' && !options_.allows_control_characters) return false;
  }
  return false;
}

bool JsonDocument::unescape(std::size_t begin, char quote) {
  std::string out(text_.substr(begin, at_ - begin));
  char32_t high = 0;
  const auto flush = [&] {
    if (high != 0) append_code_point(0xFFFD, out);
    high = 0;
  };
  while (at_ < text_.size() && text_[at_] != quote) {
    const char c = text_[at_++];
    if (c != '\\') {
      flush();
      if (static_cast<unsigned char>(c) < ' ' && !options_.allows_control_characters) return false;
      out += c;
      continue;
    }
    if (at_ == text_.size()) return false;
    const char escaped = text_[at_++];
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const std::size_t known = kFrom.find(escaped);
    if (escaped == 'u') {
      char32_t code = 0;
      for (int i = 0; i < 4; ++i, ++at_) {
        const int digit = at_ < text_.size() ? hex_digit(text_[at_]) : -1;
        if (digit < 0) return false;
        code = code * 16 + static_cast<char32_t>(digit);
      }
      if (high != 0 && code >= 0xDC00 && code < 0xE000) {
        append_code_point(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), out);
        high = 0;
        continue;
      }
      flush();
      if (code >= 0xD800 && code < 0xDC00)
        high = code;
      else
        append_code_point(code >= 0xDC00 && code < 0xE000 ? 0xFFFD : code, out);
      continue;
    }
    flush();
    if (known != std::string_view::npos)
      out += kTo[known];
    else if (options_.allows_any_escape || (escaped == '\'' && options_.allows_single_quotes))
      out += escaped;
    else
      return false;
  }
  if (at_ == text_.size()) return false;
  flush();
  const std::size_t self = open(ParsedJson::Kind::string);
  unescaped_.push_back(std::move(out));
  nodes_[self].text = unescaped_.back();
  nodes_[self].raw = text_.substr(begin - 1, at_ + 2 - begin);
  ++at_;
  return true;
}

bool JsonDocument::number() {
  const std::size_t begin = at_;
  if (at('-')) ++at_;
  if (at('I')) {
    at_ = begin;
    return word();
  }
  const std::size_t first = at_;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  if (at_ == first) return false;
  std::size_t zeros = 0;
  if (text_[first] == '0' && at_ > first + 1) {
    if (!options_.allows_leading_zeros) return false;
    while (first + zeros + 1 < at_ && text_[first + zeros] == '0') ++zeros;
  }
  bool is_real = false;
  if (at('.')) {
    is_real = true;
    const std::size_t fraction = ++at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ == fraction) return false;
  }
  if (at('e') || at('E')) {
    is_real = true;
    ++at_;
    if (at('+') || at('-')) ++at_;
    const std::size_t exponent = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ == exponent) return false;
  }
  if (at_ < text_.size() &&
      std::string_view(" \t\r\n,]}/:").find(text_[at_]) == std::string_view::npos)
    return false;
  const std::size_t self = open(is_real ? ParsedJson::Kind::real : ParsedJson::Kind::integer);
  nodes_[self].raw = text_.substr(begin, at_ - begin);
  nodes_[self].text = nodes_[self].raw;
  if (zeros > 0) {
    unescaped_.push_back((first > begin ? "-" : "") +
                         std::string(text_.substr(first + zeros, at_ - first - zeros)));
    nodes_[self].text = unescaped_.back();
  }
  return true;
}

bool JsonDocument::word() {
  struct Word {
    std::string_view text;
    ParsedJson::Kind kind;
    bool is_non_number;
  };
  using Kind = ParsedJson::Kind;
  static constexpr std::array kWords = {
      Word{"true", Kind::boolean, false},  Word{"false", Kind::boolean, false},
      Word{"null", Kind::null, false},     Word{"NaN", Kind::real, true},
      Word{"Infinity", Kind::real, true},  Word{"-Infinity", Kind::real, true},
      Word{"+Infinity", Kind::real, true}, Word{"INF", Kind::real, true},
      Word{"-INF", Kind::real, true},      Word{"+INF", Kind::real, true},
  };
  for (const Word& known : kWords) {
    if (!text_.substr(at_).starts_with(known.text)) continue;
    if (known.is_non_number && !options_.allows_non_numbers) continue;
    const std::size_t end = at_ + known.text.size();
    if (end < text_.size() &&
        std::string_view(" \t\r\n,]}/:").find(text_[end]) == std::string_view::npos)
      continue;
    const std::size_t self = open(known.kind);
    nodes_[self].text = nodes_[self].raw = text_.substr(at_, known.text.size());
    at_ = end;
    return true;
  }
  return false;
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= ' ') {
      out += c;
    } else if (const std::size_t known = std::string_view("\b\f\n\r\t").find(c);
               known != std::string_view::npos) {
      out += '\\';
      out += "bfnrt"[known];
    } else {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  out += '"';
}

void append_json(const JsonDocument& document, std::size_t index, std::string& out) {
  const ParsedJson& node = document.node(index);
  switch (node.kind) {
    case ParsedJson::Kind::null:
    case ParsedJson::Kind::boolean:
    case ParsedJson::Kind::integer:
      out += node.text;
      return;
    case ParsedJson::Kind::real: {
      const double value = parse_double(node.text).value_or(0);
      const bool is_finite = value - value == 0;
      if (!is_finite) out += '"';
      append_double(value, out);
      if (!is_finite) out += '"';
      return;
    }
    case ParsedJson::Kind::string:
      return append_json_string(node.text, out);
    case ParsedJson::Kind::array: {
      out += '[';
      bool is_first = true;
      document.for_each_element(index, [&](std::size_t element) {
        if (!is_first) out += ',';
        is_first = false;
        append_json(document, element, out);
      });
      out += ']';
      return;
    }
    case ParsedJson::Kind::object: {
      out += '{';
      bool is_first = true;
      document.for_each_member(index, [&](const ParsedJson& key, std::size_t value) {
        if (!is_first) out += ',';
        is_first = false;
        append_json_string(key.text, out);
        out += ':';
        append_json(document, value, out);
      });
      out += '}';
      return;
    }
  }
}

}  // namespace stream
