#include <libstream/connectors/postgresql/sql_text.hpp>

#include <fmt/format.h>

namespace stream::postgresql {
namespace {

/// PostgreSQL cuts longer names off without a word.
constexpr std::size_t kMaxNameBytes = 63;

void trim(std::string& text) {
  text.erase(0, text.find_first_not_of(" \t"));
  text.erase(text.find_last_not_of(" \t") + 1);
}

/// The names of a text between separators; double quotes keep separators, "" is a quote.
Result<std::vector<std::string>> split_names(std::string_view text, char separator) {
  std::vector<std::string> names;
  std::string name;
  bool is_quoted = false;
  bool was_quoted = false;
  const auto take = [&]() -> Result<void> {
    if (!was_quoted) trim(name);
    if (name.empty()) return bad_option(fmt::format("'{}' holds an empty name", text));
    if (name.size() > kMaxNameBytes)
      return bad_option(fmt::format("'{}' is longer than the {} bytes that PostgreSQL keeps", name,
                                    kMaxNameBytes));
    names.push_back(std::move(name));
    name.clear();
    was_quoted = false;
    return {};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0') return bad_option("a name must not hold a zero byte");
    if (is_quoted) {
      if (c != '"') {
        name += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        name += text[++i];
      } else {
        is_quoted = false;
      }
    } else if (c == separator) {
      STREAM_TRY(take());
    } else if (was_quoted) {
      if (c != ' ' && c != '\t')
        return bad_option(fmt::format("'{}': something follows a closing quote", text));
    } else if (c == '"') {
      trim(name);
      if (!name.empty())
        return bad_option(fmt::format("'{}': a quote in a name; quote all of it", text));
      is_quoted = was_quoted = true;
    } else {
      name += c;
    }
  }
  if (is_quoted) return bad_option(fmt::format("'{}': the closing quote is missing", text));
  STREAM_TRY(take());
  return names;
}

}  // namespace

std::string quote_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string quote_text(std::string_view text) {
  std::string out = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + '\'';
}

std::string TableName::quoted() const {
  return schema.empty() ? quote_name(table) : quote_name(schema) + "." + quote_name(table);
}

std::string TableName::shown() const { return schema.empty() ? table : schema + "." + table; }

Result<TableName> parse_table_name(std::string_view text) {
  STREAM_TRY(std::vector<std::string> parts, split_names(text, '.'));
  if (parts.size() > 2)
    return bad_option(
        fmt::format("'{}': write table or schema.table; quote a name that holds a point", text));
  if (parts.size() == 1) return TableName{"", std::move(parts[0])};
  return TableName{std::move(parts[0]), std::move(parts[1])};
}

Result<std::vector<std::string>> parse_name_list(std::string_view text) {
  return split_names(text, ',');
}

std::string quote_names(const std::vector<std::string>& names, std::string_view prefix) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += prefix;
    out += quote_name(name);
  }
  return out;
}

}  // namespace stream::postgresql
