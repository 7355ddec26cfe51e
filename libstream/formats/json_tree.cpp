#include <libstream/base/ascii.hpp>
#include <libstream/expressions/utf8.hpp>
#include <libstream/formats/json_tree.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

bool is_name_part(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         c == '@' || c == '#' || c == '*' || c == '-' || c == '+' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_identifier_part(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

}  // namespace

bool JsonTree::fail(std::string_view reason) {
  if (reason_.empty()) reason_ = fmt::format("{} at byte {}", reason, at_);
  return false;
}

JsonTree::Outcome JsonTree::parse(std::string_view text) {
  text_ = text;
  at_ = 0;
  nodes_.clear();
  texts_.clear();
  reason_.clear();
  if (!skip_blanks()) return Outcome::malformed;
  if (is_at_end()) return Outcome::blank;
  std::uint32_t root = 0;
  if (!parse_value(root, 0)) return Outcome::malformed;
  if (!is_valid_utf8(text_.substr(0, at_))) {
    fail("bytes that are not UTF-8");
    return Outcome::malformed;
  }
  return Outcome::value;
}

bool JsonTree::skip_blanks() {
  while (!is_at_end()) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at_;
      continue;
    }
    if (c != '/' || !leniency_.comments) return true;
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("//")) {
      const std::size_t end = rest.find_first_of("\r\n");
      at_ = end == std::string_view::npos ? text_.size() : at_ + end;
    } else if (rest.starts_with("/*")) {
      const std::size_t end = rest.find("*/", 2);
      if (end == std::string_view::npos) return fail("a comment that does not end");
      at_ += end + 2;
    } else {
      return fail("unexpected '/'");
    }
  }
  return true;
}

