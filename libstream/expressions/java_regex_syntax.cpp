#include <libstream/expressions/java_regex.hpp>
#include <libstream/expressions/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace stream {

namespace {

constexpr std::string_view kLineEnds = R"(\n\r\x{85}\x{2028}\x{2029})";

struct NamedClass {
  std::string_view java;
  std::string_view re2;  ///< the inside of a bracket expression
};
constexpr std::array kNamedClasses = {
    NamedClass{"Lower", "a-z"},
    NamedClass{"Upper", "A-Z"},
    NamedClass{"ASCII", R"(\x00-\x7F)"},
    NamedClass{"Alpha", "a-zA-Z"},
    NamedClass{"Digit", "0-9"},
    NamedClass{"Alnum", "a-zA-Z0-9"},
    NamedClass{"Punct", "[:punct:]"},
    NamedClass{"Graph", "[:graph:]"},
    NamedClass{"Print", "[:print:]"},
    NamedClass{"Blank", R"( \t)"},
    NamedClass{"Cntrl", "[:cntrl:]"},
    NamedClass{"XDigit", "0-9a-fA-F"},
    NamedClass{"Space", R"(\t\n\v\f\r )"},
    NamedClass{"IsAlphabetic", R"(\pL\p{Nl})"},
    NamedClass{"IsLetter", R"(\pL)"},
    NamedClass{"IsDigit", R"(\p{Nd})"},
    NamedClass{"IsUppercase", R"(\p{Lu})"},
    NamedClass{"IsLowercase", R"(\p{Ll})"},
    NamedClass{"IsPunctuation", R"(\pP)"},
    NamedClass{"IsWhite_Space", R"(\t\n\v\f\r \x{85}\pZ)"},
    NamedClass{"javaLowerCase", R"(\p{Ll})"},
    NamedClass{"javaUpperCase", R"(\p{Lu})"},
    NamedClass{"javaWhitespace", R"(\t\n\v\f\r \x{1C}-\x{1F}\pZ)"},
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Copies the pattern piece by piece into RE2's syntax.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> run() {
    while (at_ < pattern_.size()) STREAM_TRY(piece());
    return std::move(out_);
  }

 private:
  static Error unsupported(std::string_view what) {
    return bad_plan(fmt::format("{} are not supported by RE2, which runs in linear time", what));
  }
  static Error broken(std::string_view what) { return bad_plan(std::string(what)); }

  bool is_next(std::string_view text) const {
    return pattern_.substr(std::min(at_, pattern_.size())).starts_with(text);
  }

  Result<void> piece() {
    const char c = pattern_[at_];
    switch (c) {
      case '\\':
        return escape(false);
      case '[': {
        ++at_;
        return bracket();
      }
      case '(':
        return group();
      case ')':
        if (flags_.size() > 1) flags_.pop_back();
        break;
      case '.':
        out_ += is_dot_all() ? std::string(".") : fmt::format("[^{}]", kLineEnds);
        ++at_;
        return quantifier();
      case '*':
      case '+':
      case '?':
        return broken(fmt::format("Dangling meta character '{}' at {}", c, at_));
      default:
        break;
    }
    if (c == '{') return broken(fmt::format("Illegal repetition at {}", at_));
    const std::size_t length = std::min(utf8_length(c), pattern_.size() - at_);
    out_ += pattern_.substr(at_, length);
    at_ += length;
    if (c == '|') return {};
    return quantifier();
  }

  /// What may follow an atom: * + ? {n,m} and a lazy ?.
  Result<void> quantifier() {
    if (at_ == pattern_.size()) return {};
    if (is_next("{")) {
      const std::size_t end = pattern_.find('}', at_);
      if (end == std::string_view::npos) return broken("Unclosed counted closure");
      const std::string_view inside = pattern_.substr(at_ + 1, end - at_ - 1);
      if (inside.empty() || inside[0] < '0' || inside[0] > '9')
        return broken(fmt::format("Illegal repetition at {}", at_));
      out_ += pattern_.substr(at_, end + 1 - at_);
      at_ = end + 1;
    } else if (is_next("*") || is_next("+") || is_next("?")) {
      out_ += pattern_[at_++];
    } else {
      return {};
    }
    if (is_next("+")) return unsupported("possessive quantifiers");
    if (is_next("?")) out_ += pattern_[at_++];
    return {};
  }

  Result<void> group() {
    if (!is_next("(?")) {
      out_ += '(';
      ++at_;
      flags_.push_back(flags_.back());
      return {};
    }
    if (is_next("(?=") || is_next("(?!") || is_next("(?<=") || is_next("(?<!"))
      return unsupported("look-ahead and look-behind");
    if (is_next("(?>")) return unsupported("atomic groups");
    if (is_next("(?<")) {
      out_ += "(?P<";
      at_ += 3;
      flags_.push_back(flags_.back());
      return {};
    }
    return inline_flags();
  }

