// Trees as one line of text, for the parser's tests: "and(=(a, 1:INT), not(b))",
// "project[a](filter[>(a, 1:INT)](t))".
#pragma once

#include <libstream/plans/relation.hpp>

#include <string>

namespace stream::sql {

std::string tree_text(const Expr& expression);
std::string tree_text(const RelationRef& relation);

/// The tree of `text`, or its error's message.
std::string expression_tree(std::string_view text);
std::string query_tree(std::string_view text);

}  // namespace stream::sql
