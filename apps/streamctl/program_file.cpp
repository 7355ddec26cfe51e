#include <actors/program_build.hpp>
#include <apps/streamctl/program_file.hpp>
#include <apps/streamctl/script.hpp>
#include <apps/streamctl/toml_fields.hpp>
#include <libstream/base/file_system.hpp>

#include <fmt/format.h>

#include <filesystem>

namespace stream::apps {
namespace {

constexpr std::uint32_t kDefaultParallelism = 2;
constexpr std::string_view kTriggerOfProgram =
    " belongs to SQL; a program takes it as one of its options, if at all";

std::vector<TomlField> fields_of(ProgramFile& file) {
  return {
      {"name", &file.name},
      {"sql", &file.sql},
      {"sql_file", &file.sql_file, true},
      {"program", &file.program},
      {"arguments", &file.arguments},
      {"directory", &file.directory, true},
      {"query", &file.query, false, 0, 1000},
      {"options", &file.options},
      {"checkpoint", &file.checkpoint, true},
      {"parallelism", &file.parallelism, false, 1, 128},
      {"trigger", &file.trigger},
  };
}

/// SQL or an executable, and nothing that belongs to the other.
std::vector<std::string> check_kind(const TomlPlaces& places) {
  std::vector<std::string> problems;
  const auto refuse = [&](const char* key, std::string_view why) {
    if (const auto found = places.find(key); found != places.end())
      problems.push_back(fmt::format("{}: {}{}", found->second, key, why));
  };
  int kinds = 0;
  for (const char* kind : {"sql", "sql_file", "program"}) kinds += places.contains(kind) ? 1 : 0;
  if (kinds != 1) refuse("", "give one of sql, sql_file and program: what is to run");
  if (places.contains("program")) {
    refuse("trigger", kTriggerOfProgram);
  } else {
    for (const char* key : {"arguments", "directory", "query"})
      refuse(key, " belongs to a program, not to SQL");
  }
  return problems;
}

/// A name without a folder is a program beside this one.
std::string find_executable(const std::string& program) {
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const bool is_name = program.find('/') == std::string::npos;
  const std::filesystem::path path = is_name ? own / program : std::filesystem::path(program);
  if (!std::filesystem::is_regular_file(path))
    throw bad_option(fmt::format("program = \"{}\": there is no file {}", program, path.string()));
  return path.string();
}

ProgramBinary binary_of(const ProgramFile& file) {
  const std::string path = find_executable(file.program);
  ProgramBinary binary;
  binary.name = file_name(path);
  binary.arguments = file.arguments;
  const auto add = [&](const std::string& key, const std::string& value) {
    if (value == "false") return;
    binary.arguments.push_back("--" + key);
    if (value != "true") binary.arguments.push_back(value);
  };
  for (const auto& [key, value] : file.options) add(key, value);
  if (!file.checkpoint.empty()) add("checkpoint", file.checkpoint);
  if (file.parallelism > 0) add("parallelism", std::to_string(file.parallelism));
  binary.directory =
      file.directory.empty() ? std::filesystem::current_path().string() : file.directory;
  binary.build = value_or_throw(build_of_file(path));
  binary.query = static_cast<std::uint32_t>(file.query);
  return binary;
}

}  // namespace

Result<ProgramFile> read_program_file(const std::string& path) {
  ProgramFile file;
  STREAM_TRY(read_toml(path, fields_of(file), check_kind));
  return file;
}

namespace {

void overrule(ProgramFile& file, const ProgramSettings& settings) {
  for (const auto& [key, value] : parse_parameters(settings.parameters)) file.options[key] = value;
  if (!settings.checkpoint.empty())
    file.checkpoint = std::filesystem::absolute(settings.checkpoint).lexically_normal().string();
  if (settings.parallelism > 0) file.parallelism = settings.parallelism;
  if (settings.trigger.empty()) return;
  if (!file.program.empty()) throw bad_option(fmt::format("--trigger{}", kTriggerOfProgram));
  file.trigger = settings.trigger;
}

std::string filled_text(const ProgramFile& file) {
  const std::string text = file.sql_file.empty()
                               ? file.sql
                               : value_or_throw(read_file(local_file_system(), file.sql_file));
  try {
    return fill_in(text, file.options);
  } catch (Error& error) {
    throw in_file(std::move(error), file.sql_file);
  }
}

}  // namespace

QueryProgram read_program(const std::string& path, const ProgramSettings& settings) {
  ProgramFile file;
  if (path.ends_with(".toml")) {
    file = value_or_throw(read_program_file(path));
  } else {
    file.sql_file = path;
  }
  overrule(file, settings);
  QueryProgram program;
  program.name = file.name;
  program.checkpoint_directory = file.checkpoint;
  program.trigger = file.trigger;
  program.parallelism = static_cast<std::uint32_t>(file.parallelism);  // 0: a program's own
  if (!file.program.empty()) {
    program.binary = binary_of(file);
    if (program.name.empty()) program.name = program.binary->name;
    return program;
  }
  if (program.parallelism == 0) program.parallelism = kDefaultParallelism;
  if (program.name.empty()) program.name = file.sql_file.empty() ? "sql" : file.sql_file;
  program.text = filled_text(file);
  return program;
}

}  // namespace stream::apps
