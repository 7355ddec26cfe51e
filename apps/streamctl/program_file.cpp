#include <actors/program_build.hpp>
#include <apps/streamctl/program_file.hpp>
#include <apps/streamctl/script.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/plans/scope.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <toml++/toml.h>
#include <variant>

namespace stream::apps {
namespace {

constexpr std::uint32_t kDefaultParallelism = 2;

/// One key of the file.
struct Key {
  const char* name;
  std::variant<std::string ProgramFile::*, std::vector<std::string> ProgramFile::*,
               std::int64_t ProgramFile::*, std::map<std::string, std::string> ProgramFile::*>
      field;
  bool is_path = false;  ///< as seen from the file's folder
  std::int64_t least = 0;
  std::int64_t most = 0;
};

const std::vector<Key>& keys() {
  static const std::vector<Key> all{
      {"name", &ProgramFile::name},
      {"sql", &ProgramFile::sql},
      {"sql_file", &ProgramFile::sql_file, true},
      {"program", &ProgramFile::program},
      {"arguments", &ProgramFile::arguments},
      {"directory", &ProgramFile::directory, true},
      {"query", &ProgramFile::query, false, 0, 1000},
      {"options", &ProgramFile::options},
      {"checkpoint", &ProgramFile::checkpoint, true},
      {"parallelism", &ProgramFile::parallelism, false, 1, 128},
      {"trigger", &ProgramFile::trigger},
  };
  return all;
}

const Key* find_key(std::string_view name) {
  for (const Key& key : keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

/// A value as the text that a command line would have; nullopt: it is a list or a table.
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  return std::nullopt;
}

/// Takes values out of one file.
class FileReader {
 public:
  FileReader(const std::string& path, const std::string& text)
      : path_(path), folder_(std::filesystem::absolute(path).parent_path()), text_(text) {}

  Result<ProgramFile> read() {
    try {
      take(toml::parse(text_, path_));
    } catch (const toml::parse_error& error) {
      problem(error.source().begin, std::string(error.description()));
    }
    if (!problems_.empty()) return join_errors(problems_);
    return std::move(file_);
  }

 private:
  void take(const toml::table& table) {
    for (const auto& [key, node] : table) {
      const Key* known = find_key(key.str());
      if (known == nullptr) {
        unknown(key);
      } else if (const auto wanted = take_value(*known, node)) {
        problem(node.source().begin, fmt::format("{} must be {}", known->name, *wanted));
      }
    }
    check_kind(table);
  }

  /// What the key wants, when `node` is not that.
  std::optional<std::string> take_value(const Key& key, const toml::node& node) {
    if (const auto* field = std::get_if<0>(&key.field)) {
      const auto* text = node.as_string();
      if (text == nullptr || text->get().empty()) return "a text, in quotes";
      file_.*(*field) =
          key.is_path ? (folder_ / text->get()).lexically_normal().string() : text->get();
    } else if (const auto* list = std::get_if<1>(&key.field)) {
      return take_list(node, file_.*(*list));
    } else if (const auto* number_field = std::get_if<2>(&key.field)) {
      const auto* number = node.as_integer();
      if (number == nullptr || number->get() < key.least || number->get() > key.most)
        return fmt::format("a number of {} to {}", key.least, key.most);
      file_.*(*number_field) = number->get();
    } else {
      return take_options(node, file_.*std::get<3>(key.field));
    }
    return std::nullopt;
  }

  static std::optional<std::string> take_list(const toml::node& node,
                                              std::vector<std::string>& list) {
    const char* const wanted = "a list of texts, such as [\"--input\", \"/data\"]";
    const toml::array* array = node.as_array();
    if (array == nullptr) return wanted;
    for (const toml::node& element : *array) {
      const auto text = scalar_text(element);
      if (!text) return wanted;
      list.push_back(*text);
    }
    return std::nullopt;
  }

  static std::optional<std::string> take_options(const toml::node& node,
                                                 std::map<std::string, std::string>& options) {
    const char* const wanted = "a table of texts, numbers and true or false";
    const toml::table* table = node.as_table();
    if (table == nullptr) return wanted;
    for (const auto& [key, value] : *table) {
      const auto text = scalar_text(value);
      if (!text) return wanted;
      options.emplace(key.str(), *text);
    }
    return std::nullopt;
  }

  /// SQL or an executable, and nothing that belongs to the other.
  void check_kind(const toml::table& table) {
    int kinds = 0;
    for (const char* kind : {"sql", "sql_file", "program"}) kinds += table.contains(kind) ? 1 : 0;
    if (kinds != 1)
      problem(table.source().begin, "give one of sql, sql_file and program: what is to run");
    const bool is_program = table.contains("program");
    for (const char* key : {"arguments", "directory", "query"}) {
      if (const toml::node* node = is_program ? nullptr : table.get(key))
        problem(node->source().begin, fmt::format("{} belongs to a program, not to SQL", key));
    }
    if (const toml::node* node = is_program ? table.get("trigger") : nullptr)
      problem(node->source().begin,
              "trigger belongs to SQL; a program takes it as one of its options, if at all");
  }

  void unknown(const toml::key& key) {
    std::vector<std::string> names;
    for (const Key& known : keys()) names.emplace_back(known.name);
    problem(key.source().begin, fmt::format("unknown key '{}'; did you mean '{}'?", key.str(),
                                            nearest_names(key.str(), std::move(names), 1).at(0)));
  }

  void problem(const toml::source_position& at, const std::string& what) {
    problems_.push_back(bad_option(fmt::format("{}:{}:{}: {}", path_, at.line, at.column, what)));
  }

  const std::string& path_;
  const std::filesystem::path folder_;
  const std::string& text_;
  ProgramFile file_;
  std::vector<Error> problems_;
};

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
  STREAM_TRY(const std::string text, read_file(local_file_system(), path));
  return FileReader(path, text).read();
}

namespace {

void overrule(ProgramFile& file, const ProgramSettings& settings) {
  for (const auto& [key, value] : parse_parameters(settings.parameters)) file.options[key] = value;
  if (!settings.checkpoint.empty())
    file.checkpoint = std::filesystem::absolute(settings.checkpoint).lexically_normal().string();
  if (settings.parallelism > 0) file.parallelism = settings.parallelism;
  if (settings.trigger.empty()) return;
  if (!file.program.empty())
    throw bad_option(
        "--trigger: belongs to SQL; a program takes it as one of its options, if at all");
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
