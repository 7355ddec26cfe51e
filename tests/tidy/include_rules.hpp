// Who may include whom, as the table in libstream/README.md says: a row a folder, the folders (and
// single files) it may include, and the client libraries it may include. One thread.
#pragma once

#include <tests/tidy/source_tree.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stream::tidy {

/// Folders by their path from the root of the repository.
struct IncludeRow {
  /// `libstream/x` with its sub-folders; `libstream/x/*` without; or one header.
  std::vector<std::string> folders;
  /// Client libraries by the first part of the header's path; `boost (.cpp)` only in sources.
  std::vector<std::string> libraries;
};

using IncludeTable = std::map<std::string, IncludeRow, std::less<>>;

/// Rows are `| \`folder\` | \`folder\` … | \`library\` … |` below "## Who may include whom".
IncludeTable parse_include_table(std::string_view readme);

/// Includes that the table does not allow, and folders without a row.
std::vector<Violation> check_includes(const SourceTree& tree, const IncludeTable& table);

}  // namespace stream::tidy
