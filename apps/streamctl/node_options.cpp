#include <apps/streamctl/node_options.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/plans/scope.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <toml++/toml.h>
#include <type_traits>

namespace stream::apps {
namespace {

const NodeOption* find_option(std::string_view name) {
  for (const NodeOption& option : node_options()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string place(const std::string& path, const toml::source_position& position) {
  return fmt::format("{}:{}:{}", path, position.line, position.column);
}

/// A text of the file; nullopt: it is none.
std::optional<std::string> text_in(const toml::node& node) {
  const auto* text = node.as_string();
  if (text == nullptr) return std::nullopt;
  return text->get();
}

std::optional<std::vector<std::string>> texts_in(const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& element : *array) {
    auto text = text_in(element);
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return texts;
}

/// What the option wants, when `node` is not that.
std::optional<std::string> take_value(const NodeOption& option, const toml::node& node,
                                      const std::filesystem::path& folder, NodeSettings& settings) {
  if (const auto* field = std::get_if<std::string NodeSettings::*>(&option.field)) {
    auto text = text_in(node);
    if (!text) return "a text, in quotes";
    const bool is_seen_from_folder = option.is_path && !text->empty();
    settings.*(*field) =
        is_seen_from_folder ? (folder / *text).lexically_normal().string() : std::move(*text);
  } else if (const auto* list =
                 std::get_if<std::vector<std::string> NodeSettings::*>(&option.field)) {
    auto texts = texts_in(node);
    if (!texts) return "a list of texts, such as [\"127.0.0.1:4001\"]";
    for (std::string& text : *texts) {
      if (option.is_path) text = (folder / text).lexically_normal().string();
    }
    settings.*(*list) = std::move(*texts);
  } else {
    const auto* number = node.as_integer();
    if (number == nullptr || number->get() < option.least || number->get() > option.most)
      return fmt::format("a number of {} to {}", option.least, option.most);
    settings.*std::get<std::int64_t NodeSettings::*>(option.field) = number->get();
  }
  return std::nullopt;
}

Error unknown_key(const std::string& path, const toml::key& key) {
  std::vector<std::string> names;
  for (const NodeOption& option : node_options()) names.emplace_back(option.name);
  const auto nearest = nearest_names(key.str(), std::move(names), 1);
  return bad_option(fmt::format("{}: unknown key '{}'; did you mean '{}'?",
                                place(path, key.source().begin), key.str(), nearest.at(0)));
}

Result<void> take_table(const toml::table& table, const std::string& path,
                        const std::set<std::string>& given, NodeSettings& settings) {
  std::vector<Error> problems;
  const std::filesystem::path folder = parent_path(path);
  for (const auto& [key, node] : table) {
    const NodeOption* option = find_option(key.str());
    if (option == nullptr) {
      problems.push_back(unknown_key(path, key));
      continue;
    }
    NodeSettings unused;
    NodeSettings& into = given.contains(option->name) ? unused : settings;
    if (const auto wanted = take_value(*option, node, folder, into)) {
      problems.push_back(bad_option(fmt::format(
          "{}: {} must be {}", place(path, node.source().begin), option->name, *wanted)));
    }
  }
  if (!problems.empty()) return join_errors(problems);
  return {};
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string value_text(const NodeOption& option, const NodeSettings& settings) {
  return std::visit(
      [&](auto field) -> std::string {
        const auto& value = settings.*field;
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return quoted(value);
        } else if constexpr (std::is_same_v<Value, std::int64_t>) {
          return std::to_string(value);
        } else {
          std::string list;
          for (const std::string& text : value) list += (list.empty() ? "" : ", ") + quoted(text);
          return "[" + list + "]";
        }
      },
      option.field);
}

}  // namespace

const std::vector<NodeOption>& node_options() {
  static const std::vector<NodeOption> options{
      {"listen", "where it listens, as HOST:PORT; off loopback, certificates are required",
       &NodeSettings::listen},
      {"advertise",
       "where others reach it, if not at `listen`: behind a proxy or a translated address",
       &NodeSettings::advertise},
      {"join", "a node of the cluster to join, as HOST:PORT; several: the first that answers",
       &NodeSettings::join},
      {"slots", "its share of tasks, compared with other nodes", &NodeSettings::slots, 1, 1024},
      {"threads", "that run tasks; 0: one a core", &NodeSettings::threads, 0, 1024},
      {"heartbeat", "milliseconds; a node that is silent for three is lost",
       &NodeSettings::heartbeat, 10, 60'000},
      {"checkpoints",
       "directory that all nodes see: programs that name no checkpoint have theirs there, by their "
       "file's name",
       &NodeSettings::checkpoints, 0, 0, true},
      {"programs",
       "folders of programs that may be started as workers; unless said otherwise that of "
       "streamctl",
       &NodeSettings::programs, 0, 0, true},
      {"certificate", "what it shows to others (PEM); see streamctl cluster issue-cert",
       &NodeSettings::certificate, 0, 0, true},
      {"key", "of the certificate; unless said otherwise NAME-key.pem beside NAME.pem",
       &NodeSettings::key, 0, 0, true},
      {"ca",
       "the authority that others' certificates must be of; unless said otherwise ca.pem "
       "beside the certificate",
       &NodeSettings::ca, 0, 0, true},
  };
  return options;
}

Result<void> read_node_file(const std::string& path, const std::set<std::string>& given,
                            NodeSettings& settings) {
  STREAM_TRY(const std::string text, read_file(local_file_system(), path, 1u << 20));
  try {
    return take_table(toml::parse(text, path), path, given, settings);
  } catch (const toml::parse_error& error) {
    return bad_option(
        fmt::format("{}: {}", place(path, error.source().begin), error.description()));
  }
}

std::string node_file_text(const NodeSettings& settings) {
  std::string text =
      "# A node of a cluster: streamctl node --config node.toml. Each key is an option of the\n"
      "# command line too, which wins. Paths are as seen from this file's folder.\n";
  for (const NodeOption& option : node_options())
    text +=
        fmt::format("\n# {}\n{} = {}\n", option.help, option.name, value_text(option, settings));
  return text;
}

}  // namespace stream::apps
