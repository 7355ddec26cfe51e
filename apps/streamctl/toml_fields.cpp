#include <apps/streamctl/toml_fields.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/plans/scope.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <toml++/toml.h>

namespace stream::apps {
namespace {

constexpr std::size_t kMaxBytes = 1u << 20;

/// A value as the text that a command line would have; nullopt: it is a list or a table.
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  return std::nullopt;
}

/// Takes a value where its key wants it; gives what is wanted, when it is something else.
class TakeValue {
 public:
  TakeValue(const TomlField& field, const toml::node& node, const std::filesystem::path& folder)
      : field_(field), node_(node), folder_(folder) {}

  std::optional<std::string> operator()(std::string* into) const {
    const auto* text = node_.as_string();
    if (text == nullptr || (text->get().empty() && !field_.may_be_empty))
      return "a text, in quotes";
    *into = text->get().empty() ? std::string() : seen_from_folder(text->get());
    return std::nullopt;
  }
  std::optional<std::string> operator()(std::int64_t* into) const {
    const auto* number = node_.as_integer();
    if (number == nullptr || number->get() < field_.least || number->get() > field_.most)
      return fmt::format("a number of {} to {}", field_.least, field_.most);
    *into = number->get();
    return std::nullopt;
  }
  std::optional<std::string> operator()(std::vector<std::string>* into) const {
    const char* const wanted = "a list of texts, such as [\"one\", \"two\"]";
    const toml::array* array = node_.as_array();
    if (array == nullptr) return wanted;
    into->clear();
    for (const toml::node& element : *array) {
      const auto text = scalar_text(element);
      if (!text) return wanted;
      into->push_back(seen_from_folder(*text));
    }
    return std::nullopt;
  }
  std::optional<std::string> operator()(std::map<std::string, std::string>* into) const {
    const char* const wanted = "a table of texts, numbers and true or false";
    const toml::table* table = node_.as_table();
    if (table == nullptr) return wanted;
    for (const auto& [key, value] : *table) {
      const auto text = scalar_text(value);
      if (!text) return wanted;
      into->emplace(key.str(), *text);
    }
    return std::nullopt;
  }

 private:
  std::string seen_from_folder(const std::string& text) const {
    return field_.is_path ? (folder_ / text).lexically_normal().string() : text;
  }

  const TomlField& field_;
  const toml::node& node_;
  const std::filesystem::path& folder_;
};

std::string unknown_key(const std::string& key, const std::vector<TomlField>& fields) {
  std::vector<std::string> names;
  for (const TomlField& field : fields) names.emplace_back(field.name);
  return fmt::format("unknown key '{}'; did you mean '{}'?", key,
                     nearest_names(key, std::move(names), 1).at(0));
}

}  // namespace

Result<void> read_toml(const std::string& path, const std::vector<TomlField>& fields,
                       const std::function<std::vector<std::string>(const TomlPlaces&)>& check) {
  STREAM_TRY(const std::string text, read_file(local_file_system(), path, kMaxBytes));
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const auto place = [&](const toml::source_position& at) {
    return fmt::format("{}:{}:{}", path, at.line, at.column);
  };
  std::vector<Error> problems;
  const auto add = [&](const std::string& at, const std::string& what) {
    problems.push_back(bad_option(fmt::format("{}: {}", at, what)));
  };
  try {
    const toml::table table = toml::parse(text, path);
    TomlPlaces places{{"", place(table.source().begin)}};
    for (const auto& [key, node] : table) {
      const auto field = std::find_if(fields.begin(), fields.end(),
                                      [&](const TomlField& one) { return one.name == key.str(); });
      places.emplace(key.str(), place(node.source().begin));
      if (field == fields.end()) {
        add(place(key.source().begin), unknown_key(std::string(key.str()), fields));
      } else if (const auto wanted = std::visit(TakeValue(*field, node, folder), field->into)) {
        add(place(node.source().begin), fmt::format("{} must be {}", field->name, *wanted));
      }
    }
    if (check) {
      for (const std::string& problem : check(places)) problems.push_back(bad_option(problem));
    }
  } catch (const toml::parse_error& error) {
    add(place(error.source().begin), std::string(error.description()));
  }
  if (!problems.empty()) return join_errors(problems);
  return {};
}

}  // namespace stream::apps
