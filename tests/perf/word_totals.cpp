#include <libstream/base/file_system.hpp>
#include <tests/perf/word_totals.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace stream::perf {
namespace {

constexpr std::size_t kMaxFileBytes = 4ull << 30;

Result<std::int64_t> add_lines(const std::string& path,
                               std::unordered_map<std::string, std::int64_t>& totals) {
  STREAM_TRY(const std::string text, read_file(local_file_system(), path, kMaxFileBytes));
  std::int64_t lines = 0;
  for (std::size_t begin = 0; begin < text.size(); ++lines) {
    const std::size_t end = text.find('\n', begin);
    const std::size_t tab = text.find('\t', begin);
    std::int64_t total = 0;
    if (end == std::string::npos || tab >= end ||
        std::from_chars(text.data() + tab + 1, text.data() + end, total).ptr != text.data() + end)
      return bad_data(fmt::format("{}: line {} is no word and total", path, lines + 1));
    std::int64_t& known = totals[text.substr(begin, tab - begin)];
    known = std::max(known, total);
    begin = end + 1;
  }
  return lines;
}

std::string text_of(const std::vector<WordTotal>& totals, std::size_t at) {
  return at < totals.size() ? fmt::format("{} {}", totals[at].word, totals[at].count) : "nothing";
}

}  // namespace

Result<std::vector<WordTotal>> read_totals(const std::string& directory, std::int64_t& num_rows) {
  std::unordered_map<std::string, std::int64_t> totals;
  num_rows = 0;
  STREAM_TRY(const auto files, local_file_system().list(directory));
  for (const FileStatus& file : files) {
    if (file.is_directory) continue;
    STREAM_TRY(const std::int64_t lines, add_lines(file.path, totals));
    num_rows += lines;
  }
  std::vector<WordTotal> sorted;
  for (auto& [word, count] : totals) sorted.push_back({word, count});
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

Result<void> check_totals(const std::string& input, std::int64_t laps, const std::string& directory,
                          bool is_final) {
  STREAM_TRY(const HandWordCount hand, HandWordCount::run(input, 1));
  std::vector<WordTotal> expected = hand.totals();
  for (WordTotal& total : expected) total.count *= laps;
  std::int64_t num_rows = 0;
  STREAM_TRY(const std::vector<WordTotal> found, read_totals(directory, num_rows));
  const auto [wanted, there] =
      std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
  if (wanted != expected.end() || there != found.end()) {
    const auto at = static_cast<std::size_t>(wanted - expected.begin());
    return bad_data(fmt::format("wrong result: {} of {} words, first difference: {}, expected {}",
                                found.size(), expected.size(), text_of(found, at),
                                text_of(expected, at)));
  }
  if (is_final && num_rows != hand.num_distinct())
    return bad_data(
        fmt::format("wrong result: {} rows for {} words", num_rows, hand.num_distinct()));
  return {};
}

}  // namespace stream::perf
