#include <actors/node_agent.hpp>
#include <actors/node_workers.hpp>
#include <actors/task_host_actor.hpp>
#include <libstream/base/log.hpp>
#include <libstream/execution/task_frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stream {
namespace {

template <class Message, class Take>
void take_message(const std::string& frame, Take take) {
  auto message = decode_frame<Message>(frame);
  if (!message) {
    STREAM_LOG(warning, "a message of another process was dropped: {}", message.error().message());
    return;
  }
  take(std::move(*message));
}

std::set<std::string> nodes_of(const OpenTasks& request) {
  std::set<std::string> nodes(request.placement.begin(), request.placement.end());
  nodes.insert(request.coordinator);
  return nodes;
}

}  // namespace

void NodeAgent::take_frame(std::string&& frame) {
  const auto kind = kind_of_frame(frame);
  const auto from = caf::actor_cast<caf::actor>(current_sender());
  if (!kind) return;
  switch (*kind) {
    case FrameKind::heartbeat:
      return take_message<Heartbeat>(
          frame, [&](Heartbeat m) { handle(board_.on_heartbeat(m.from, m.pulse, now())); });
    case FrameKind::join:
      return take_message<JoinRequest>(frame, [&](JoinRequest m) {
        if (m.build != build_of_nodes()) {
          STREAM_LOG(warning, "node {}:{} is of another build and was not let in", m.node.host,
                     m.node.port);
          return;
        }
        if (board_.is_leader()) return handle(board_.on_join(m.node, m.standing, now()));
        // Its board asks the leader that the view names.
        send_to_info(m.node, encode_frame(ViewMessage{peers_->self(), board_.view()}));
      });
    case FrameKind::view:
      return take_message<ViewMessage>(frame, [&](ViewMessage m) {
        handle(board_.on_view(m.view, now()));
        peers_->set_members(board_.view().members);
      });
    case FrameKind::report:
      return take_message<ReportMessage>(
          frame, [&](ReportMessage m) { handle(board_.on_report(m.report, now())); });
    case FrameKind::request:
      return take_message<ClientRequest>(
          frame, [&](const ClientRequest& m) { take_client_request(m, from); });
    case FrameKind::forwarded:
      return take_message<ForwardedRequest>(
          frame, [&](const ForwardedRequest& m) { take_request(m.request, m.home); });
    case FrameKind::reply:
      return take_message<ClientReply>(frame, [&](const ClientReply& m) { take_reply(m); });
    case FrameKind::open_tasks:
      return take_message<OpenTasks>(frame, [&](OpenTasks m) { open_tasks(std::move(m)); });
    case FrameKind::close_tasks:
      return take_message<CloseTasks>(frame, [&](const CloseTasks& m) {
        const auto host = hosts_.find(m.generation);
        const bool says_so_itself = host != hosts_.end() && host->second.actor;
        if (!says_so_itself)
          send_to(m.from, encode_frame(TasksClosed{m.generation, peers_->self()}));
        close_tasks(m.generation);
      });
    case FrameKind::check_tasks:
      return take_message<CheckTasks>(frame, [&](const CheckTasks& m) { check_tasks(m); });
    case FrameKind::tasks_opened:
      return take_message<TasksOpened>(frame, [&](const TasksOpened& m) {
        peers_->answer(NodePeers::Question::open_tasks, m.generation, m.from, m.error);
      });
    case FrameKind::tasks_closed:
      return take_message<TasksClosed>(frame, [&](const TasksClosed& m) {
        peers_->answer(NodePeers::Question::close_tasks, m.generation, m.from, std::nullopt);
      });
    case FrameKind::host_report:
      return take_message<HostReport>(frame, [&](HostReport m) { take_report(std::move(m)); });
    case FrameKind::run_worker:
      return take_message<RunWorker>(frame, [&](const RunWorker& m) { workers_->run_worker(m); });
    case FrameKind::worker_report:
      return take_message<WorkerReport>(frame,
                                        [&](const WorkerReport& m) { workers_->take_report(m); });
    case FrameKind::worker_setup:
      return;  // of a node to its child only
    case FrameKind::task:
      return take_task_frame(std::move(frame));
  }
}

// ---- tasks ----

std::unique_ptr<NodeWorkers> NodeAgent::make_workers() {
  return std::make_unique<NodeWorkers>(NodeWorkers::Ground{
      system(), setup_, [this]() -> const ClusterView& { return board_.view(); },
      [this](const std::string& node, std::string frame) { send_to(node, std::move(frame)); },
      [this](std::uint64_t submission, ProgramEvent event) {
        tell_followers(submission, std::move(event));
      },
      [agent = caf::actor_cast<caf::actor_addr>(self())](auto call) {
        if (const auto strong = caf::actor_cast<caf::actor>(agent))
          caf_compat::send_from_outside(strong, CallNode{[call = std::move(call)](NodeAgent& node) {
                                          call(*node.workers_);
                                        }});
      }});
}

