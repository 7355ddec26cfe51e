#include <actors/node.hpp>
#include <apps/streamctl/commands.hpp>
#include <apps/streamctl/node_options.hpp>
#include <apps/streamctl/program_file.hpp>
#include <apps/streamctl/program_planner.hpp>
#include <apps/terminal/cluster_options.hpp>
#include <apps/terminal/query_terminal.hpp>
#include <libstream/base/file_system.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <set>

namespace stream::apps {
namespace {

/// Blocks SIGINT and SIGTERM for the whole process, whose threads are made later, and takes them.
int wait_for_stop_signal(sigset_t signals) {
  int taken = 0;
  sigwait(&signals, &taken);
  return taken;
}

std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

std::function<ClusterAccess()> add_cluster_access(CLI::App& app) {
  auto options = std::make_shared<ClusterRunnerOptions>();
  add_cluster_options(app, *options, "a node, as HOST:PORT");
  app.get_option("--cluster")->required();
  return [options] {
    return ClusterAccess{value_or_throw(parse_node_address(options->cluster)), options->tls};
  };
}

void print_view(const ClusterView& view) {
  fmt::print("{:<38} {:<22} {:>5}  {}\n", "node", "address", "slots", "state");
  for (const Member& member : view.members) {
    fmt::print("{:<38} {:<22} {:>5}  {}{}\n", member.node.id,
               fmt::format("{}:{}", member.node.host, member.node.port), member.node.slots,
               member.is_draining ? "draining" : "ready",
               member.node.id == view.leader ? ", leads" : "");
  }
  for (const Submission& one : view.submissions) {
    fmt::print("\nsubmission {}  {}  {}  attempt {}  parallelism {}  on {}\n", one.number,
               one.program.name, to_string(one.state), one.attempt, one.program.parallelism,
               one.coordinator.empty() ? "-" : one.coordinator);
    if (!one.message.empty()) fmt::print("  {}\n", one.message);
  }
}

/// What is shown of a program that nodes run: what it prints, on the same streams, and on standard
/// error what becomes of it.
class FollowedProgram {
 public:
  void add_options(CLI::App& app) {
    app.add_option("--progress", progress_file_,
                   "file that gets each epoch's progress as a JSON line");
    app.add_flag("--quiet,-q", is_quiet_, "say nothing but errors and what the program prints");
  }

  SubmissionEvents events() {
    if (!progress_file_.empty())
      progress_ = value_or_throw(local_file_system().open_writing(progress_file_));
    SubmissionEvents events;
    events.accepted = [this](std::uint64_t number) { say(fmt::format("submission {}", number)); };
    events.started = [this](const std::string& queries) {
      is_running_ = true;
      say("running " + queries);
    };
    events.waiting = [this](const Error& error) { say("starts again: " + error.message()); };
    events.dropped = [this](std::uint64_t lines) {
      say(fmt::format("{} lines were dropped: nobody fetched them in time", lines));
    };
    events.progress = [this](const std::string& record) {
      if (progress_) value_or_throw(progress_->append(record + "\n"));
    };
    events.printed = [](const std::string& text, bool is_error) {
      std::FILE* stream = is_error ? stderr : stdout;
      if (std::fwrite(text.data(), 1, text.size(), stream) != text.size() ||
          std::fflush(stream) != 0)
        throw fatal("what the program prints cannot be written here; it goes on");
    };
    return events;
  }
  bool is_running() const { return is_running_; }
  void end() {
    if (progress_) value_or_throw(progress_->close());
  }

 private:
  void say(const std::string& text) const {
    if (!is_quiet_) fmt::print(stderr, "{}\n", text);
  }

  std::string progress_file_;
  bool is_quiet_ = false;
  bool is_running_ = false;
  std::unique_ptr<WritableFile> progress_;
};

void add_to_command_line(CLI::App& app, const NodeOption& option, NodeSettings& settings) {
  const std::string name = fmt::format("--{}", option.name);
  if (const auto* text = std::get_if<std::string NodeSettings::*>(&option.field)) {
    app.add_option(name, settings.*(*text), option.help)->capture_default_str();
  } else if (const auto* list =
                 std::get_if<std::vector<std::string> NodeSettings::*>(&option.field)) {
    app.add_option(name, settings.*(*list), option.help)->allow_extra_args(false);
  } else {
    app.add_option(name, settings.*std::get<std::int64_t NodeSettings::*>(option.field),
                   option.help)
        ->check(CLI::Range(option.least, option.most))
        ->capture_default_str();
  }
}

NodeOptions options_of(const NodeSettings& settings) {
  NodeOptions node;
  node.listen = value_or_throw(parse_node_address(settings.listen));
  if (!settings.advertise.empty())
    node.advertise = value_or_throw(parse_node_address(settings.advertise));
  for (const std::string& text : settings.join)
    node.join.push_back(value_or_throw(parse_node_address(text)));
  node.slots = static_cast<std::uint32_t>(settings.slots);
  node.num_threads = static_cast<std::size_t>(settings.threads);
  node.cluster.liveness.heartbeat = Duration(settings.heartbeat);
  node.checkpoints = absolute(settings.checkpoints);
  // Workers run in other directories.
  node.tls = {absolute(settings.certificate), absolute(settings.key), absolute(settings.ca)};
  for (const std::string& folder : settings.programs) node.programs.push_back(absolute(folder));
  if (node.programs.empty())
    node.programs.push_back(std::filesystem::read_symlink("/proc/self/exe").parent_path());
  return node;
}

int run_node(const NodeSettings& settings) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  NodeOptions options = options_of(settings);
  const std::string host = options.listen.host;
  const auto running = value_or_throw(start_node(
      std::move(options), [](const QueryProgram& program) -> Result<std::vector<PlannedQuery>> {
        return plan_program(program);
      }));
  fmt::print("node listens on {}:{}\n", host, running->port());
  std::fflush(stdout);
  wait_for_stop_signal(signals);
  return 0;
}

}  // namespace

