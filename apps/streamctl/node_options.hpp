// The options of `streamctl node`: one table, from which come the command line, the file (TOML) and
// the reference configs/node.toml. Called once, at the start.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace stream::apps {

struct NodeSettings {
  std::string listen = "127.0.0.1:4001";
  std::string advertise;
  std::vector<std::string> join;
  std::int64_t slots = 1;
  std::int64_t threads = 0;
  std::int64_t heartbeat = 2000;
  std::string checkpoints;
  std::vector<std::string> programs;
  std::string certificate;
  std::string key;
  std::string ca;
};

struct NodeOption {
  const char* name;  ///< of the key in the file and, with "--", of the option
  const char* help;
  std::variant<std::string NodeSettings::*, std::vector<std::string> NodeSettings::*,
               std::int64_t NodeSettings::*>
      field;
  std::int64_t least = 0;  ///< of numbers
  std::int64_t most = 0;
  bool is_path = false;  ///< in a file: as seen from its folder
};
const std::vector<NodeOption>& node_options();

/// Takes the file's values, apart from those of `given`: the command line's. Error bad_option: all
/// that is wrong, with line and column.
Result<void> read_node_file(const std::string& path, const std::set<std::string>& given,
                            NodeSettings& settings);

/// As a file that says the same, with each option explained.
std::string node_file_text(const NodeSettings& settings);

}  // namespace stream::apps
