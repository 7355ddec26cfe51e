// Rules on words of code: clocks, sleeps, threads, randomness and `new` are each allowed in the few
// files that the table "Who may touch what" in libstream/README.md names. One thread.
#pragma once

#include <tests/tidy/source_tree.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stream::tidy {

/// Subject (clock, sleep, thread, random, new, caf) → files and folders (ending in `/`).
using Allowances = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Rows are `| \`subject\` … | \`path\` … |` below "## Who may touch what".
Allowances parse_allowances(std::string_view readme);

std::vector<Violation> check_clock_reads(const SourceTree& tree, const Allowances& allowed);
std::vector<Violation> check_sleeps(const SourceTree& tree, const Allowances& allowed);
std::vector<Violation> check_threads(const SourceTree& tree, const Allowances& allowed);
std::vector<Violation> check_randomness(const SourceTree& tree, const Allowances& allowed);
std::vector<Violation> check_new_and_delete(const SourceTree& tree, const Allowances& allowed);
std::vector<Violation> check_caf(const SourceTree& tree, const Allowances& allowed);

/// Files of the table that no longer exist; folders may come later.
std::vector<Violation> check_allowances_exist(const SourceTree& tree, const Allowances& allowed);

}  // namespace stream::tidy
