#include <actors/cluster_pipeline.hpp>
#include <actors/cluster_runner.hpp>
#include <actors/gathered_sinks.hpp>
#include <actors/network_system.hpp>
#include <actors/pipeline.hpp>
#include <actors/program_build.hpp>
#include <actors/query_elsewhere.hpp>
#include <actors/submitted_query.hpp>
#include <actors/worker_link.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <utility>

namespace stream {
namespace {

constexpr const char* kThisFile = "/proc/self/exe";
constexpr const char* kThisCommand = "/proc/self/cmdline";
constexpr int kMostPorts = 10;  // that are tried

/// Of this process, or lent by the program.
using SharedSystem = std::shared_ptr<caf::actor_system>;

/// Queries of the process are counted over all its runners, alike where it is a worker.
std::uint32_t next_query_number() {
  static std::atomic<std::uint32_t> next = 0;
  return next++;
}

/// A bounded query that gives its rows to the program: collect(), show() and the like.
bool gives_rows_back(const PhysicalPlan& plan, const QueryOptions& options) {
  return options.trigger.kind == Trigger::Kind::available_now && !plan.sinks.empty() &&
         std::all_of(plan.sinks.begin(), plan.sinks.end(), [](const auto& sink) {
           return dynamic_cast<const CollectSink*>(sink.get()) != nullptr;
         });
}

Result<ProgramBinary> this_program(std::uint32_t query, std::uint64_t fingerprint) {
  ProgramBinary binary;
  std::error_code failure;
  binary.name = std::filesystem::read_symlink(kThisFile, failure).filename().string();
  binary.directory = std::filesystem::current_path(failure).string();
  if (failure) return fatal(fmt::format("{}: {}", kThisFile, failure.message()));
  STREAM_TRY(binary.build, build_of_file(kThisFile));
  std::ifstream file(kThisCommand);  // has no size, as read_file would like
  const std::string command(std::istreambuf_iterator<char>(file), {});
  // Each argument, the name too, ends with a zero byte.
  for (std::size_t at = command.find('\0'); at != std::string::npos && at + 1 < command.size();) {
    const std::size_t end = std::min(command.find('\0', at + 1), command.size());
    binary.arguments.push_back(command.substr(at + 1, end - at - 1));
    at = end;
  }
  binary.query = query;
  binary.fingerprint = fingerprint;
  return binary;
}

/// A port of `host` that was free a moment ago.
std::uint16_t free_port(const std::string& host) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const bool is_bound =
      listener >= 0 && ::bind(listener, any, size) == 0 && ::getsockname(listener, any, &size) == 0;
  if (listener >= 0) ::close(listener);
  return is_bound ? ntohs(address.sin_port) : std::uint16_t{0};
}

/// Where programs are workers: start() of the wanted query turns the process into a node of the
/// program's own cluster, whose plan is the one at hand.
class WorkerRunner final : public Runner {
 public:
  WorkerRunner(const WorkerLink& link, SharedSystem system, ActorRunnerOptions local)
      : link_(link), system_(std::move(system)), local_(actor_runner(local)) {}

  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    if (gives_rows_back(plan, options)) return local_->start(std::move(plan), std::move(options));
    if (next_query_number() != link_.setup().binary.query)
      return std::unique_ptr<RunningQuery>(std::make_unique<QueryElsewhere>());
    serve({std::move(plan), std::move(options)});
  }

 private:
  [[noreturn]] void serve(PlannedQuery planned) {
    const ProgramBinary& binary = link_.setup().binary;
    std::unique_ptr<Node> node;
    if (binary.fingerprint != 0 && fingerprint_of(planned.plan) != binary.fingerprint) {
      link_.say_failed(bad_plan(fmt::format(
          "{} has another plan here than where it was submitted: it depends on files, on the "
          "machine or on the environment, which must be alike on all nodes",
          binary.name)));
    } else if (auto started = start_here(std::move(planned)); !started) {
      link_.say_failed(std::move(started).error());
    } else {
      node = std::move(*started);
      link_.say_ready(fmt::format("{}:{}", link_.setup().host, node->port()));
    }
    link_.wait_for_end();
  }

