#include <tests/tidy/include_rules.hpp>
#include <tests/tidy/readme_tables.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace stream::tidy {

namespace {

// Libraries whose headers the table places; what is not listed is the standard library or POSIX.
constexpr std::array<std::string_view, 9> kLibraries = {
    "caf", "boost", "nlohmann", "msgpack", "CLI", "fmt", "xxhash", "zstd", "librdkafka"};

std::string_view first_part(std::string_view header) {
  return header.substr(0, std::min(header.find_first_of("/."), header.size()));
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

/// The row of the nearest folder above `path` that has one.
const IncludeTable::value_type* row_of(const IncludeTable& table, std::string_view path) {
  for (std::string_view folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
    if (const auto at = table.find(folder); at != table.end()) return &*at;
  }
  return nullptr;
}

bool names(std::string_view entry, std::string_view header) {
  if (entry.ends_with("/*")) return folder_of(header) == entry.substr(0, entry.size() - 2);
  return header == entry ||
         (header.size() > entry.size() && header.starts_with(entry) && header[entry.size()] == '/');
}

bool may_include(const IncludeTable::value_type& row, std::string_view header) {
  return names(row.first, header) ||
         std::ranges::any_of(row.second.folders, [&](const auto& e) { return names(e, header); });
}

bool may_use(const IncludeRow& row, std::string_view library, bool in_source) {
  return std::ranges::any_of(row.libraries, [&](std::string_view entry) {
    if (entry == library) return true;
    return in_source && entry == fmt::format("{} (.cpp)", library);
  });
}

/// The header of an include line, or nothing.
std::string_view included_header(std::string_view line) {
  line = trim(line);
  if (!line.starts_with('#')) return {};
  line = trim(line.substr(1));
  if (!line.starts_with("include")) return {};
  line = trim(line.substr(7));
  if (line.size() < 3 || (line[0] != '<' && line[0] != '"')) return {};
  const std::size_t end = line.find(line[0] == '<' ? '>' : '"', 1);
  return end == std::string_view::npos ? std::string_view{} : line.substr(1, end - 1);
}

bool is_ours(std::string_view header) {
  return header.starts_with("libstream/") || header.starts_with("actors/") ||
         header.starts_with("apps/") || header.starts_with("tests/");
}

}  // namespace

IncludeTable parse_include_table(std::string_view readme) {
  IncludeTable table;
  for (const auto& cells : table_below(readme, "## Who may include whom")) {
    if (cells.size() < 3) continue;
    for (const auto& folder : quoted_words(cells[0])) {
      table[folder] = {quoted_words(cells[1]), quoted_words(cells[2])};
    }
  }
  return table;
}

std::vector<Violation> check_includes(const SourceTree& tree, const IncludeTable& table) {
  std::vector<Violation> found;
  for (const auto& file : tree.files) {
    if (!is_cpp(file) || file.path == "libstream/stream.hpp") continue;
    const auto* row = row_of(table, file.path);
    if (row == nullptr) {
      found.push_back({file.path, 0, "its folder has no row in libstream/README.md"});
      continue;
    }
    std::size_t number = 0;
    for (const auto line : lines_of(file.text)) {
      ++number;
      const auto header = included_header(line);
      if (header.empty()) continue;
      const auto library = first_part(header);
      if (is_ours(header)) {
        if (!may_include(*row, header)) {
          found.push_back(
              {file.path, number, fmt::format("{} may not include <{}>", row->first, header)});
        }
      } else if (std::ranges::find(kLibraries, library) != kLibraries.end() &&
                 !may_use(row->second, library, file.path.ends_with(".cpp"))) {
        found.push_back({file.path, number, fmt::format("<{}> may not be included here", header)});
      }
    }
  }
  return found;
}

}  // namespace stream::tidy
