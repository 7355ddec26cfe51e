#include <actors/network_system.hpp>
#include <actors/node.hpp>
#include <actors/node_network.hpp>
#include <actors/program_follower.hpp>
#include <libstream/base/hash.hpp>
#include <libstream/base/unique_id.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr std::chrono::milliseconds kStopCheck{100};
constexpr std::chrono::seconds kLongestAnswer{10};

/// One conversation with a node.
class Client {
 public:
  explicit Client(const ClusterAccess& access)
      : access_(access),
        own_(access.system == nullptr ? std::make_unique<NetworkSystem>(1) : nullptr),
        system_(own_ ? own_->get() : *access.system),
        self_(system_) {}

  Result<void> connect() {
    STREAM_TRY(auto tls, tls_for(access_.node, access_.tls));
    const NodeNetwork network(system_, std::move(tls));
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
  std::unique_ptr<NetworkSystem> own_;
  caf::actor_system& system_;
  caf::scoped_actor self_;
  caf::actor node_;
  const std::uint64_t ticket_ = hash_bytes(make_unique_id()) | 1;
};

std::int64_t now_millis() { return system_clock().steady_nanos() / 1'000'000; }

/// The first of the other nodes that answers.
Result<std::unique_ptr<Client>> client_of_another(const ClusterAccess& lost,
                                                  const std::vector<NodeInfo>& nodes, Error gone) {
  for (const NodeInfo& node : nodes) {
    if (node.host == lost.node.host && node.port == lost.node.port) continue;
    auto client =
        std::make_unique<Client>(ClusterAccess{{node.host, node.port}, lost.tls, lost.system});
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
