#include <tests/cases/known_differences.hpp>

namespace stream {

KnownDifferences parse_known_differences(std::string_view page) {
  KnownDifferences known;
  bool is_about_names = false;
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    if (line.starts_with("#")) is_about_names = line.find("ames") != std::string_view::npos;
    if (!line.starts_with("| `")) continue;
    const std::size_t end = line.find("` | ", 3);
    const std::size_t last = line.rfind(" |");
    if (end == std::string_view::npos || last < end + 4) continue;
    (is_about_names ? known.names : known.cases)[std::string(line.substr(3, end - 3))] =
        line.substr(end + 4, last - end - 4);
  }
  return known;
}

}  // namespace stream
