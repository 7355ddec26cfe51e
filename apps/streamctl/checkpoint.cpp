#include <apps/streamctl/commands.hpp>
#include <libstream/control/epoch_records.hpp>
#include <libstream/state/checkpoint_directory.hpp>
#include <libstream/state/checkpoint_text.hpp>
#include <libstream/state/plan_difference.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <map>
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

/// The operators that the plan names and those that only have files, with what the newest commit
/// lists of them.
void show_operators(const std::string& directory) {
  FileSystem& files = local_file_system();
  std::string with_files;
  const std::string state = join_path(directory, "state");
  if (value_or_throw(files.exists(state))) {
    for (const FileStatus& folder : value_or_throw(files.list(state)))
      with_files += "operator " + file_name(folder.path) + "\n";
  }
  std::map<std::string, std::uint64_t> live;
  const auto commits = value_or_throw(numbered_files(files, join_path(directory, "commits")));
  if (!commits.empty()) {
    const std::string newest = join_path(directory, fmt::format("commits/{}", commits.back()));
    for (const StateFile& file : value_or_throw(parse_epoch_commit(text_of(newest))).state_files)
      live[file.operator_id] += file.size_bytes;
  }
  fmt::print("operators\n");
  const PlanDifference known = compare_plans(with_files, text_of(join_path(directory, "plan")));
  for (const PlanDifference::Entry& entry : known.entries) {
    if (entry.is_source) continue;
    const bool is_orphan = entry.fate == PlanDifference::Fate::orphaned;
    fmt::print("  {}{}  {} bytes of state{}\n", entry.id,
               entry.name.empty() ? "" : " (" + entry.name + ")", live[entry.id],
               is_orphan ? ", orphaned: no operator of the plan reads it" : "");
  }
}

int show(const std::string& directory) {
  FileSystem& files = local_file_system();
  for (const char* name : {"metadata", "plan"})
    fmt::print("{}\n{}\n", name, text_of(join_path(directory, name)));
  show_operators(directory);
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
