#include <actors/peer_task_actor.hpp>

#include <fmt/format.h>

namespace stream {

PeerTaskActor::PeerTaskActor(caf::actor_config& config, std::shared_ptr<NodePeers> peers,
                             std::string node, GenerationKey generation, std::uint32_t task,
                             caf::actor reports_to, ExitGate::Pass pass)
    : caf::event_based_actor(config),
      peers_(std::move(peers)),
      node_(std::move(node)),
      coordinator_(std::move(reports_to)),
      pass_(std::move(pass)),
      writer_({generation, peers_->self(), task, 0}) {}

void PeerTaskActor::send_soon() {
  if (writer_.is_full()) return flush();
  if (std::exchange(is_flush_pending_, true)) return;
  caf_compat::send(this, caf::actor_cast<caf::actor>(this), FlushFrame{});
}

void PeerTaskActor::flush() {
  if (has_failed_ || writer_.is_empty()) return;
  auto frame = writer_.take();
  std::optional<Error> error;
  if (!frame) {
    error = std::move(frame).error();
  } else if (!peers_->send(node_, std::move(*frame))) {
    error = transient(fmt::format("node {} is out of reach", node_));
  }
  if (!error) return;
  has_failed_ = true;
  caf_compat::send(
      this, coordinator_,
      ReportFailure{writer_.header().generation.number, std::make_shared<Error>(std::move(*error))});
}

caf::behavior PeerTaskActor::make_behavior() {
  return {
      [](const StartTask&) {},
      [this](const DeliverElement& message) {
        writer_.deliver(message.input, message.element);
        send_soon();
      },
      [this](const GrantCredit& message) {
        writer_.grant(message.output, message.bytes);
        send_soon();
      },
      [this](const BeginSources& message) {
        writer_.begin_epoch(message.start, message.splits.take_all());
        send_soon();
      },
      [this](const EndRanges&) {
        writer_.end_range();
        send_soon();
      },
      [this](const CommitTask& message) {
        writer_.commit_epoch(message.epoch);
        send_soon();
      },
      [this](const FlushFrame&) {
        is_flush_pending_ = false;
        flush();
      },
  };
}

void PeerTaskActor::on_exit() {
  coordinator_ = nullptr;
  pass_.reset();
}

}  // namespace stream
