// A JSON text as nodes in document order, reused from row to row: strings point into the text where
// they hold no escapes. Reads what Jackson reads under Spark's options; what follows the first
// value is not looked at. One thread; used by the JSON and variant functions.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct ParsedJson {
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, array, object };
  Kind kind = Kind::null;
  std::uint32_t num_children = 0;  ///< elements, or members (each a key node and a value)
  std::uint32_t end = 0;           ///< the node behind this one and all below it
  std::string_view text;           ///< strings without escapes; numbers and words as written
  std::string_view raw;            ///< as it stands in the document
};

struct JsonReadOptions {
  bool allows_single_quotes = true;
  bool allows_leading_zeros = false;
  bool allows_unquoted_names = false;
  bool allows_any_escape = false;
  bool allows_control_characters = false;
  bool allows_non_numbers = true;
  bool allows_comments = false;
};

class JsonDocument {
 public:
  static constexpr int kMaxDepth = 1000;

  /// False: not JSON (or nested too deep). An empty text has no nodes, which is true. The nodes
  /// live until the next call, and as long as `text`.
  bool parse(std::string_view text, const JsonReadOptions& options = {});
  /// Where parsing stopped, for strict callers: is there nothing but blanks behind the value?
  bool is_whole() const;

  bool is_empty() const { return nodes_.empty(); }
  const ParsedJson& node(std::size_t index) const { return nodes_[index]; }

  /// Calls visit(key node, value index) for each member of object `index`.
  template <class Visit>
  void for_each_member(std::size_t index, Visit visit) const {
    std::size_t at = index + 1;
    for (std::uint32_t i = 0; i < nodes_[index].num_children; ++i) {
      visit(nodes_[at], at + 1);
      at = nodes_[at + 1].end;
    }
  }
  template <class Visit>
  void for_each_element(std::size_t index, Visit visit) const {
    std::size_t at = index + 1;
    for (std::uint32_t i = 0; i < nodes_[index].num_children; ++i) {
      visit(at);
      at = nodes_[at].end;
    }
  }

 private:
  bool value(int depth);
  bool object(int depth);
  bool array(int depth);
  /// What stands in brackets, with commas between; `item` reads one.
  template <class Item>
  bool sequence(ParsedJson::Kind kind, char close, Item item);
  bool string(char quote);
  bool unescape(std::size_t begin, char quote);
  bool number();
  bool word();
  bool name();
  void skip_blanks();
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  std::size_t open(ParsedJson::Kind kind);

  std::string_view text_;
  JsonReadOptions options_;
  std::size_t at_ = 0;
  std::vector<ParsedJson> nodes_;
  std::deque<std::string> unescaped_;
};

/// In quotes, with escapes as Jackson writes them.
void append_json_string(std::string_view text, std::string& out);
/// Node `index` without blanks; numbers with a point as Java prints doubles.
void append_json(const JsonDocument& document, std::size_t index, std::string& out);

}  // namespace stream
