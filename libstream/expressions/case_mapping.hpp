// Upper, lower and title case by Unicode's full mappings in the root locale, as Spark has them.
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stream {

std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
/// The first character and each one after a space in title case, all others in lower case.
std::string to_title(std::string_view text);

/// Sentences of words, by the rules of the locale ("en", "US"; both may be empty).
std::vector<std::vector<std::string>> split_sentences(std::string_view text,
                                                      std::string_view language,
                                                      std::string_view country);

}  // namespace stream
