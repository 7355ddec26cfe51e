#include <apps/streamctl/commands.hpp>
#include <libstream/control/epoch_records.hpp>
#include <libstream/state/checkpoint_directory.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace stream::apps {
namespace {

/// A checkpoint's text without its checksum line.
std::string text_of(const std::string& path) {
  std::string text = value_or_throw(read_file(local_file_system(), path));
  if (const auto sum = text.rfind("xxh3 "); sum != std::string::npos) text.resize(sum);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void show_folder(const std::string& directory, const char* name) {
  const std::string folder = join_path(directory, name);
  if (!value_or_throw(local_file_system().exists(folder))) return;
  fmt::print("{}/\n", name);
  for (const FileStatus& file : value_or_throw(local_file_system().list(folder))) {
    if (file.is_directory)
      fmt::print("  {}/\n", file_name(file.path));
    else
      fmt::print("  {}: {}\n", file_name(file.path), text_of(file.path));
  }
}

int show(const std::string& directory) {
  FileSystem& files = local_file_system();
  for (const char* name : {"metadata", "plan"})
    fmt::print("{}\n{}\n", name, text_of(join_path(directory, name)));
  for (const char* name : {"runs", "offsets", "commits"}) show_folder(directory, name);
  const std::string state = join_path(directory, "state");
  if (!value_or_throw(files.exists(state))) return 0;
  fmt::print("state/\n");
  for (const FileStatus& folder : value_or_throw(files.list(state))) {
    fmt::print("  {}/\n", file_name(folder.path));
    for (const FileStatus& file : value_or_throw(files.list(folder.path)))
      fmt::print("    {}  {} bytes\n", file_name(file.path), file.size_bytes);
  }
  return 0;
}

Result<std::vector<SealedFile>> state_files_of(const std::string& commit_text) {
  STREAM_TRY(const EpochCommit commit, parse_epoch_commit(commit_text));
  std::vector<SealedFile> listed;
  for (const StateFile& file : commit.state_files)
    listed.push_back({file.name, file.size_bytes, file.checksum});
  return listed;
}

int verify(const std::string& directory) {
  const auto problems =
      value_or_throw(verify_checkpoint(local_file_system(), directory, state_files_of));
  for (const CheckpointProblem& problem : problems)
    fmt::print("{}: {}\n", problem.path, problem.reason);
  if (problems.empty()) fmt::print("{}: whole\n", directory);
  return problems.empty() ? 0 : 1;
}

Command with_directory(CLI::App& app, int (*run)(const std::string&)) {
  auto directory = std::make_shared<std::string>();
  app.add_option("directory", *directory, "the checkpoint directory")->required();
  return [directory, run] { return run(*directory); };
}

}  // namespace

Command add_checkpoint_show(CLI::App& app) { return with_directory(app, show); }
Command add_checkpoint_verify(CLI::App& app) { return with_directory(app, verify); }

}  // namespace stream::apps
