#include <libstream/base/ascii.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/utf8.hpp>

#include <fmt/format.h>

#include <array>

namespace stream {

namespace {

using enum TypeKind;

/// The parts of a URI as java.net.URI cuts it. What is absent is null (nullopt).
struct Uri {
  std::optional<std::string_view> scheme, authority, user_info, host, path, query, fragment;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Letters, digits, %hh, other characters above ASCII and those of `also`.
bool has_only(std::string_view text, std::string_view also) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c) || is_digit(c) || (c & 0x80) != 0 || also.find(c) != also.npos) continue;
    if (c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
      i += 2;
      continue;
    }
    return false;
  }
  return true;
}

/// Host and user of an authority [user@]host[:port]; a registry name has neither.
bool cut_authority(Uri& uri) {
  std::string_view rest = *uri.authority;
  const std::size_t at = rest.rfind('@');
  std::optional<std::string_view> user;
  if (at != rest.npos) {
    user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  std::string_view host = rest;
  std::string_view port;
  if (rest.starts_with("[")) {
    const std::size_t end = rest.find(']');
    if (end == rest.npos) return false;
    host = rest.substr(0, end + 1);
    port = rest.substr(end + 1);
  } else if (const std::size_t colon = rest.find(':'); colon != rest.npos) {
    host = rest.substr(0, colon);
    port = rest.substr(colon);
  }
  if (!port.empty() && port.find_first_not_of("0123456789", 1) != port.npos) return true;
  const bool is_name =
      host.starts_with("[") || host.find_first_not_of(
                                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789.-") == host.npos;
  if (host.empty() || !is_name) return true;
  uri.host = host;
  uri.user_info = user;
  return true;
}

std::optional<Uri> parse_uri(std::string_view text) {
  constexpr std::string_view kUnreserved = "_-!.~'()*,;:$&+=@/";
  Uri uri;
  if (const std::size_t hash = text.find('#'); hash != text.npos) {
    uri.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
    if (!has_only(*uri.fragment, "_-!.~'()*,;:$&+=@/?[]")) return std::nullopt;
  }
  const std::size_t scheme_end = text.find_first_of(":/?");
  if (scheme_end != text.npos && text[scheme_end] == ':') {
    const std::string_view scheme = text.substr(0, scheme_end);
    if (scheme.empty() || !is_letter(scheme[0])) return std::nullopt;
    for (const char c : scheme)
      if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return std::nullopt;
    uri.scheme = scheme;
    text.remove_prefix(scheme_end + 1);
    if (text.empty()) return std::nullopt;
    if (text[0] != '/') {
      // An opaque URI, such as mailto:a@b, has no path and no query.
      if (!has_only(text, "_-!.~'()*,;:$&+=@/?[]")) return std::nullopt;
      return uri;
    }
  }
  if (const std::size_t mark = text.find('?'); mark != text.npos) {
    uri.query = text.substr(mark + 1);
    text = text.substr(0, mark);
    if (!has_only(*uri.query, "_-!.~'()*,;:$&+=@/?[]")) return std::nullopt;
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const std::size_t end = std::min(text.find('/'), text.size());
    if (end > 0) {
      uri.authority = text.substr(0, end);
      if (!has_only(*uri.authority, "_-!.~'()*,;:$&+=@[]%")) return std::nullopt;
      if (!cut_authority(uri)) return std::nullopt;
    } else if (end == text.size() && !uri.query && !uri.fragment) {
      return std::nullopt;
    }
    text.remove_prefix(end);
  }
  if (!has_only(text, kUnreserved)) return std::nullopt;
  uri.path = text;
  return uri;
}

/// The value of the first `key` in a query: (&|^)key=([^&]*).
std::optional<std::string_view> query_value(std::string_view query, std::string_view key) {
  for (std::size_t begin = 0; begin <= query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view part = query.substr(begin, end - begin);
    if (part.starts_with(key) && part.size() > key.size() && part[key.size()] == '=')
      return part.substr(key.size() + 1);
    begin = end + 1;
  }
  return std::nullopt;
}

std::optional<std::string> part_of(const Uri& uri, std::string_view name) {
  const auto text = [](std::optional<std::string_view> part) {
    return part ? std::optional<std::string>(*part) : std::nullopt;
  };
  if (name == "HOST") return text(uri.host);
  if (name == "PATH") return text(uri.path);
  if (name == "QUERY") return text(uri.query);
  if (name == "REF") return text(uri.fragment);
  if (name == "PROTOCOL") return text(uri.scheme);
  if (name == "AUTHORITY") return text(uri.authority);
  if (name == "USERINFO") return text(uri.user_info);
  if (name == "FILE") {
    if (!uri.path) return std::nullopt;
    std::string file(*uri.path);
    if (uri.query) file += "?" + std::string(*uri.query);
    return file;
  }
  return std::nullopt;
}

Result<std::optional<std::string>> parse_url(std::string_view url, std::string_view part,
                                             std::optional<std::string_view> key, bool fails) {
  using Answer = std::optional<std::string>;
  const std::optional<Uri> uri = parse_uri(url);
  if (!uri) {
    if (!fails) return Answer();
    return runtime_error("INVALID_URL",
                         fmt::format("The url is invalid: {}. Use `try_parse_url` to tolerate "
                                     "invalid URL and return NULL instead.",
                                     url));
  }
  if (!key) return part_of(*uri, part);
  if (part != "QUERY" || !uri->query) return Answer();
  const std::optional<std::string_view> value = query_value(*uri->query, *key);
  return value ? Answer(std::string(*value)) : Answer();
}

ScalarFunction parsing(std::string name, std::string usage, bool fails) {
  ScalarFunction made{name, "url", std::move(usage), 2, 3, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      STREAM_TRY(DataType type, exact_type(name, arguments, i, primitive(string)));
      resolved.parameter_types.push_back(std::move(type));
    }
    // Without ANSI mode a broken URL is null in every form.
    const bool is_strict = fails && settings.is_ansi;
    resolved.type = primitive(string);
    resolved.can_fail = is_strict;
    if (arguments.size() == 2)
      resolved.kernel = row_kernel([is_strict](std::string_view url, std::string_view part) {
        return parse_url(url, part, std::nullopt, is_strict);
      });
    else
      resolved.kernel = row_kernel(
          [is_strict](std::string_view url, std::string_view part, std::string_view key) {
            return parse_url(url, part, key, is_strict);
          });
    return resolved;
  };
  return made;
}

std::string url_encode(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '*' || c == '_')
      result += c;
    else if (c == ' ')
      result += '+';
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

/// nullopt: a % without two hexadecimal digits behind it.
std::optional<std::string> url_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      result += ' ';
    } else if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return std::nullopt;
      const auto digit = [](char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; };
      result += static_cast<char>(
          static_cast<unsigned char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return make_valid_utf8(result);
}

}  // namespace

