#include <libstream/expressions/function.hpp>
#include <libstream/expressions/java_regex.hpp>
#include <libstream/expressions/utf8.hpp>

#include <re2/re2.h>

#include <algorithm>

namespace stream {

class JavaRegex::Program {
 public:
  Program(const std::string& pattern, const RE2::Options& options) : regex(pattern, options) {}
  RE2 regex;
};

Result<JavaRegex> JavaRegex::compile(std::string_view pattern, std::string_view function) {
  const auto refuse = [&](const std::string& why) {
    return runtime_error("INVALID_PARAMETER_VALUE.PATTERN",
                         "The value of parameter(s) `regexp` in `" + std::string(function) +
                             "` is invalid: '" + std::string(pattern) + "' (" + why + ").");
  };
  Result<std::string> translated = translate_java_regex(pattern);
  if (!translated) return refuse(translated.error().message());
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(64 << 20);
  if (!is_valid_utf8(*translated)) options.set_encoding(RE2::Options::EncodingLatin1);
  JavaRegex made;
  auto program = std::make_shared<const Program>(*translated, options);
  if (!program->regex.ok()) return refuse(program->regex.error());
  made.program_ = std::move(program);
  return made;
}

int JavaRegex::num_groups() const { return program_->regex.NumberOfCapturingGroups(); }

int JavaRegex::group_number(const std::string& name) const {
  const auto& names = program_->regex.NamedCapturingGroups();
  const auto found = names.find(name);
  return found == names.end() ? -1 : found->second;
}

bool JavaRegex::is_found_in(std::string_view text) const {
  return program_->regex.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr,
                               0);
}

bool JavaRegex::find(std::string_view text, std::size_t begin, Groups& groups) const {
  const int count = num_groups() + 1;
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(count));
  if (begin > text.size() || !program_->regex.Match({text.data(), text.size()}, begin, text.size(),
                                                    RE2::UNANCHORED, found.data(), count))
    return false;
  groups.clear();
  for (const re2::StringPiece& piece : found) groups.emplace_back(piece.data(), piece.size());
  return true;
}

std::size_t next_search(std::string_view text, std::string_view match) {
  const auto end = static_cast<std::size_t>(match.data() - text.data()) + match.size();
  if (!match.empty()) return end;
  return end < text.size() ? end + utf8_length(text[end]) : text.size() + 1;
}

}  // namespace stream
