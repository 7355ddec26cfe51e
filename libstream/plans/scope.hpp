// Which column a name means: matching of `a`, `t.a`, `t.a.field` against attributes. Used by the
// expression resolver.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

namespace stream {

/// An attribute and how many parts of the name it took; the rest are struct fields.
struct ColumnMatch {
  const Attribute* attribute = nullptr;
  std::size_t num_parts = 0;
};

bool is_same_name(std::string_view a, std::string_view b, bool is_case_sensitive);

/// The attribute that a name means, matching qualified names first; no attribute: none fits.
/// Error [AMBIGUOUS_REFERENCE]: several do.
Result<ColumnMatch> find_column(const Attributes& attributes, const std::vector<std::string>& parts,
                                bool is_case_sensitive);

/// Does the qualifier of a star name this attribute?
bool has_qualifier(const Attribute& attribute, const std::vector<std::string>& qualifier,
                   bool is_case_sensitive);

/// [UNRESOLVED_COLUMN.WITH_SUGGESTION] with the names nearest to it.
Error unresolved_column(const std::vector<std::string>& parts, const Attributes& attributes);

/// "`a`.`b`".
std::string quoted_name(const std::vector<std::string>& parts);

/// Up to `count` of the names, the nearest to `wanted` first.
std::vector<std::string> nearest_names(std::string_view wanted, std::vector<std::string> names,
                                       std::size_t count);

}  // namespace stream
