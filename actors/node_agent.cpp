#include <actors/node_agent.hpp>
#include <actors/node_workers.hpp>
#include <actors/task_host_actor.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/base/log.hpp>
#include <libstream/state/checkpoint_directory.hpp>

#include <fmt/format.h>

namespace stream {

NodeAgent::NodeAgent(caf::actor_config& config, std::shared_ptr<const NodeSetup> setup)
    : caf::event_based_actor(config),
      setup_(std::move(setup)),
      peers_(setup_->peers),
      board_(setup_->self, setup_->cluster, now()) {}

NodeAgent::~NodeAgent() = default;

caf::behavior NodeAgent::make_behavior() {
  caf_compat::on_down(this, [this](const caf::down_msg& message) { peer_down(message.source); });
  workers_ = make_workers();
  peers_->set_members(board_.view().members);
  for (const NodeAddress& address : setup_->join) dial(address, "");
  tick();
  return {
      [this](std::string& frame) { take_frame(std::move(frame)); },
      [this](const CallNode& message) { message.call(*this); },
      [this](const NodeTick&) { tick(); },
  };
}

void NodeAgent::tick() {
  handle(board_.on_tick(now()));
  answer_all_followers();
  std::erase_if(sequences_,
                [&](const auto& entry) { return !peers_->listener(entry.first.generation); });
  for (const auto& [number, run] : runs_) {
    for (const QueryNodes::Running& running : run->running()) {
      for (const std::string& node : running.others)
        send_to(node, encode_frame(CheckTasks{running.generation, peers_->self()}));
    }
  }
  workers_->tick();
  caf_compat::send_later(this, self(), setup_->cluster.liveness.heartbeat / 2, NodeTick{});
}

void NodeAgent::handle(ClusterCommands commands) {
  for (const ClusterCommand& command : commands)
    std::visit([this](const auto& one) { carry_out(one); }, command);
  answer_submitters();
  if (!commands.empty()) answer_all_followers();  // the view may have news for them
}

std::string NodeAgent::join_frame(const Standing& standing) const {
  return encode_frame(JoinRequest{setup_->self, build_of_nodes(), standing});
}

void NodeAgent::carry_out(const SendView& command) {
  const std::string frame = encode_frame(ViewMessage{peers_->self(), board_.view()});
  for (const std::string& node : command.to) send_to(node, frame);
}

void NodeAgent::carry_out(const SendHeartbeat& command) {
  const std::string frame = encode_frame(Heartbeat{peers_->self(), board_.pulse()});
  for (const std::string& node : command.to) send_to(node, frame);
}

void NodeAgent::carry_out(const AskToJoin& command) {
  send_to_info(command.of, join_frame(command.standing));
}

/// Those of lost nodes must be let go before tasks are placed anew.
void NodeAgent::carry_out(const MembersChanged& command) {
  peers_->set_members(board_.view().members);
  for (const std::string& node : command.lost) {
    STREAM_LOG(warning, "node {} is lost", node);
    lose(node);
  }
  tell_queries_of({command.lost.begin(), command.lost.end()});
  for (const Member& member : board_.view().members) {
    if (member.node.id != peers_->self() && !links_[member.node.id].agent)
      dial({member.node.host, member.node.port}, member.node.id);
  }
}

void NodeAgent::lose(const std::string& node) {
  peers_->lose(node);
  workers_->lose(node);
  links_.erase(node);
  std::erase_if(node_of_, [&](const auto& entry) { return entry.second == node; });
  std::erase_if(sequences_, [&](const auto& entry) { return entry.first.from == node; });
  std::vector<GenerationKey> orphans;
  for (const auto& [generation, host] : hosts_) {
    if (host.request->coordinator == node) orphans.push_back(generation);
  }
  for (const GenerationKey& generation : orphans) close_tasks(generation);
  refuse_hosts(node);
}

/// Queries with tasks on the nodes go back to their last commit; the others may use what is there.
void NodeAgent::tell_queries_of(const std::set<std::string>& lost) {
  for (const auto& [number, run] : runs_) {
    for (const QueryNodes::Running& running : run->running()) {
      PlaceAgain again;
      for (const std::string& node : lost) {
        if (!running.others.contains(node)) continue;
        again.lost = running.generation.number;
        again.reason = fmt::format("node {} is lost", node);
      }
      caf_compat::send(this, running.coordinator, std::move(again));
    }
  }
}

void NodeAgent::carry_out(const StartSubmission& command) {
  const bool can_tell = !command.submission.program.checkpoint_directory.empty();
  if (command.is_perhaps_alive && can_tell) return start_when_quiet(command.submission, {});
  start(command.submission);
}

/// Looks at its checkpoint, where it stood at `before`, until nobody has written it for a while. A
/// shared directory may be slow: it is read on a thread of its own.
void NodeAgent::start_when_quiet(const Submission& submission,
                                 const std::optional<std::string>& before) {
  const auto patience = setup_->cluster.liveness.heartbeat * setup_->cluster.liveness.misses;
  const auto look = [submission, before, patience](NodeAgent& node, const std::string& standing) {
    if (!node.board_.runs_here(submission.number, submission.attempt)) return;
    if (before == standing) return node.start(submission);
    if (before)
      STREAM_LOG(warning, "submission {} waits: a node that is out of reach runs it",
                 submission.number);
    caf_compat::send_later(&node, node.self(), patience,
                           CallNode{[submission, standing](NodeAgent& again) {
                             again.start_when_quiet(submission, standing);
                           }});
  };
  caf_compat::run_detached(system(), [agent = caf::actor_cast<caf::actor_addr>(self()),
                                      path = submission.program.checkpoint_directory, look] {
    const auto standing = checkpoint_standing(local_file_system(), path);
    const auto strong = caf::actor_cast<caf::actor>(agent);
    if (!strong) return;
    caf_compat::send_from_outside(
        strong, CallNode{[look, text = standing ? *standing : standing.error().message()](
                             NodeAgent& node) { look(node, text); }});
  });
}

void NodeAgent::start(const Submission& submission) {
  const std::uint64_t number = submission.number;
  const auto tell = [agent = caf::actor_cast<caf::actor_addr>(self())](auto call) {
    if (const auto strong = caf::actor_cast<caf::actor>(agent))
      caf_compat::send_from_outside(strong, CallNode{std::move(call)});
  };
  // Texts go into the log at once; of any number of them the agent hears once.
  const auto news = [tell, number, log = make_log(submission),
                     is_told =
                         std::make_shared<std::atomic<bool>>(false)](const ProgramEvent& event) {
    log->add(event);
    if (is_told->exchange(true)) return;
    tell([number, is_told](NodeAgent& node) {
      is_told->store(false);
      node.answer_followers(number);
    });
  };
  ProgramRun::Told told;
  told.started = [tell, news, submission](const std::string& queries) {
    tell([submission, queries](NodeAgent& node) {
      node.handle(node.board_.report_submission({submission.number,
                                                 submission.attempt,
                                                 SubmissionState::running,
                                                 {},
                                                 "",
                                                 submission.program.parallelism},
                                                node.now()));
    });
    news({ProgramEvent::What::started, queries, false, 0});
  };
  told.progress = [news](const std::string& progress) {
    news({ProgramEvent::What::progress, progress, false, 0});
  };
  told.printed = [news](std::string_view text) {
    news({ProgramEvent::What::printed, std::string(text), false, 0});
  };
  told.ended = [tell, submission](const std::optional<Error>& error) {
    tell([submission, error](NodeAgent& node) { node.report_ended(submission, error); });
  };
  if (submission.program.binary) return workers_->start(submission, std::move(told));
  auto run = std::make_shared<ProgramRun>(system(), peers_, submission, std::move(told));
  runs_[number] = run;
  caf_compat::run_detached(system(), [run, planner = setup_->planner] { run->start(*planner); });
}

void NodeAgent::report_ended(const Submission& submission, const std::optional<Error>& error) {
  SubmissionReport report{submission.number, submission.attempt, SubmissionState::ended, {}, ""};
  if (error) {
    STREAM_LOG(warning, "submission {}: {}", submission.number, error->message());
    report.state = SubmissionState::failed;
    report.error = error->error_class();
    report.message = error->message();
  }
  handle(board_.report_submission(std::move(report), now()));
}

void NodeAgent::carry_out(const StopSubmission& command) {
  workers_->stop(command.number);
  const auto found = runs_.find(command.number);
  if (found == runs_.end()) return;
  // Its end takes a while: readers and writers let go first.
  caf_compat::run_detached(system(), [run = std::move(found->second)] { run->stop(); });
  runs_.erase(found);
  // What is over can still be asked for; what runs elsewhere says so there.
  const Submission* one = board_.view().find_submission(command.number);
  if (one == nullptr || !one->is_over()) logs_.erase(command.number);
}

/// It takes an epoch's end, and the state of all tasks.
void NodeAgent::carry_out(const RescaleSubmission& command) {
  const auto found = runs_.find(command.number);
  const Submission* one = board_.view().find_submission(command.number);
  if (one == nullptr || (found == runs_.end() && !one->program.binary)) return;
  const auto tell = [agent = caf::actor_cast<caf::actor_addr>(self()), command,
                     before = one->parallelism](const Result<void>& rescaled) {
    SubmissionReport report{command.number,     command.attempt, SubmissionState::running, {}, "",
                            command.parallelism};
    if (!rescaled) {
      report.message = rescaled.error().message();
      report.parallelism = before;
    }
    if (const auto strong = caf::actor_cast<caf::actor>(agent))
      caf_compat::send_from_outside(
          strong, CallNode{[report](NodeAgent& node) {
            node.handle(node.board_.report_submission(report, node.now()));
          }});
  };
  if (one->program.binary) return workers_->rescale(command.number, command.parallelism, tell);
  caf_compat::run_detached(
      system(), [run = found->second, command, tell] { tell(run->rescale(command.parallelism)); });
}

void NodeAgent::carry_out(const SendReport& command) {
  send_to(command.to,
          encode_frame(ReportMessage{peers_->self(), board_.report_of(command.number)}));
}

void NodeAgent::on_exit() {
  for (const auto& [generation, host] : hosts_) {
    if (host.actor) caf::anon_send_exit(host.actor, caf::exit_reason::user_shutdown);
  }
  hosts_.clear();
  workers_->end_all();
  links_.clear();
  node_of_.clear();
  clients_.clear();
  followers_.clear();
  // Their coordinators end on a thread that may wait.
  for (auto& [number, run] : runs_)
    caf_compat::run_detached(system(), [run = std::move(run)] { run->stop(); });
  runs_.clear();
}

}  // namespace stream
