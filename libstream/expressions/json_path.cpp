#include <libstream/expressions/json_path.hpp>

#include <charconv>
#include <span>

namespace stream {

namespace {

enum class Style { raw, quoted, flatten };

using Steps = std::span<const JsonStep>;

bool is_wildcard(Steps steps, std::size_t index) {
  return index < steps.size() && steps[index].kind == JsonStep::Kind::wildcard;
}

/// Appends values to the text of an array: commas between them.
void append_separator(std::string& out) {
  if (!out.empty() && out.back() != '[') out += ',';
}

class Finder {
 public:
  explicit Finder(const JsonDocument& document) : document_(document) {}

  /// Appends what is found; true: something was.
  bool find(std::size_t node, Steps steps, Style style, bool is_in_array, std::string& out) const {
    const ParsedJson& here = document_.node(node);
    if (steps.empty()) return found(node, style, is_in_array, out);
    const JsonStep& step = steps[0];
    if (here.kind == ParsedJson::Kind::object && step.kind == JsonStep::Kind::name) {
      bool is_found = false;
      document_.for_each_member(node, [&](const ParsedJson& key, std::size_t value) {
        if (is_found || key.text != step.name ||
            document_.node(value).kind == ParsedJson::Kind::null)
          return;
        is_found = find(value, steps.subspan(1), style, is_in_array, out);
      });
      return is_found;
    }
    if (here.kind != ParsedJson::Kind::array) return false;
    if (step.kind == JsonStep::Kind::wildcard) return all(node, steps, style, is_in_array, out);
    if (step.kind != JsonStep::Kind::index || step.index >= here.num_children) return false;
    std::size_t wanted = 0;
    std::size_t i = 0;
    document_.for_each_element(node, [&](std::size_t element) {
      if (i++ == step.index) wanted = element;
    });
    return find(wanted, steps.subspan(1), is_wildcard(steps, 1) ? Style::quoted : style,
                is_in_array, out);
  }

 private:
  bool found(std::size_t node, Style style, bool is_in_array, std::string& out) const {
    const ParsedJson& here = document_.node(node);
    if (here.kind == ParsedJson::Kind::string && style == Style::raw) {
      out += here.text;
      return true;
    }
    if (here.kind == ParsedJson::Kind::array && style == Style::flatten) {
      bool is_found = false;
      document_.for_each_element(node, [&](std::size_t element) {
        is_found = found(element, style, is_in_array, out) || is_found;
      });
      return is_found;
    }
    if (is_in_array) append_separator(out);
    append_json(document_, node, out);
    return true;
  }

  /// The steps begin with [*].
  bool all(std::size_t node, Steps steps, Style style, bool is_in_array, std::string& out) const {
    const bool is_double = is_wildcard(steps, 1);
    const Style next = is_double                 ? Style::flatten
                       : style == Style::flatten ? Style::flatten
                                                 : Style::quoted;
    std::string inner = "[";
    std::size_t count = 0;
    document_.for_each_element(node, [&](std::size_t element) {
      if (find(element, steps.subspan(is_double ? 2 : 1), next, true, inner)) ++count;
    });
    inner += ']';
    const bool keeps_array = is_double || style == Style::quoted;
    if (count == 0 && !keeps_array) return false;
    if (is_in_array) append_separator(out);
    if (keeps_array || count > 1)
      out += inner;
    else
      out += std::string_view(inner).substr(1, inner.size() - 2);
    return count > 0;
  }

  const JsonDocument& document_;
};

}  // namespace

std::optional<JsonPath> parse_json_path(std::string_view text) {
  if (!text.starts_with("$")) return std::nullopt;
  JsonPath path;
  for (std::size_t at = 1; at < text.size();) {
    JsonStep step;
    if (text[at] == '.') {
      const std::size_t end = std::min(text.find_first_of(".[", at + 1), text.size());
      step.name = text.substr(at + 1, end - at - 1);
      if (step.name.empty()) return std::nullopt;
      if (step.name == "*") step.kind = JsonStep::Kind::wildcard;
      at = end;
    } else if (text.substr(at).starts_with("['")) {
      const std::size_t end = text.find("']", at + 2);
      if (end == std::string_view::npos) return std::nullopt;
      step.name = text.substr(at + 2, end - at - 2);
      if (step.name.empty() || step.name.find_first_of("'?") != std::string::npos)
        return std::nullopt;
      if (step.name == "*") step.kind = JsonStep::Kind::wildcard;
      at = end + 2;
    } else if (text[at] == '[') {
      const std::size_t end = text.find(']', at);
      if (end == std::string_view::npos) return std::nullopt;
      const std::string_view inside = text.substr(at + 1, end - at - 1);
      if (inside == "*") {
        step.kind = JsonStep::Kind::wildcard;
      } else {
        step.kind = JsonStep::Kind::index;
        const char* last = inside.data() + inside.size();
        const auto [stop, error] = std::from_chars(inside.data(), last, step.index);
        if (inside.empty() || error != std::errc() || stop != last) return std::nullopt;
      }
      at = end + 1;
    } else {
      return std::nullopt;
    }
    path.push_back(std::move(step));
  }
  return path;
}

std::optional<std::string> find_json(const JsonDocument& document, const JsonPath& path) {
  if (document.is_empty()) return std::nullopt;
  std::string out;
  if (!Finder(document).find(0, path, Style::raw, false, out)) return std::nullopt;
  return out;
}

}  // namespace stream