void add_url_functions(FunctionRegistry& registry) {
  registry.add(parsing("parse_url", "parse_url(url, part[, key]) - HOST, PATH, QUERY, …", true));
  registry.add(
      parsing("try_parse_url", "try_parse_url(url, part[, key]) - parse_url, or null", false));
  add_fixed(registry, {{"url_encode",
                        "url",
                        "url_encode(text) - as a part of a URL",
                        {string},
                        string,
                        row_kernel([](std::string_view text) { return url_encode(text); })},
                       {"url_decode",
                        "url",
                        "url_decode(text) - what url_encode was given",
                        {string},
                        string,
                        row_kernel([](std::string_view text) -> Result<std::string> {
                          std::optional<std::string> decoded = url_decode(text);
                          if (decoded) return std::move(*decoded);
                          return runtime_error(
                              "CANNOT_DECODE_URL",
                              fmt::format("The provided URL cannot be decoded: {}. Please "
                                          "ensure that the URL is properly formatted and "
                                          "try again.",
                                          text));
                        }),
                        {},
                        true},
                       {"try_url_decode",
                        "url",
                        "try_url_decode(text) - url_decode, or null",
                        {string},
                        string,
                        row_kernel([](std::string_view text) { return url_decode(text); }),
                        {},
                        false,
                        true}});
}

}  // namespace stream
