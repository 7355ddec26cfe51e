#include <libstream/plans/scope.hpp>

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

/// Edits that turn one text into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

/// How many parts the attribute takes of the name when its qualifier is written; 0: does not fit.
std::size_t match_qualified(const Attribute& attribute, const std::vector<std::string>& parts,
                            bool is_case_sensitive) {
  const std::vector<std::string>& qualifier = attribute.qualifier;
  // The qualifier may be shortened from the left: t.a for db.t.a.
  for (std::size_t skipped = 0; skipped < qualifier.size(); ++skipped) {
    const std::size_t length = qualifier.size() - skipped;
    if (parts.size() < length + 1) continue;
    bool fits = true;
    for (std::size_t i = 0; i < length; ++i)
      fits = fits && is_same_name(parts[i], qualifier[skipped + i], is_case_sensitive);
    if (fits && is_same_name(parts[length], attribute.name, is_case_sensitive)) return length + 1;
  }
  return 0;
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b, bool is_case_sensitive) {
  if (a.size() != b.size()) return false;
  return is_case_sensitive ? a == b : strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string quoted_name(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += '.';
    text += "`" + part + "`";
  }
  return text;
}

Result<ColumnMatch> find_column(const Attributes& attributes, const std::vector<std::string>& parts,
                                bool is_case_sensitive) {
  std::vector<ColumnMatch> matches;
  const auto add = [&](const Attribute& attribute, std::size_t num_parts) {
    if (num_parts == 0) return;
    const bool is_known = std::any_of(matches.begin(), matches.end(), [&](const ColumnMatch& m) {
      return m.attribute->id == attribute.id;
    });
    if (!is_known) matches.push_back({&attribute, num_parts});
  };
  for (const Attribute& attribute : attributes)
    add(attribute, match_qualified(attribute, parts, is_case_sensitive));
  if (matches.empty()) {
    for (const Attribute& attribute : attributes) {
      if (is_same_name(parts[0], attribute.name, is_case_sensitive)) add(attribute, 1);
    }
  }
  // A hidden column (the other side's key of USING) is meant only where no other fits.
  if (matches.size() > 1) {
    std::vector<ColumnMatch> visible;
    std::copy_if(matches.begin(), matches.end(), std::back_inserter(visible),
                 [](const ColumnMatch& m) { return !m.attribute->is_hidden; });
    if (!visible.empty()) matches = std::move(visible);
  }
  if (matches.size() > 1) {
    std::string names;
    for (const ColumnMatch& match : matches) {
      std::vector<std::string> full = match.attribute->qualifier;
      full.push_back(match.attribute->name);
      names += (names.empty() ? "" : ", ") + quoted_name(full);
    }
    return analysis_error(
        "AMBIGUOUS_REFERENCE",
        fmt::format("Reference {} is ambiguous, could be: [{}].", quoted_name(parts), names));
  }
  return matches.empty() ? ColumnMatch{} : matches[0];
}

bool has_qualifier(const Attribute& attribute, const std::vector<std::string>& qualifier,
                   bool is_case_sensitive) {
  if (qualifier.size() > attribute.qualifier.size()) return false;
  const std::size_t skipped = attribute.qualifier.size() - qualifier.size();
  for (std::size_t i = 0; i < qualifier.size(); ++i) {
    if (!is_same_name(qualifier[i], attribute.qualifier[skipped + i], is_case_sensitive))
      return false;
  }
  return true;
}

std::vector<std::string> nearest_names(std::string_view wanted, std::vector<std::string> names,
                                       std::size_t count) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (std::string& name : names) {
    const std::size_t distance = edit_distance(wanted, name);
    ranked.emplace_back(distance, std::move(name));
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> nearest;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i)
    nearest.push_back(std::move(ranked[i].second));
  return nearest;
}

Error unresolved_column(const std::vector<std::string>& parts, const Attributes& attributes) {
  std::vector<std::string> names;
  for (const Attribute& attribute : attributes) {
    if (!attribute.is_hidden) names.push_back(attribute.name);
  }
  if (names.empty()) {
    return analysis_error("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
                          fmt::format("A column, variable, or function parameter with name {} "
                                      "cannot be resolved.",
                                      quoted_name(parts)));
  }
  constexpr std::size_t kSuggestions = 5;
  std::string suggestions;
  for (const std::string& name : nearest_names(parts.back(), std::move(names), kSuggestions))
    suggestions += (suggestions.empty() ? "`" : ", `") + name + "`";
  return analysis_error("UNRESOLVED_COLUMN.WITH_SUGGESTION",
                        fmt::format("A column, variable, or function parameter with name {} cannot "
                                    "be resolved. Did you mean one of the following? [{}].",
                                    quoted_name(parts), suggestions));
}

}  // namespace stream
