// Runs a query's blocking work (planners, checkpoint files, sink commits) in order, on a thread of
// its own, and sends each answer to the coordinator. One a query; spawned by the coordinator.
#pragma once

#include <actors/exit_gate.hpp>
#include <actors/messages.hpp>
#include <actors/query_status.hpp>

namespace stream {

class ServicesActor final : public caf::event_based_actor {
 public:
  /// `failed` gives the answer for work that threw.
  using Failed = std::function<QueryHost::Answer(Error)>;

  ServicesActor(caf::actor_config& config, caf::actor answers_to,
                std::shared_ptr<QueryStatus> status, Failed failed, ExitGate::Pass pass);
  const char* name() const override { return "stream.services"; }

 protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  QueryHost::Answer carry_out(std::function<QueryHost::Answer()>& work);

  caf::actor coordinator_;
  std::shared_ptr<QueryStatus> status_;
  Failed failed_;
  ExitGate::Pass pass_;
};

}  // namespace stream
