// The list of transcripts that do not pass, tests/cases/known-differences.md: tables of a case and
// the reason. Used by the tests of this folder.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace stream {

struct KnownDifferences {
  std::map<std::string, std::string> cases;  ///< "topic/file:case" to the reason: rows differ
  std::map<std::string, std::string> names;  ///< likewise: only column names differ
};

/// Rows of the page's tables; those under a heading that speaks of names are `names`.
KnownDifferences parse_known_differences(std::string_view page);

}  // namespace stream
