// Stands for a task of another node: takes what its neighbours and its coordinator send it, gathers
// it into frames and sends them to that node's agent. One a remote task and generation; spawned by
// the coordinator and by task hosts, ended with the generation's tasks.
#pragma once

#include <actors/exit_gate.hpp>
#include <actors/messages.hpp>
#include <actors/node_peers.hpp>
#include <libstream/execution/task_frame.hpp>

namespace stream {

class PeerTaskActor final : public caf::event_based_actor {
 public:
  PeerTaskActor(caf::actor_config& config, std::shared_ptr<NodePeers> peers, std::string node,
                GenerationKey generation, std::uint32_t task, caf::actor reports_to,
                ExitGate::Pass pass);
  const char* name() const override { return "stream.peer-task"; }

 protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  /// Sends a full frame at once, else when everything that waits in the mailbox was taken.
  void send_soon();
  void flush();

  std::shared_ptr<NodePeers> peers_;
  std::string node_;
  caf::actor coordinator_;
  ExitGate::Pass pass_;
  TaskFrameWriter writer_;
  bool is_flush_pending_ = false;
  bool has_failed_ = false;
};

}  // namespace stream
