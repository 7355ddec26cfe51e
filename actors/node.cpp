#include <actors/node.hpp>
#include <actors/node_agent.hpp>
#include <actors/node_network.hpp>
#include <actors/program_follower.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/base/unique_id.hpp>

#include <caf/io/all.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>

namespace stream {
namespace {

constexpr std::size_t kMessagesPerTurn = 16;
constexpr std::chrono::milliseconds kStopCheck{100};
constexpr std::chrono::seconds kLongestAnswer{10};

void init_network_messages() {
#if STREAM_CAF_HAS_TYPE_IDS
  static std::once_flag once;
  std::call_once(once, [] { caf::io::middleman::init_global_meta_objects(); });
#endif
}

/// An actor system that may talk to others, with its configuration, which must outlive it.
class NetworkSystem {
 public:
  explicit NetworkSystem(std::size_t num_threads) : system_(configure(config_, num_threads)) {}
  caf::actor_system& get() { return system_; }

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& config,
                                             std::size_t num_threads) {
    init_messages();
    init_network_messages();
    caf_compat::set_scheduler(config, false, num_threads, kMessagesPerTurn);
    config.load<caf::io::middleman>();
    return config;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
};

std::size_t threads_or_cores(std::size_t wanted) {
  return wanted > 0 ? wanted : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

class RunningNode final : public Node {
 public:
  explicit RunningNode(std::size_t num_threads) : system_(threads_or_cores(num_threads)) {}
  ~RunningNode() override {
    if (network_) network_->close();
    caf::anon_send_exit(agent_, caf::exit_reason::user_shutdown);
    agent_ = nullptr;
  }

  Result<void> start(NodeOptions options, ProgramPlanner planner) {
    STREAM_TRY(auto tls, tls_for(options.listen, options.tls));
    network_ = std::make_shared<NodeNetwork>(system_.get(), std::move(tls));
    auto setup = std::make_shared<NodeSetup>();
    setup->network = network_;
    const NodeAddress& seen = options.advertise.host.empty() ? options.listen : options.advertise;
    setup->self = {make_unique_id(), seen.host, seen.port, options.slots};
    setup->join = options.join;
    setup->checkpoints = options.checkpoints;
    setup->cluster = options.cluster;
    setup->planner = std::make_shared<const ProgramPlanner>(std::move(planner));
    setup->peers = std::make_shared<NodePeers>(setup->self.id);
    agent_ = system_.get().spawn<NodeAgent, caf::detached>(setup);
    STREAM_TRY(port_, network_->publish(agent_, options.listen));
    return {};
  }
  std::uint16_t port() const override { return port_; }

 private:
  NetworkSystem system_;
  std::shared_ptr<NodeNetwork> network_;
  caf::actor agent_;
  std::uint16_t port_ = 0;
};

/// One conversation with a node.
class Client {
 public:
  explicit Client(const ClusterAccess& access) : access_(access), self_(system_.get()) {}

  Result<void> connect() {
    STREAM_TRY(auto tls, tls_for(access_.node, access_.tls));
    const NodeNetwork network(system_.get(), std::move(tls));
    STREAM_TRY(node_, network.connect(access_.node));
    caf_compat::monitor(self_.operator->(), node_);
    return {};
  }

  const ClusterAccess& access() const { return access_; }

  void send(ClientRequest request) {
    request.ticket = ticket_;
    caf_compat::send(self_.operator->(), node_, encode_frame(request));
  }

  /// The next reply; nullopt: `timeout` passed first. Error: the node is gone.
  Result<std::optional<ClientReply>> receive(std::chrono::milliseconds timeout) {
    Result<std::optional<ClientReply>> reply = std::optional<ClientReply>();
    self_->receive(
        [&](const std::string& frame) {
          auto decoded = decode_frame<ClientReply>(frame);
          if (decoded && decoded->ticket == ticket_) reply = std::optional(std::move(*decoded));
        },
        [&](const caf::down_msg&) {
          reply = transient(
              fmt::format("the node at {} is gone; what was accepted goes on on the other nodes",
                          to_string(access_.node)));
        },
        caf::after(timeout) >> [] {});
    return reply;
  }

 private:
  ClusterAccess access_;
  NetworkSystem system_{1};
  caf::scoped_actor self_;
  caf::actor node_;
  const std::uint64_t ticket_ = hash_bytes(make_unique_id()) | 1;
};

}  // namespace

std::string build_of_nodes() { return __DATE__ " " __TIME__; }

std::uint64_t fingerprint_of(const PhysicalPlan& plan) {
  std::string text = explain(plan);
  for (const auto& source : plan.sources) text += source->description() + "\n";
  for (const auto& sink : plan.sinks) text += sink->description() + "\n";
  for (const Stage& stage : plan.stages) {
    text += fmt::format("{} {}\n", stage.name, stage.parallelism);
    for (const PhysicalOperator& op : stage.operators) text += op.id + " " + op.name + "\n";
  }
  return hash_bytes(text);
}

Result<std::unique_ptr<Node>> start_node(NodeOptions options, ProgramPlanner planner) {
  auto node = std::make_unique<RunningNode>(options.num_threads);
  STREAM_TRY(node->start(std::move(options), std::move(planner)));
  return std::unique_ptr<Node>(std::move(node));
}

namespace {

std::int64_t now_millis() { return system_clock().steady_nanos() / 1'000'000; }

/// The first of the other nodes that answers.
Result<std::unique_ptr<Client>> client_of_another(const ClusterAccess& lost,
                                                  const std::vector<NodeInfo>& nodes, Error gone) {
  for (const NodeInfo& node : nodes) {
    if (node.host == lost.node.host && node.port == lost.node.port) continue;
    auto client = std::make_unique<Client>(ClusterAccess{{node.host, node.port}, lost.tls});
    if (client->connect()) return client;
  }
  return gone;
}

Result<void> converse(const ClusterAccess& cluster, ProgramFollower& follower) {
  auto client = std::make_unique<Client>(cluster);
  STREAM_TRY(client->connect());
  while (!follower.has_left()) {
    while (auto request = follower.next_request(now_millis())) client->send(std::move(*request));
    auto reply = client->receive(kStopCheck);
    if (reply && !*reply && follower.is_unanswered(now_millis()))
      reply = transient("the node does not answer");
    if (!reply) {
      if (!follower.is_accepted()) return std::move(reply).error();
      STREAM_TRY(client,
                 client_of_another(client->access(), follower.nodes(), std::move(reply).error()));
      follower.ask_anew();
    } else if (*reply) {
      if (auto end = follower.take(**reply, now_millis())) return std::move(*end);
    }
  }
  return {};
}

}  // namespace

Result<void> submit_program(const ClusterAccess& cluster, const QueryProgram& program,
                            const SubmissionEvents& events) {
  ProgramFollower follower(program, events);
  return converse(cluster, follower);
}

Result<void> attach_program(const ClusterAccess& cluster, std::uint64_t submission,
                            const SubmissionEvents& events) {
  ProgramFollower follower(submission, events);
  return converse(cluster, follower);
}

Result<void> stop_program(const ClusterAccess& cluster, std::uint64_t submission) {
  SubmissionEvents events;
  events.is_stopped = [] { return true; };
  return attach_program(cluster, submission, events);
}

Result<ClusterView> cluster_status(const ClusterAccess& cluster) {
  Client client(cluster);
  STREAM_TRY(client.connect());
  client.send({});
  STREAM_TRY(const auto reply, client.receive(kLongestAnswer));
  if (!reply || !reply->view) return transient("the node does not answer");
  return *reply->view;
}

Result<void> rescale_submission(const ClusterAccess& cluster, std::uint64_t number,
                                std::uint32_t parallelism) {
  Client client(cluster);
  STREAM_TRY(client.connect());
  ClientRequest request;
  request.what = ClientRequest::What::rescale;
  request.submission = number;
  request.parallelism = parallelism;
  bool is_asked = false;
  while (true) {
    client.send({});
    STREAM_TRY(const auto reply, client.receive(kLongestAnswer));
    if (!reply || !reply->view) return transient("the node does not answer");
    const Submission* one = reply->view->find_submission(number);
    if (one == nullptr || one->is_over())
      return bad_option(fmt::format("no submission {} runs; cluster status lists them", number));
    if (!std::exchange(is_asked, true)) {
      client.send(request);
      continue;
    }
    const bool is_running = one->state == SubmissionState::running;
    if (is_running && one->parallelism == parallelism) return {};
    if (is_running && !one->message.empty()) return fatal(one->message);
    STREAM_TRY([[maybe_unused]] const auto pause, client.receive(kStopCheck));
  }
}

Result<void> drain_node(const ClusterAccess& cluster, const std::string& which) {
  STREAM_TRY(const ClusterView view, cluster_status(cluster));
  for (const Member& member : view.members) {
    const NodeInfo& info = member.node;
    if (info.id != which && fmt::format("{}:{}", info.host, info.port) != which) continue;
    Client client(cluster);
    STREAM_TRY(client.connect());
    ClientRequest request;
    request.what = ClientRequest::What::drain;
    request.node = info.id;
    client.send(request);
    // Its answer is the view: asked on the same way, so behind the request.
    client.send({});
    STREAM_TRY(const auto reply, client.receive(kLongestAnswer));
    if (!reply) return transient("the node does not answer");
    return {};
  }
  return bad_option(fmt::format("no node {} is in the cluster; cluster status lists them", which));
}

}  // namespace stream