bool JsonTree::parse_value(std::uint32_t& index, std::int64_t depth) {
  index = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back();
  if (is_at_end()) return fail("the text ends where a value is expected");
  const std::size_t begin = at_;
  const char c = text_[at_];
  if (c == '{' || c == '[') {
    if (depth >= max_depth_) return fail("too deeply nested");
    ++at_;
    if (!(c == '{' ? parse_object(index, depth + 1) : parse_array(index, depth + 1))) return false;
  } else if (c == '"' || (c == '\'' && leniency_.single_quotes)) {
    ++at_;
    std::string_view text;
    if (!parse_string(c, text)) return false;
    nodes_[index].kind = JsonKind::string;
    nodes_[index].text = text;
  } else if (c == '-' || c == '+' || is_digit(c)) {
    if (!parse_number(nodes_[index])) return false;
  } else if (!parse_word(nodes_[index])) {
    return false;
  }
  nodes_[index].raw = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonTree::parse_object(std::uint32_t index, std::int64_t depth) {
  nodes_[index].kind = JsonKind::object;
  std::uint32_t last = JsonNode::kNone;
  if (!skip_blanks()) return false;
  if (!is_at_end() && text_[at_] == '}') {
    ++at_;
    return true;
  }
  while (true) {
    std::string_view name;
    if (!skip_blanks() || !parse_name(name) || !skip_blanks()) return false;
    if (is_at_end() || text_[at_] != ':') return fail("expected ':'");
    ++at_;
    std::uint32_t child = 0;
    if (!skip_blanks() || !parse_value(child, depth)) return false;
    nodes_[child].name = name;
    (last == JsonNode::kNone ? nodes_[index].first_child : nodes_[last].next) = child;
    last = child;
    if (!skip_blanks()) return false;
    if (is_at_end()) return fail("the text ends within an object");
    const char c = text_[at_++];
    if (c == '}') return true;
    if (c != ',') return fail("expected ',' or '}'");
  }
}

bool JsonTree::parse_array(std::uint32_t index, std::int64_t depth) {
  nodes_[index].kind = JsonKind::array;
  std::uint32_t last = JsonNode::kNone;
  if (!skip_blanks()) return false;
  if (!is_at_end() && text_[at_] == ']') {
    ++at_;
    return true;
  }
  while (true) {
    std::uint32_t child = 0;
    if (!skip_blanks() || !parse_value(child, depth)) return false;
    (last == JsonNode::kNone ? nodes_[index].first_child : nodes_[last].next) = child;
    last = child;
    if (!skip_blanks()) return false;
    if (is_at_end()) return fail("the text ends within an array");
    const char c = text_[at_++];
    if (c == ']') return true;
    if (c != ',') return fail("expected ',' or ']'");
  }
}

bool JsonTree::parse_name(std::string_view& name) {
  if (is_at_end()) return fail("the text ends where a field name is expected");
  const char c = text_[at_];
  if (c == '"' || (c == '\'' && leniency_.single_quotes)) {
    ++at_;
    return parse_string(c, name);
  }
  if (!leniency_.unquoted_names || !is_name_part(c) || is_digit(c))
    return fail("expected a field name in quotes");
  const std::size_t begin = at_;
  while (!is_at_end() && is_name_part(text_[at_])) ++at_;
  name = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonTree::parse_string(char quote, std::string_view& text) {
  const std::size_t begin = at_;
  for (; !is_at_end(); ++at_) {
    const char c = text_[at_];
    if (c == quote) {
      text = text_.substr(begin, at_ - begin);
      ++at_;
      return true;
    }
    if (c == '\\') break;
    if (static_cast<unsigned char>(c) < 0x20 && !leniency_.control_characters)
      return fail("a control character in a string");
  }
  std::string& out = texts_.emplace_back(text_.substr(begin, at_ - begin));
  while (!is_at_end()) {
    const char c = text_[at_++];
    if (c == quote) {
      text = out;
      return true;
    }
    if (c == '\\') {
      if (!parse_escape(out)) return false;
    } else if (static_cast<unsigned char>(c) < 0x20 && !leniency_.control_characters) {
      return fail("a control character in a string");
    } else {
      out += c;
    }
  }
  return fail("a string that does not end");
}

bool JsonTree::parse_hex(std::uint32_t& unit) {
  if (text_.size() - at_ < 4) return fail("an escape that does not end");
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text_[at_++];
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return fail("an escape with a wrong digit");
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

bool JsonTree::parse_escape(std::string& out) {
  if (is_at_end()) return fail("an escape that does not end");
  const char c = text_[at_++];
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  if (const std::size_t at = kLetters.find(c); at != std::string_view::npos) {
    out += kMeant[at];
    return true;
  }
  if (c != 'u') {
    const bool is_quote = c == '\'' && leniency_.single_quotes;
    if (!leniency_.any_escape && !is_quote) return fail("an unknown escape");
    out += c;
    return true;
  }
  std::uint32_t unit = 0;
  if (!parse_hex(unit)) return false;
  const auto is_between = [&](std::uint32_t low, std::uint32_t high) {
    return unit >= low && unit <= high;
  };
  if (!is_between(0xD800, 0xDFFF)) {
    append_code_point(unit, out);
    return true;
  }
  // A lone half of a pair has no UTF-8 form; Java writes '?'.
  if (is_between(0xD800, 0xDBFF) && text_.substr(at_).starts_with("\\u")) {
    const std::size_t back = at_;
    const std::uint32_t high = unit;
    at_ += 2;
    if (!parse_hex(unit)) return false;
    if (is_between(0xDC00, 0xDFFF)) {
      append_code_point(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), out);
      return true;
    }
    at_ = back;
  }
  out += '?';
  return true;
}

bool JsonTree::parse_number(JsonNode& node) {
  const std::size_t begin = at_;
  const char sign = text_[at_];
  if (sign == '-' || sign == '+') {
    ++at_;
    const std::string_view rest = text_.substr(at_);
    if (leniency_.non_numeric_numbers) {
      for (const std::string_view word : {std::string_view("Infinity"), std::string_view("INF")}) {
        if (!rest.starts_with(word)) continue;
        at_ += word.size();
        node.kind = JsonKind::number;
        node.text = text_.substr(begin, at_ - begin);
        return true;
      }
    }
    if (sign == '+') return fail("a number that begins with '+'");
  }
  const auto digits = [&] {
    const std::size_t from = at_;
    while (!is_at_end() && is_digit(text_[at_])) ++at_;
    return at_ - from;
  };
  const std::size_t first = at_;
  const std::size_t num_digits = digits();
  if (num_digits == 0) return fail("a number without digits");
  if (num_digits > 1 && text_[first] == '0' && !leniency_.leading_zeros)
    return fail("a number with leading zeros");
  node.kind = JsonKind::integer;
  if (!is_at_end() && text_[at_] == '.') {
    ++at_;
    node.kind = JsonKind::number;
    if (digits() == 0) return fail("a number without digits behind its point");
  }
  if (!is_at_end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    node.kind = JsonKind::number;
    if (!is_at_end() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
    if (digits() == 0) return fail("a number without digits in its exponent");
  }
  node.text = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonTree::parse_word(JsonNode& node) {
  const std::size_t begin = at_;
  while (!is_at_end() && is_identifier_part(text_[at_])) ++at_;
  node.text = text_.substr(begin, at_ - begin);
  if (node.text == "null") {
    node.kind = JsonKind::null;
  } else if (node.text == "true" || node.text == "false") {
    node.kind = JsonKind::boolean;
  } else if (leniency_.non_numeric_numbers &&
             (node.text == "NaN" || node.text == "Infinity" || node.text == "INF")) {
    node.kind = JsonKind::number;
  } else {
    at_ = begin;
    return fail("an unknown word");
  }
  return true;
}

}  // namespace stream
