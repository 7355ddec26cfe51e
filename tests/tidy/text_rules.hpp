// Rules on names, notes, links and the lists of sources. One thread.
#pragma once

#include <tests/tidy/source_tree.hpp>

#include <vector>

namespace stream::tidy {

/// Source files must be listed in a CMakeLists.txt of their folder or one above; headers included.
std::vector<Violation> check_dead_files(const SourceTree& tree);
/// Files are called in snake_case (README.md and CMakeLists.txt apart).
std::vector<Violation> check_file_names(const SourceTree& tree);
/// Type names say what the thing is: no Util, Helper, Manager, Common, Misc, Legacy, Impl2, V2.
std::vector<Violation> check_type_names(const SourceTree& tree);
/// Work left to do is not merged.
std::vector<Violation> check_left_over_notes(const SourceTree& tree);
/// Relative links of every README must lead to a file or folder of the tree or of `root_entries`.
std::vector<Violation> check_links(const SourceTree& tree,
                                   const std::vector<std::string>& root_entries);

}  // namespace stream::tidy
