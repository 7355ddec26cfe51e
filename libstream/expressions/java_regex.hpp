// Regular expressions as java.util.regex writes them, run by RE2: linear in the text. What RE2 has
// not (look-around, back references, possessive quantifiers, intersections of classes) is refused.
// Immutable, any thread.
#pragma once

#include <libstream/base/result.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

class JavaRegex {
 public:
  /// A group that took no part has data() == nullptr.
  using Groups = std::vector<std::string_view>;

  /// Error [INVALID_PARAMETER_VALUE.PATTERN], named after `function`.
  static Result<JavaRegex> compile(std::string_view pattern, std::string_view function);

  int num_groups() const;
  /// The number of a named group, or -1.
  int group_number(const std::string& name) const;
  bool is_found_in(std::string_view text) const;
  /// The first match at or after byte `begin`; groups[0] is the whole.
  bool find(std::string_view text, std::size_t begin, Groups& groups) const;

 private:
  class Program;
  std::shared_ptr<const Program> program_;
};

/// Where the search for the next match begins: behind an empty match one character on.
std::size_t next_search(std::string_view text, std::string_view match);

/// The pattern in RE2's syntax. Error: what is not supported.
Result<std::string> translate_java_regex(std::string_view pattern);

}  // namespace stream
