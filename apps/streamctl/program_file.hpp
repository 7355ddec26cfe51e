// A program for a cluster as a file (TOML): SQL or an executable, with what it needs to run.
// configs/program.toml explains every key. Used by `streamctl submit`, on one thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/control/cluster_view.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stream::apps {

struct ProgramFile {
  std::string name;
  std::string sql;
  std::string sql_file;
  std::string program;
  std::vector<std::string> arguments;
  std::string directory;
  std::int64_t query = 0;
  std::map<std::string, std::string> options;
  std::string checkpoint;
  std::int64_t parallelism = 0;  ///< 0: not said
  std::string trigger;
};

/// Error bad_option: all that is wrong, with line and column.
Result<ProgramFile> read_program_file(const std::string& path);

/// What the command line says; it wins over the file.
struct ProgramSettings {
  std::vector<std::string> parameters;  ///< "key=value", to the file's options
  std::string checkpoint;
  std::int64_t parallelism = 0;
  std::string trigger;
};

/// What is submitted of a file (*.toml, or SQL as it is): SQL with its options filled in as
/// parameters, or the executable with its options as arguments --key value. Throws Error: a file
/// that is not there, a parameter without a value.
QueryProgram read_program(const std::string& path, const ProgramSettings& settings);

}  // namespace stream::apps
