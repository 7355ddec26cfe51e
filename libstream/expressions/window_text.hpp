// Spark's text of OVER (…), with the frame that a function gets when none is written, and of sort
// keys. Used by pretty_text.
#pragma once

#include <libstream/expressions/expression.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace stream {

using ExpressionText = std::function<std::string(const Expression&)>;

/// rank, dense_rank, percent_rank: shown in capitals and without arguments.
bool is_rank_function(std::string_view name);

/// "(PARTITION BY a ORDER BY b ASC NULLS FIRST RANGE BETWEEN … AND …)".
std::string window_text(std::string_view function, const Call& call, const ExpressionText& text_of);

/// "b DESC NULLS LAST"
std::string sort_key_text(const SortKey& key, const std::string& expression);

}  // namespace stream