  Result<std::unique_ptr<Node>> start_here(PlannedQuery planned) {
    const WorkerSetup& setup = link_.setup();
    planned.plan = with_gathered_sinks(std::move(planned.plan));
    NodeOptions options;
    options.listen.host = setup.host;
    options.slots = setup.slots;
    options.cluster.liveness.heartbeat = Duration(setup.heartbeat_millis);
    options.tls = {setup.certificate, setup.key, setup.authority};
    if (!setup.join.empty()) {
      STREAM_TRY(const NodeAddress join, parse_node_address(setup.join));
      options.join.push_back(join);
    }
    const ProgramPlanner planner = [planned = std::move(planned)](const QueryProgram& program) {
      PlannedQuery query = planned;
      // The cluster may have rescaled it before it came to be coordinated here.
      if (program.parallelism != 0 && program.parallelism != query.options.parallelism)
        query.options.rescale_to = program.parallelism;
      return Result<std::vector<PlannedQuery>>(std::vector{std::move(query)});
    };
    Result<std::unique_ptr<Node>> node = fatal("");
    for (int tries = 0; tries < kMostPorts && !node; ++tries) {
      options.listen.port = free_port(setup.host);
      node = start_node_in(*system_, options, planner);
    }
    return node;
  }

  const WorkerLink& link_;
  SharedSystem system_;
  std::shared_ptr<Runner> local_;
};

/// Where programs are started by a user who names a cluster.
class SubmittingRunner final : public Runner {
 public:
  SubmittingRunner(ClusterRunnerOptions options, NodeAddress node, SharedSystem system)
      : options_(std::move(options)),
        cluster_{std::move(node), options_.tls, system.get()},
        system_(std::move(system)),
        local_(actor_runner(options_.local)) {}

  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    if (gives_rows_back(plan, options)) return local_->start(std::move(plan), std::move(options));
    const PlannedQuery planned{std::move(plan), std::move(options)};
    SubmittedSetup setup;
    setup.cluster = cluster_;
    STREAM_TRY(setup.program.binary,
               this_program(next_query_number(), fingerprint_of(planned.plan)));
    setup.query_name = planned.options.name;
    setup.program.name =
        planned.options.name.empty() ? setup.program.binary->name : planned.options.name;
    setup.program.parallelism = planned.options.parallelism;
    setup.program.checkpoint_directory = planned.options.checkpoint_directory;
    setup.listeners = planned.options.listeners;
    setup.say = options_.say;
    return submit_query(system_, std::move(setup));
  }

 private:
  const ClusterRunnerOptions options_;
  const ClusterAccess cluster_;
  SharedSystem system_;
  std::shared_ptr<Runner> local_;
};

/// Null: the program runs in this process.
std::shared_ptr<Runner> make_runner(ClusterRunnerOptions options,
                                    const std::function<SharedSystem()>& system) {
  if (const WorkerLink* link = WorkerLink::of_this_process())
    return std::make_shared<WorkerRunner>(*link, system(), options.local);
  if (options.cluster.empty()) return nullptr;
  const NodeAddress node = value_or_throw(parse_node_address(options.cluster));
  return std::make_shared<SubmittingRunner>(std::move(options), node, system());
}

}  // namespace

bool runs_as_worker() { return WorkerLink::of_this_process() != nullptr; }

std::shared_ptr<Runner> cluster_runner(ClusterRunnerOptions options) {
  const ActorRunnerOptions local = options.local;
  auto runner = make_runner(std::move(options), [&] {
    auto own = std::make_shared<NetworkSystem>(local.num_threads);
    return SharedSystem(own, &own->get());
  });
  return runner ? runner : actor_runner(local);
}

std::shared_ptr<Runner> cluster_runner_in(caf::actor_system& system, ClusterRunnerOptions options) {
  auto runner =
      make_runner(std::move(options), [&] { return SharedSystem(SharedSystem(), &system); });
  return runner ? runner : runner_in(system);
}

}  // namespace stream
