// Reads the tables of libstream/README.md that the rules check the tree against. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stream::tidy {

/// Cells of the rows of the first table below `heading`, without the table's own heading.
std::vector<std::vector<std::string>> table_below(std::string_view markdown,
                                                  std::string_view heading);

/// What stands between back-ticks in a cell.
std::vector<std::string> quoted_words(std::string_view cell);

}  // namespace stream::tidy
