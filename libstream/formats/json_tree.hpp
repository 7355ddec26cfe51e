// One JSON text as a tree, by the grammar that Spark's parser takes with its options. What
// JsonReader falls back on, and what finds schemas. One object a task; it keeps its memory.
#pragma once

#include <libstream/formats/json_options.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

enum class JsonKind : std::uint8_t { null, boolean, integer, number, string, array, object };

struct JsonNode {
  static constexpr std::uint32_t kNone = 0xffffffffu;

  JsonKind kind = JsonKind::null;
  std::string_view name;  ///< of an object's field
  std::string_view text;  ///< strings without escapes; others as written ("true", "1.50")
  std::string_view raw;   ///< the whole value as written
  std::uint32_t first_child = kNone;
  std::uint32_t next = kNone;  ///< sibling
};

class JsonTree {
 public:
  explicit JsonTree(const JsonLeniency& leniency, std::int64_t max_depth = 1000)
      : leniency_(leniency), max_depth_(max_depth) {}

  enum class Outcome { value, blank, malformed };
  /// Parses the first value of `text`; what follows it is not looked at. Nodes point into `text`
  /// and into the tree, until the next call. The root is node 0.
  Outcome parse(std::string_view text);
  const JsonNode& node(std::uint32_t index) const { return nodes_[index]; }
  const JsonNode& root() const { return nodes_[0]; }
  /// Why the text is malformed, and where.
  const std::string& reason() const { return reason_; }
  /// Behind the value.
  std::size_t end() const { return at_; }

 private:
  bool parse_value(std::uint32_t& index, std::int64_t depth);
  bool parse_object(std::uint32_t index, std::int64_t depth);
  bool parse_array(std::uint32_t index, std::int64_t depth);
  bool parse_string(char quote, std::string_view& text);
  bool parse_escape(std::string& out);
  bool parse_hex(std::uint32_t& unit);
  bool parse_name(std::string_view& name);
  bool parse_number(JsonNode& node);
  bool parse_word(JsonNode& node);
  bool skip_blanks();
  bool fail(std::string_view reason);
  bool is_at_end() const { return at_ >= text_.size(); }

  JsonLeniency leniency_;
  std::int64_t max_depth_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<JsonNode> nodes_;
  std::deque<std::string> texts_;  // strings that had escapes
  std::string reason_;
};

}  // namespace stream