Command add_node(CLI::App& app) {
  auto settings = std::make_shared<NodeSettings>();
  auto file = std::make_shared<std::string>();
  auto is_printing = std::make_shared<bool>(false);
  for (const NodeOption& option : node_options()) add_to_command_line(app, option, *settings);
  app.add_option("--config", *file, "a file of these options (TOML), as configs/node.toml");
  app.add_flag("--print-config", *is_printing, "print the options as such a file, and end");
  return [&app, settings, file, is_printing] {
    if (!file->empty()) {
      std::set<std::string> given;
      for (const NodeOption& option : node_options()) {
        if (app.count(fmt::format("--{}", option.name)) > 0) given.insert(option.name);
      }
      value_or_throw(read_node_file(*file, given, *settings));
    }
    if (*is_printing) {
      fmt::print("{}", node_file_text(*settings));
      return 0;
    }
    return run_node(*settings);
  };
}

Command add_submit(CLI::App& app) {
  struct Options {
    std::string path;
    ProgramSettings settings;
    bool is_detached = false;
    FollowedProgram followed;
  };
  auto options = std::make_shared<Options>();
  app.add_option("file", options->path,
                 "a script (*.sql) of INSERT INTO over streams, or a program (*.toml)")
      ->required();
  const auto access = add_cluster_access(app);
  app.add_option("--param", options->settings.parameters,
                 "key=value: stands for ${key} in the script; to a program --key value")
      ->allow_extra_args(false);
  app.add_option("--checkpoint", options->settings.checkpoint,
                 "directory that all nodes see, a folder for each query");
  app.add_option("--trigger", options->settings.trigger,
                 "of sinks that name none: available-now, or a duration such as 500ms");
  app.add_option("--parallelism", options->settings.parallelism,
                 "tasks of each stage (default: what the file says, else 2)")
      ->check(CLI::Range(1, 128));
  app.add_flag("--detach,-d", options->is_detached,
               "return when it runs; streamctl attach follows it later");
  options->followed.add_options(app);
  return [options, access] {
    const QueryProgram program = read_program(options->path, options->settings);
    SubmissionEvents events = options->followed.events();
    count_stop_signals();
    if (options->is_detached) {
      events.is_left = [&] { return options->followed.is_running() || num_stop_signals() > 0; };
    } else {
      events.is_stopped = [] { return num_stop_signals() > 0; };
    }
    value_or_throw(submit_program(access(), program, events));
    options->followed.end();
    return 0;
  };
}

Command add_attach(CLI::App& app) {
  struct Options {
    std::uint64_t submission = 0;
    FollowedProgram followed;
  };
  auto options = std::make_shared<Options>();
  app.add_option("submission", options->submission, "its number, as cluster status lists it")
      ->required();
  const auto access = add_cluster_access(app);
  options->followed.add_options(app);
  return [options, access] {
    SubmissionEvents events = options->followed.events();
    count_stop_signals();
    events.is_left = [] { return num_stop_signals() > 0; };
    value_or_throw(attach_program(access(), options->submission, events));
    options->followed.end();
    return 0;
  };
}

Command add_cluster_stop(CLI::App& app) {
  auto submission = std::make_shared<std::uint64_t>();
  app.add_option("submission", *submission, "its number, as cluster status lists it")->required();
  return [access = add_cluster_access(app), submission] {
    value_or_throw(stop_program(access(), *submission));
    return 0;
  };
}

Command add_cluster_status(CLI::App& app) {
  return [access = add_cluster_access(app)] {
    print_view(value_or_throw(cluster_status(access())));
    return 0;
  };
}

Command add_cluster_drain(CLI::App& app) {
  auto node = std::make_shared<std::string>();
  app.add_option("node", *node, "its id or HOST:PORT")->required();
  return [access = add_cluster_access(app), node] {
    value_or_throw(drain_node(access(), *node));
    return 0;
  };
}

Command add_rescale(CLI::App& app) {
  struct Options {
    std::uint64_t submission = 0;
    std::uint32_t parallelism = 0;
  };
  auto options = std::make_shared<Options>();
  app.add_option("submission", options->submission, "its number, as cluster status lists it")
      ->required();
  app.add_option("--parallelism", options->parallelism, "tasks of each stage")
      ->check(CLI::Range(1, 128))
      ->required();
  const auto access = add_cluster_access(app);
  return [options, access] {
    value_or_throw(rescale_submission(access(), options->submission, options->parallelism));
    fmt::print("submission {} runs with parallelism {}\n", options->submission,
               options->parallelism);
    return 0;
  };
}

}  // namespace stream::apps
