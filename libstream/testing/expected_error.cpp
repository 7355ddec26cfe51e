#include <libstream/testing/expected_error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace stream::testing {

namespace {

bool is_condition(std::string_view name) {
  return !name.empty() && !name.starts_with("_LEGACY") &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
         });
}

/// "A < B" as {A, B}.
std::vector<std::string> split_causes(std::string_view line) {
  constexpr std::string_view kArrow = " < ";
  std::vector<std::string> names;
  while (true) {
    const std::size_t end = line.find(kArrow);
    names.emplace_back(line.substr(0, end));
    if (end == std::string_view::npos) return names;
    line.remove_prefix(end + kArrow.size());
  }
}

/// Whether there was something to suggest is no other error.
std::string_view without_form(std::string_view condition) {
  for (const std::string_view form : {".WITH_SUGGESTION", ".WITHOUT_SUGGESTION"}) {
    if (condition.ends_with(form)) condition.remove_suffix(form.size());
  }
  return condition;
}

bool names_condition(std::string_view message, std::string_view condition) {
  const std::string_view name = without_form(condition);
  for (std::size_t at = 0; (at = message.find('[', at)) != message.npos; ++at) {
    const std::size_t end = message.find(']', at);
    if (end == message.npos) return false;
    if (without_form(message.substr(at + 1, end - at - 1)) == name) return true;
  }
  return false;
}

}  // namespace

std::string error_diff(const Section& section, const std::optional<Error>& came) {
  const std::vector<std::string> lines = content_lines(section.body);
  const std::string wanted = lines.empty() ? "" : lines.front();
  if (!came) return fmt::format("no error; expected {} {}\n", section.argument, wanted);
  const std::vector<std::string> names = split_causes(wanted);
  const bool is_met = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return !is_condition(name) || names_condition(came->message(), name);
  });
  if (is_met) return {};
  return fmt::format("error (line {}): expected {}, came {}\n", section.line, wanted,
                     came->message());
}

}  // namespace stream::testing