  /// (?i), (?i:…), (?:…).
  Result<void> inline_flags() {
    at_ += 2;
    std::string on;
    std::string off;
    bool is_off = false;
    bool dot_all = flags_.back();
    for (; at_ < pattern_.size() && pattern_[at_] != ')' && pattern_[at_] != ':'; ++at_) {
      const char flag = pattern_[at_];
      if (flag == '-') {
        is_off = true;
      } else if (flag == 'i' || flag == 'm' || flag == 's') {
        (is_off ? off : on) += flag;
        if (flag == 's') dot_all = !is_off;
      } else if (flag == 'u') {
        // RE2 folds all of Unicode with (?i) anyway.
      } else if (flag == 'x' || flag == 'U' || flag == 'd') {
        return unsupported("the flags x, U and d");
      } else {
        return broken(fmt::format("Unknown inline modifier at {}", at_));
      }
    }
    if (at_ == pattern_.size()) return broken("Unclosed group");
    const bool is_scoped = pattern_[at_] == ':';
    if (is_scoped)
      flags_.push_back(dot_all);
    else
      flags_.back() = dot_all;
    ++at_;
    if (!off.empty()) on += "-" + off;
    if (is_scoped)
      out_ += "(?" + on + ":";
    else if (!on.empty())
      out_ += "(?" + on + ")";
    return {};
  }

  bool is_dot_all() const { return flags_.back(); }

  /// The inside of \p{…}, \d and their like for a bracket; nullopt: not a class.
  Result<std::optional<std::string>> class_escape(char c) {
    switch (c) {
      case 's':
        ++at_;
        return std::optional<std::string>(R"(\t\n\v\f\r )");
      case 'h':
        ++at_;
        return std::optional<std::string>(
            R"( \t\x{A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000})");
      case 'v':
        ++at_;
        return std::optional<std::string>(R"(\n\v\f\r\x{85}\x{2028}\x{2029})");
      case 'd':
      case 'D':
      case 'w':
      case 'W':
        ++at_;
        return std::optional<std::string>(std::string("\\") + c);
      case 'p':
      case 'P':
        return property(c);
      default:
        return std::optional<std::string>();
    }
  }

