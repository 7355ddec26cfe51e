// The actor of a node that other processes talk to: frames of peers and clients become events of
// the ClusterBoard or go to the tasks they are for. One a process, on a thread of its own, so that
// no flood of rows holds back a heartbeat; nothing it does waits.
#pragma once

#include <actors/messages.hpp>
#include <actors/node.hpp>
#include <actors/node_network.hpp>
#include <actors/node_peers.hpp>
#include <actors/program_run.hpp>

#include <atomic>
#include <map>
#include <set>

namespace stream {

struct NodeSetup {
  NodeInfo self;
  std::vector<NodeAddress> join;
  std::string checkpoints;
  ClusterOptions cluster;
  std::vector<std::string> programs;  ///< folders of programs that may run as workers
  TlsFiles tls;                       ///< for workers, as for the node
  std::shared_ptr<const ProgramPlanner> planner;
  std::shared_ptr<NodePeers> peers;
  std::shared_ptr<NodeNetwork> network;
};

/// Nodes of one build only run queries together.
std::string build_of_nodes();

class NodeAgent final : public caf::event_based_actor {
 public:
  NodeAgent(caf::actor_config& config, std::shared_ptr<const NodeSetup> setup);
  ~NodeAgent() override;
  const char* name() const override { return "stream.node"; }

 protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  // node_agent.cpp: members and the board's commands.
  void tick();
  void take_frame(std::string&& frame);
  void handle(ClusterCommands commands);
  void carry_out(const SendView& command);
  void carry_out(const SendHeartbeat& command);
  void carry_out(const AskToJoin& command);
  void carry_out(const MembersChanged& command);
  void carry_out(const StartSubmission& command);
  void start(const Submission& submission);
  void start_when_quiet(const Submission& submission, const std::optional<std::string>& before);
  void carry_out(const StopSubmission& command);
  void carry_out(const RescaleSubmission& command);
  void carry_out(const SendReport& command);
  void lose(const std::string& node);
  void tell_queries_of(const std::set<std::string>& lost);
  std::string join_frame(const Standing& standing) const;

  // node_connections.cpp: reaching other nodes.
  void send_to_info(const NodeInfo& to, std::string frame);
  void send_to(const std::string& node, std::string frame);
  void dial(const NodeAddress& address, const std::string& node);
  void dialed(const std::string& node, const NodeAddress& address, const Result<caf::actor>& agent);
  void connected(const std::string& node, const caf::actor& agent);
  void peer_down(const caf::actor_addr& agent);

  // node_clients.cpp: requests of clients, of this node and by way of others.
  void take_client_request(const ClientRequest& request, const caf::actor& client);
  void take_request(const ClientRequest& request, const std::string& home);
  void take_reply(const ClientReply& reply);
  void submit(const ClientRequest& request, const std::string& home);
  void answer_submitters();
  void answer_client(const std::string& home, const ClientReply& reply);
  void drain(const std::string& which);
  void follow(const ClientRequest& request, const std::string& home);
  ProgramPage page_of(const Submission& one, const ProgramCursor& from) const;
  void answer_followers(std::uint64_t submission);
  void answer_all_followers();
  void tell_followers(std::uint64_t submission, ProgramEvent event);
  std::shared_ptr<ProgramLog> make_log(const Submission& submission);

  // node_work.cpp: tasks of other coordinators, frames for tasks.
  std::unique_ptr<class NodeWorkers> make_workers();
  void open_tasks(OpenTasks request);
  void start_hosts();
  void refuse_hosts(const std::string& node);
  void close_tasks(const GenerationKey& generation);
  void check_tasks(const CheckTasks& check);
  void take_report(HostReport report);
  void take_task_frame(std::string&& frame);
  void report_ended(const Submission& submission, const std::optional<Error>& error);
  std::int64_t now() const { return system_clock().steady_nanos() / 1'000'000; }
  caf::actor self() { return caf::actor_cast<caf::actor>(this); }

  std::shared_ptr<const NodeSetup> setup_;
  std::shared_ptr<NodePeers> peers_;
  ClusterBoard board_;
  struct Peer {
    caf::actor agent;
    bool is_dialing = false;
    std::vector<std::string> waiting;  ///< frames until it is connected
  };
  std::map<std::string, Peer> links_;               ///< by node
  std::map<caf::actor_addr, std::string> node_of_;  ///< connected agents
  std::map<std::string, bool> missed_;              ///< by address: it was said not to answer
  struct Host {
    caf::actor actor;  ///< none until all nodes of its tasks are connected
    std::shared_ptr<const OpenTasks> request;
  };
  std::map<GenerationKey, Host> hosts_;
  struct Sequence {
    GenerationKey generation;
    std::string from;
    std::uint32_t task = 0;
    auto operator<=>(const Sequence&) const = default;
  };
  std::map<Sequence, std::uint64_t> sequences_;
  std::map<std::uint64_t, std::shared_ptr<ProgramRun>> runs_;  ///< by submission
  std::map<std::uint64_t, std::shared_ptr<ProgramLog>> logs_;  ///< by submission
  std::map<std::uint64_t, caf::actor> clients_;                ///< of this node, by ticket
  struct Submitter {
    ClientReply accepted;
    std::string home;
    QueryProgram program;
    std::uint64_t version = 0;  ///< of the view that has it
  };
  std::vector<Submitter> submitters_;  ///< whose submission this node alone knows
  struct Follower {
    ClientRequest request;
    std::string home;
    std::int64_t until = 0;
  };
  std::map<std::uint64_t, Follower> followers_;  ///< that wait for news, by ticket
  std::unique_ptr<class NodeWorkers> workers_;
  bool has_ended_ = false;
};

}  // namespace stream
