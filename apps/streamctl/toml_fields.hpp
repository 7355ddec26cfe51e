// Values of a TOML file, each to a place of its own; what is wrong is said by line and column, all
// of it at once. Used for the files of nodes and programs, on one thread.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace stream::apps {

/// A key that the file may have. Numbers, true and false stand in lists and tables as texts do.
struct TomlField {
  const char* name;
  std::variant<std::string*, std::vector<std::string>*, std::int64_t*,
               std::map<std::string, std::string>*>
      into;
  bool is_path = false;    ///< as seen from the file's folder
  std::int64_t least = 0;  ///< of numbers
  std::int64_t most = 0;
  bool may_be_empty = false;  ///< of a text
};

/// By key of the file: where its value stands, as PATH:LINE:COLUMN. The empty key is the file.
using TomlPlaces = std::map<std::string, std::string>;

/// `check` gives what else is wrong, a text each that begins with a place. Error bad_option, or of
/// reading the file, which may have up to 1 MiB.
Result<void> read_toml(
    const std::string& path, const std::vector<TomlField>& fields,
    const std::function<std::vector<std::string>(const TomlPlaces&)>& check = nullptr);

}  // namespace stream::apps
