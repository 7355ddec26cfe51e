#include <apps/streamctl/node_options.hpp>
#include <apps/streamctl/toml_fields.hpp>

#include <fmt/format.h>

#include <type_traits>

namespace stream::apps {
namespace {

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
  NodeSettings unused;
  std::vector<TomlField> fields;
  for (const NodeOption& option : node_options()) {
    NodeSettings& into = given.contains(option.name) ? unused : settings;
    std::visit(
        [&](auto field) {
          fields.push_back(
              {option.name, &(into.*field), option.is_path, option.least, option.most, true});
        },
        option.field);
  }
  return read_toml(path, fields);
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