  Result<std::optional<std::string>> property(char c) {
    ++at_;
    std::string name;
    if (is_next("{")) {
      const std::size_t end = pattern_.find('}', at_);
      if (end == std::string_view::npos) return broken("Unclosed character family");
      name = pattern_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else if (at_ < pattern_.size()) {
      name = pattern_[at_++];
    }
    const auto known = std::find_if(kNamedClasses.begin(), kNamedClasses.end(),
                                    [&](const NamedClass& entry) { return entry.java == name; });
    if (known != kNamedClasses.end()) {
      if (c == 'p') return std::optional<std::string>(std::string(known->re2));
      return std::optional<std::string>("^" + std::string(known->re2));
    }
    if (name.starts_with("In")) return unsupported("Unicode blocks");
    if (name.starts_with("Is")) name = name.substr(2);
    if (const std::size_t equals = name.find('='); equals != std::string::npos)
      name = name.substr(equals + 1);
    return std::optional<std::string>(fmt::format("\\{}{{{}}}", c, name));
  }

  /// The code point of \xhh, \uhhhh, \0n, \t, …; at_ is behind the backslash.
  Result<std::optional<char32_t>> character_escape() {
    const char c = pattern_[at_];
    const auto hex = [&](std::size_t digits) -> Result<std::optional<char32_t>> {
      char32_t value = 0;
      for (std::size_t i = 0; i < digits; ++i, ++at_) {
        const int digit = at_ < pattern_.size() ? hex_digit(pattern_[at_]) : -1;
        if (digit < 0) return broken("Illegal hexadecimal escape sequence");
        value = value * 16 + static_cast<char32_t>(digit);
      }
      return std::optional<char32_t>(value);
    };
    ++at_;
    switch (c) {
      case 't':
        return std::optional<char32_t>('\t');
      case 'n':
        return std::optional<char32_t>('\n');
      case 'r':
        return std::optional<char32_t>('\r');
      case 'f':
        return std::optional<char32_t>('\f');
      case 'a':
        return std::optional<char32_t>(7);
      case 'e':
        return std::optional<char32_t>(27);
      case 'u':
        return hex(4);
      case 'x': {
        if (!is_next("{")) return hex(2);
        const std::size_t end = pattern_.find('}', at_);
        if (end == std::string_view::npos) return broken("Unclosed hexadecimal escape sequence");
        ++at_;
        Result<std::optional<char32_t>> value = hex(end - at_);
        ++at_;
        return value;
      }
      case '0': {
        char32_t value = 0;
        for (int i = 0; i < 3 && at_ < pattern_.size() && pattern_[at_] >= '0' &&
                        pattern_[at_] <= '7' && value < 32;
             ++i)
          value = value * 8 + static_cast<char32_t>(pattern_[at_++] - '0');
        return std::optional<char32_t>(value);
      }
      case 'c':
        if (at_ == pattern_.size()) return broken("Illegal control escape sequence");
        return std::optional<char32_t>(static_cast<char32_t>(pattern_[at_++] ^ 64));
      default:
        --at_;
        return std::optional<char32_t>();
    }
  }

  Result<void> escape(bool is_in_bracket) {
    ++at_;
    if (at_ == pattern_.size()) return broken("Unexpected internal error: a lone backslash");
    const char c = pattern_[at_];
    if (c == 'S' || c == 'H' || c == 'V') {
      if (is_in_bracket) return unsupported("\\S, \\H and \\V in brackets");
      STREAM_TRY(std::optional<std::string> inside, class_escape(static_cast<char>(c - 'A' + 'a')));
      out_ += "[^" + *inside + "]";
      return quantifier();
    }
    STREAM_TRY(const std::optional<std::string> inside, class_escape(c));
    if (inside) {
      if (is_in_bracket && inside->starts_with("^"))
        return unsupported("\\P{…} of this class in brackets");
      out_ += is_in_bracket || inside->starts_with("\\d") || inside->starts_with("\\D") ||
                      inside->starts_with("\\w") || inside->starts_with("\\W")
                  ? *inside
                  : "[" + *inside + "]";
      return is_in_bracket ? Result<void>() : quantifier();
    }
    STREAM_TRY(const std::optional<char32_t> code, character_escape());
    if (code) {
      out_ += fmt::format("\\x{{{:X}}}", static_cast<std::uint32_t>(*code));
      return is_in_bracket ? Result<void>() : quantifier();
    }
    return is_in_bracket ? escaped_literal() : anchor_or_literal(c);
  }

  Result<void> anchor_or_literal(char c) {
    switch (c) {
      case 'Q': {
        const std::size_t end = pattern_.find("\\E", at_);
        const std::size_t begin = at_ + 1;
        const std::string_view quoted =
            pattern_.substr(begin, end == std::string_view::npos ? end : end - begin);
        out_ += quoted_literal(quoted);
        at_ = end == std::string_view::npos ? pattern_.size() : end + 2;
        return quantifier();
      }
      case 'E':
        ++at_;
        return {};
      case 'A':
      case 'b':
      case 'B':
      case 'z':
        out_ += '\\';
        out_ += c;
        ++at_;
        return {};
      case 'Z':
        out_ += R"((?:\z|$))";
        ++at_;
        return {};
      case 'R':
        out_ += fmt::format("(?:\\r\\n|[\\n\\v\\f\\r{}])", R"(\x{85}\x{2028}\x{2029})");
        ++at_;
        return quantifier();
      case 'G':
        return unsupported("\\G");
      case 'X':
        return unsupported("\\X");
      case 'k':
        return unsupported("back references");
      default:
        if (c >= '1' && c <= '9') return unsupported("back references");
        STREAM_TRY(escaped_literal());
        return quantifier();
    }
  }

  static std::string quoted_literal(std::string_view text) {
    std::string result;
    for (const char c : text) {
      if ((c & 0x80) == 0 && !is_letter(c) && (c < '0' || c > '9') && c != '_') result += '\\';
      result += c;
    }
    return result;
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  Result<void> escaped_literal() {
    const char c = pattern_[at_];
    if (is_letter(c)) return broken(fmt::format("Illegal/unsupported escape sequence \\{}", c));
    const std::size_t length = std::min(utf8_length(c), pattern_.size() - at_);
    if (length == 1)
      out_ += quoted_literal(pattern_.substr(at_, 1));
    else
      out_ += pattern_.substr(at_, length);
    at_ += length;
    return {};
  }

  /// A bracket expression; at_ is behind its [. Nested ones are united with it.
  Result<void> bracket() {
    out_ += '[';
    if (is_next("^")) {
      out_ += '^';
      ++at_;
    }
    for (int depth = 1; depth > 0;) {
      if (at_ == pattern_.size()) return broken("Unclosed character class");
      const char c = pattern_[at_];
      if (is_next("&&")) return unsupported("intersections of character classes");
      if (c == '\\') {
        STREAM_TRY(escape(true));
      } else if (c == '[') {
        if (is_next("[^")) return unsupported("negated classes in classes");
        ++depth;
        ++at_;
      } else if (c == ']') {
        --depth;
        ++at_;
      } else {
        const std::size_t length = std::min(utf8_length(c), pattern_.size() - at_);
        out_ += pattern_.substr(at_, length);
        at_ += length;
      }
    }
    out_ += ']';
    return quantifier();
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<bool> flags_ = {false};  // of each open group: does . match line ends
};

}  // namespace

Result<std::string> translate_java_regex(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace stream
