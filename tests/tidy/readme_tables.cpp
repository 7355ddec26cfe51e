#include <tests/tidy/readme_tables.hpp>
#include <tests/tidy/source_tree.hpp>

#include <algorithm>

namespace stream::tidy {

namespace {

std::vector<std::string> cells_of(std::string_view row) {
  std::vector<std::string> cells;
  row = trim(row);
  row.remove_prefix(1);
  while (!row.empty()) {
    const std::size_t end = std::min(row.find('|'), row.size());
    cells.emplace_back(trim(row.substr(0, end)));
    row.remove_prefix(std::min(end + 1, row.size()));
  }
  return cells;
}

}  // namespace

std::vector<std::vector<std::string>> table_below(std::string_view markdown,
                                                  std::string_view heading) {
  std::vector<std::vector<std::string>> rows;
  bool is_below = false;
  std::size_t num_lines = 0;
  for (const auto line : lines_of(markdown)) {
    if (trim(line) == heading) {
      is_below = true;
    } else if (is_below && line.starts_with('|')) {
      if (++num_lines > 2) rows.push_back(cells_of(line));
    } else if (num_lines > 0) {
      break;
    }
  }
  return rows;
}

std::vector<std::string> quoted_words(std::string_view cell) {
  std::vector<std::string> words;
  for (std::size_t begin = cell.find('`'); begin != std::string_view::npos;) {
    const std::size_t end = cell.find('`', begin + 1);
    if (end == std::string_view::npos) break;
    words.emplace_back(cell.substr(begin + 1, end - begin - 1));
    begin = cell.find('`', end + 1);
  }
  return words;
}

}  // namespace stream::tidy
