#include <apps/streamctl/commands.hpp>
#include <apps/streamctl/program_planner.hpp>
#include <apps/streamctl/script.hpp>
#include <apps/terminal/query_terminal.hpp>
#include <libstream/base/file_system.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

namespace stream::apps {
namespace {

constexpr const char* kAddressText = "a node, as 127.0.0.1:PORT";

/// Blocks SIGINT and SIGTERM for the whole process, whose threads are made later, and takes them.
int wait_for_stop_signal(sigset_t signals) {
  int taken = 0;
  sigwait(&signals, &taken);
  return taken;
}

std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
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

}  // namespace

Command add_node(CLI::App& app) {
  struct Options {
    std::string listen;
    std::string advertise;
    std::vector<std::string> join;
    std::uint32_t slots = 1;
    std::size_t threads = 0;
    std::int64_t heartbeat = 2000;
  };
  auto options = std::make_shared<Options>();
  app.add_option("--listen", options->listen, "where others reach it, as 127.0.0.1:PORT")
      ->required();
  app.add_option("--advertise", options->advertise,
                 "where others reach it, if not there: behind a proxy or a translated address");
  app.add_option("--join", options->join, "a node of the cluster to join; may be given again")
      ->allow_extra_args(false);
  app.add_option("--slots", options->slots, "its share of tasks, compared with other nodes")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--threads", options->threads, "that run tasks; 0: one a core")
      ->capture_default_str();
  app.add_option("--heartbeat", options->heartbeat,
                 "milliseconds; a node that is silent for three is lost")
      ->check(CLI::Range(10, 60'000))
      ->capture_default_str();
  app.set_config("--config", "", "a file of these options (TOML)");
  return [options] {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    NodeOptions node;
    node.listen = value_or_throw(parse_node_address(options->listen));
    if (!options->advertise.empty())
      node.advertise = value_or_throw(parse_node_address(options->advertise));
    for (const std::string& text : options->join)
      node.join.push_back(value_or_throw(parse_node_address(text)));
    node.slots = options->slots;
    node.num_threads = options->threads;
    node.cluster.liveness.heartbeat = Duration(options->heartbeat);
    const auto running = value_or_throw(start_node(
        std::move(node), [](const QueryProgram& program) -> Result<std::vector<PlannedQuery>> {
          return plan_program(program);
        }));
    fmt::print("node listens on 127.0.0.1:{}\n", running->port());
    std::fflush(stdout);
    wait_for_stop_signal(signals);
    return 0;
  };
}

Command add_submit(CLI::App& app) {
  struct Options {
    std::string path;
    std::string cluster;
    std::vector<std::string> parameters;
    std::string checkpoint;
    std::string trigger;
    std::uint32_t parallelism = 2;
    bool is_detached = false;
    FollowedProgram followed;
  };
  auto options = std::make_shared<Options>();
  app.add_option("file", options->path, "a script (*.sql) of INSERT INTO statements over streams")
      ->required();
  app.add_option("--cluster", options->cluster, kAddressText)->required();
  app.add_option("--param", options->parameters, "key=value: stands for ${key} in the script")
      ->allow_extra_args(false);
  app.add_option("--checkpoint", options->checkpoint,
                 "directory that all nodes see, a folder for each query");
  app.add_option("--trigger", options->trigger,
                 "of sinks that name none: available-now, or a duration such as 500ms");
  app.add_option("--parallelism", options->parallelism, "tasks of each stage")
      ->check(CLI::Range(1, 128))
      ->capture_default_str();
  app.add_flag("--detach,-d", options->is_detached,
               "return when it runs; streamctl attach follows it later");
  options->followed.add_options(app);
  return [options] {
    QueryProgram program;
    program.name = options->path;
    program.text = fill_in(value_or_throw(read_file(local_file_system(), options->path)),
                           parse_parameters(options->parameters));
    program.parallelism = options->parallelism;
    program.trigger = options->trigger;
    program.checkpoint_directory = absolute(options->checkpoint);
    SubmissionEvents events = options->followed.events();
    count_stop_signals();
    if (options->is_detached) {
      events.is_left = [&] { return options->followed.is_running() || num_stop_signals() > 0; };
    } else {
      events.is_stopped = [] { return num_stop_signals() > 0; };
    }
    value_or_throw(
        submit_program(value_or_throw(parse_node_address(options->cluster)), program, events));
    options->followed.end();
    return 0;
  };
}

Command add_attach(CLI::App& app) {
  struct Options {
    std::uint64_t submission = 0;
    std::string cluster;
    FollowedProgram followed;
  };
  auto options = std::make_shared<Options>();
  app.add_option("submission", options->submission, "its number, as cluster status lists it")
      ->required();
  app.add_option("--cluster", options->cluster, kAddressText)->required();
  options->followed.add_options(app);
  return [options] {
    SubmissionEvents events = options->followed.events();
    count_stop_signals();
    events.is_left = [] { return num_stop_signals() > 0; };
    value_or_throw(attach_program(value_or_throw(parse_node_address(options->cluster)),
                                  options->submission, events));
    options->followed.end();
    return 0;
  };
}

Command add_cluster_stop(CLI::App& app) {
  auto cluster = std::make_shared<std::string>();
  auto submission = std::make_shared<std::uint64_t>();
  app.add_option("submission", *submission, "its number, as cluster status lists it")->required();
  app.add_option("--cluster", *cluster, kAddressText)->required();
  return [cluster, submission] {
    value_or_throw(stop_program(value_or_throw(parse_node_address(*cluster)), *submission));
    return 0;
  };
}

Command add_cluster_status(CLI::App& app) {
  auto cluster = std::make_shared<std::string>();
  app.add_option("--cluster", *cluster, kAddressText)->required();
  return [cluster] {
    print_view(value_or_throw(cluster_status(value_or_throw(parse_node_address(*cluster)))));
    return 0;
  };
}

Command add_cluster_drain(CLI::App& app) {
  auto cluster = std::make_shared<std::string>();
  auto node = std::make_shared<std::string>();
  app.add_option("node", *node, "its id or 127.0.0.1:PORT")->required();
  app.add_option("--cluster", *cluster, kAddressText)->required();
  return [cluster, node] {
    value_or_throw(drain_node(value_or_throw(parse_node_address(*cluster)), *node));
    return 0;
  };
}

Command add_rescale(CLI::App& app) {
  struct Options {
    std::uint64_t submission = 0;
    std::uint32_t parallelism = 0;
    std::string cluster;
  };
  auto options = std::make_shared<Options>();
  app.add_option("submission", options->submission, "its number, as cluster status lists it")
      ->required();
  app.add_option("--parallelism", options->parallelism, "tasks of each stage")
      ->check(CLI::Range(1, 128))
      ->required();
  app.add_option("--cluster", options->cluster, kAddressText)->required();
  return [options] {
    value_or_throw(rescale_submission(value_or_throw(parse_node_address(options->cluster)),
                                      options->submission, options->parallelism));
    fmt::print("submission {} runs with parallelism {}\n", options->submission,
               options->parallelism);
    return 0;
  };
}

}  // namespace stream::apps
