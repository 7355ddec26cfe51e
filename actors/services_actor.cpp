#include <actors/caught_error.hpp>
#include <actors/services_actor.hpp>

namespace stream {

ServicesActor::ServicesActor(caf::actor_config& config, caf::actor answers_to,
                             std::shared_ptr<QueryStatus> status, Failed failed,
                             ExitGate::Pass pass)
    : caf::event_based_actor(config),
      coordinator_(std::move(answers_to)),
      status_(std::move(status)),
      failed_(std::move(failed)),
      pass_(std::move(pass)) {}

QueryHost::Answer ServicesActor::carry_out(std::function<QueryHost::Answer()>& work) {
  const QueryStatus::OwnThread working(*status_);
  try {
    return work();
  } catch (...) {
    return failed_(caught_error("a source planner, the checkpoint or a sink's commit"));
  }
}

caf::behavior ServicesActor::make_behavior() {
  return {
      [this](DoWork& message) {
        caf_compat::send(this, coordinator_, TakeAnswer{carry_out(message.work)});
      },
      [this](const FinishWork&) { quit(); },
  };
}

void ServicesActor::on_exit() {
  coordinator_ = nullptr;
  failed_ = nullptr;
  pass_.reset();
}

}  // namespace stream