void NodeAgent::open_tasks(OpenTasks request) {
  const GenerationKey generation = request.generation;
  // Whoever asked for older tasks of the query could not tell this node to end them.
  std::vector<GenerationKey> replaced;
  for (const auto& [key, host] : hosts_) {
    if (host.request->query_id == request.query_id &&
        std::pair(host.request->term, key.number) < std::pair(request.term, generation.number))
      replaced.push_back(key);
  }
  for (const GenerationKey& key : replaced) close_tasks(key);
  const auto kept = std::make_shared<const OpenTasks>(std::move(request));
  hosts_[generation] = {{}, kept};
  for (const std::string& node : nodes_of(*kept)) {
    const Member* member = board_.view().find(node);
    if (member != nullptr && node != peers_->self() && !peers_->is_connected(node))
      dial({member->node.host, member->node.port}, node);
  }
  start_hosts();
}

/// Tasks send to one another, and to their coordinator, without looking for the way: it must be
/// there first. A request may come over a connection that this node has not finished on its side.
void NodeAgent::start_hosts() {
  for (auto& [generation, host] : hosts_) {
    if (host.actor) continue;
    const std::set<std::string> nodes = nodes_of(*host.request);
    const bool is_reached = std::all_of(nodes.begin(), nodes.end(), [&](const std::string& node) {
      return node == peers_->self() || peers_->is_connected(node);
    });
    if (!is_reached) continue;
    host.actor =
        system().spawn<TaskHostActor, caf::detached>(peers_, setup_->planner, host.request);
    caf_compat::send(this, host.actor, OpenHost{});
  }
}

/// Of those that wait for a way to `node`: there is none.
void NodeAgent::refuse_hosts(const std::string& node) {
  std::vector<GenerationKey> refused;
  for (const auto& [generation, host] : hosts_) {
    if (!host.actor && nodes_of(*host.request).contains(node)) refused.push_back(generation);
  }
  for (const GenerationKey& generation : refused) {
    const std::string asked_by = hosts_.at(generation).request->coordinator;
    hosts_.erase(generation);
    if (asked_by == node) continue;
    TasksOpened answer{generation, peers_->self(), {}};
    answer.error = transient(fmt::format("node {} does not reach node {}", peers_->self(), node));
    send_to(asked_by, encode_frame(answer));
  }
}

void NodeAgent::close_tasks(const GenerationKey& generation) {
  const auto found = hosts_.find(generation);
  if (found == hosts_.end()) return;
  if (found->second.actor)
    caf::anon_send_exit(found->second.actor, caf::exit_reason::user_shutdown);
  hosts_.erase(found);
  std::erase_if(sequences_,
                [&](const auto& entry) { return entry.first.generation == generation; });
}

void NodeAgent::check_tasks(const CheckTasks& check) {
  if (hosts_.contains(check.generation)) return;
  HostReport report;
  report.generation = check.generation;
  report.error = transient(
      fmt::format("node {} has thrown the tasks away: it was cut off for a while", peers_->self()));
  send_to(check.from, encode_frame(report));
}

void NodeAgent::take_report(HostReport report) {
  const auto listener = peers_->listener(report.generation);
  if (!listener) return;
  const std::uint64_t generation = report.generation.number;
  if (!report.done.empty())
    caf_compat::send(
        this, listener->coordinator,
        ReportDone{generation, std::make_shared<std::vector<TaskDone>>(std::move(report.done))});
  if (report.open_end)
    caf_compat::send(this, listener->coordinator,
                     ReportOpenEnd{generation, report.open_end->epoch, report.open_end->source,
                                   std::move(report.open_end->end)});
  if (report.committed)
    caf_compat::send(this, listener->coordinator, ReportCommitted{generation, *report.committed});
  if (report.error)
    caf_compat::send(this, listener->coordinator,
                     ReportFailure{generation, std::make_shared<Error>(std::move(*report.error))});
  if (report.has_rows_arrived) caf_compat::send(this, listener->coordinator, RowsArrived{});
}

void NodeAgent::take_task_frame(std::string&& frame) {
  std::string_view elements = frame;
  const auto header = read_task_frame(elements);
  if (!header) return;
  const auto listener = peers_->listener(header->generation);
  if (!listener || header->task >= listener->tasks->size()) return;
  std::uint64_t& next = sequences_[{header->generation, header->from, header->task}];
  if (header->sequence != next) {
    caf_compat::send(
        this, listener->coordinator,
        ReportFailure{header->generation.number,
                      std::make_shared<Error>(transient(fmt::format(
                          "messages of node {} were lost on their way", header->from)))});
    return;
  }
  ++next;
  const std::size_t elements_at = frame.size() - elements.size();
  caf_compat::send(
      this, (*listener->tasks)[header->task],
      DeliverFrame{std::make_shared<const std::string>(std::move(frame)), elements_at});
}

}  // namespace stream
