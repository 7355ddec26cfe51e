#include <libstream/base/ascii.hpp>
#include <libstream/formats/format_options.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace stream {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

bool IgnoreCaseLess::operator()(std::string_view a, std::string_view b) const {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return ascii_lower(x) < ascii_lower(y);
  });
}

std::optional<std::string> take_option(OptionMap& options, const OptionText& text) {
  std::optional<std::string> value;
  for (const std::string_view name : {text.alias, text.name}) {
    if (name.empty()) continue;
    const auto found = options.find(name);
    if (found == options.end()) continue;
    value = std::move(found->second);
    options.erase(found);
  }
  return value;
}

Result<void> refuse_unknown(const OptionMap& rest, const std::vector<OptionText>& known,
                            std::string_view where) {
  std::vector<Error> errors;
  for (const auto& [key, value] : rest) {
    std::string_view nearest;
    std::size_t best = 4;
    for (const OptionText& text : known) {
      for (const std::string_view name : {text.name, text.alias}) {
        const std::size_t distance = edit_distance(ascii_lower(key), ascii_lower(name));
        if (name.empty() || distance >= best) continue;
        best = distance;
        nearest = name;
      }
    }
    errors.push_back(bad_option(
        nearest.empty()
            ? fmt::format("{}: there is no option '{}'", where, key)
            : fmt::format("{}: there is no option '{}'; did you mean '{}'?", where, key, nearest)));
  }
  if (errors.empty()) return {};
  return join_errors(errors);
}

Result<bool> option_flag(const std::string& value) {
  const std::string text = ascii_lower(value);
  if (text == "true") return true;
  if (text == "false") return false;
  return bad_option(fmt::format("'{}' is neither true nor false", value));
}

Result<std::int64_t> option_integer(const std::string& value) {
  std::int64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto [next, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc{} || next != end || value.empty())
    return bad_option(fmt::format("'{}' is not an integer", value));
  return number;
}

Result<char> option_character(const std::string& value) {
  if (value.empty()) return '\0';
  if (value.size() == 1 && static_cast<unsigned char>(value[0]) < 0x80) return value[0];
  return bad_option(fmt::format("'{}' is not one ASCII character", value));
}

}  // namespace stream
