#include <libstream/base/ascii.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/functions/string_algorithms.hpp>
#include <libstream/expressions/utf8.hpp>

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <vector>

namespace stream {

std::string translate(std::string_view text, std::string_view from, std::string_view to) {
  constexpr char32_t kDeleted = 0xFFFFFFFF;
  std::unordered_map<char32_t, char32_t> map;
  std::size_t to_offset = 0;
  for (std::size_t offset = 0; offset < from.size();) {
    const char32_t c = next_code_point(from, offset);
    const char32_t target = to_offset < to.size() ? next_code_point(to, to_offset) : kDeleted;
    map.try_emplace(c, target);
  }
  std::string result;
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t begin = offset;
    const auto found = map.find(next_code_point(text, offset));
    if (found == map.end())
      result += text.substr(begin, offset - begin);
    else if (found->second != kDeleted)
      append_code_point(found->second, result);
  }
  return result;
}

std::string replace(std::string_view text, std::string_view search, std::string_view with) {
  std::string result;
  std::size_t begin = 0;
  for (std::size_t found = search.empty() ? std::string_view::npos : text.find(search);
       found != std::string_view::npos; found = text.find(search, begin)) {
    result += text.substr(begin, found - begin);
    result += with;
    begin = found + search.size();
  }
  return result += text.substr(begin);
}

std::string reversed(std::string_view text) {
  std::string result(text.size(), '\0');
  std::size_t end = text.size();
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t length = std::min(utf8_length(text[offset]), text.size() - offset);
    end -= length;
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(offset), length,
                result.begin() + static_cast<std::ptrdiff_t>(end));
    offset += length;
  }
  return result;
}

Result<std::string> repeated(std::string_view text, std::int32_t times) {
  if (times <= 0) return std::string();
  const std::size_t bytes = text.size() * static_cast<std::size_t>(times);
  if (bytes > kMaxTextBytes)
    return runtime_error("COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
                         "The result of repeat would have " + std::to_string(bytes) +
                             " bytes; at most " + std::to_string(kMaxTextBytes) + " are allowed.");
  std::string result;
  result.reserve(bytes);
  for (std::int32_t i = 0; i < times; ++i) result += text;
  return result;
}

std::int32_t find_in_set(std::string_view word, std::string_view set) {
  if (word.find(',') != std::string_view::npos) return 0;
  std::int32_t n = 1;
  for (std::size_t begin = 0;; ++n) {
    const std::size_t comma = set.find(',', begin);
    if (set.substr(begin, comma == std::string_view::npos ? comma : comma - begin) == word)
      return n;
    if (comma == std::string_view::npos) return 0;
    begin = comma + 1;
  }
}

std::string soundex(std::string_view text) {
  constexpr std::string_view kCodes = "01230127022455012623017202";
  if (text.empty()) return {};
  const auto letter = [](char c) -> int {
    const char upper = ascii_upper(c);
    return upper >= 'A' && upper <= 'Z' ? upper - 'A' : -1;
  };
  const int first = letter(text[0]);
  if (first < 0) return std::string(text);
  std::string result(1, static_cast<char>('A' + first));
  char last = kCodes[static_cast<std::size_t>(first)];
  for (std::size_t i = 1; i < text.size() && result.size() < 4; ++i) {
    const int index = letter(text[i]);
    if (index < 0) {
      last = '0';
      continue;
    }
    const char code = kCodes[static_cast<std::size_t>(index)];
    // H and W ('7') do not separate equal codes.
    if (code == '7') continue;
    if (code != '0' && code != last) result += code;
    last = code;
  }
  result.resize(4, '0');
  return result;
}

namespace {

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> result;
  for (std::size_t offset = 0; offset < text.size();)
    result.push_back(next_code_point(text, offset));
  return result;
}

}  // namespace

std::int32_t levenshtein(std::string_view left, std::string_view right) {
  const std::vector<char32_t> a = code_points(left);
  const std::vector<char32_t> b = code_points(right);
  std::vector<std::int32_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::int32_t diagonal = row[0];
    row[0] = static_cast<std::int32_t>(i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::int32_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

bool luhn_check(std::string_view text) {
  int sum = 0;
  bool doubles = false;
  if (text.empty()) return false;
  for (std::size_t i = text.size(); i-- > 0; doubles = !doubles) {
    if (text[i] < '0' || text[i] > '9') return false;
    const int digit = (text[i] - '0') * (doubles ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 == 0;
}

std::string quote(std::string_view text) { return "'" + replace(text, "'", "\\'") + "'"; }

}  // namespace stream
