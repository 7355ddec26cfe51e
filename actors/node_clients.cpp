#include <actors/node_agent.hpp>
#include <libstream/base/file_system.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

// A follower that waits for news gets an empty page after this; it then asks again.
constexpr std::int64_t kLongestWait = 1000;
// Of programs that are over.
constexpr std::size_t kMostLogs = 16;
constexpr std::size_t kMostNamed = 16;

ClientReply refusal(std::uint64_t ticket, Error error) {
  ClientReply reply;
  reply.what = ClientReply::What::refused;
  reply.ticket = ticket;
  reply.error = std::move(error);
  return reply;
}

/// A program that names no checkpoint has one below `root`, by the name of its file.
QueryProgram with_checkpoint(QueryProgram program, const std::string& root) {
  if (root.empty() || !program.checkpoint_directory.empty()) return program;
  std::string name = file_name(program.name);
  name = name.substr(0, name.rfind('.'));
  if (!name.empty()) program.checkpoint_directory = join_path(root, name);
  return program;
}

}  // namespace

void NodeAgent::take_client_request(const ClientRequest& request, const caf::actor& client) {
  if (clients_.try_emplace(request.ticket, client).second) caf_compat::monitor(this, client);
  take_request(request, peers_->self());
}

void NodeAgent::take_request(const ClientRequest& request, const std::string& home) {
  using What = ClientRequest::What;
  if (request.what == What::follow) return follow(request, home);
  if (request.what == What::status) {
    ClientReply answer;
    answer.what = ClientReply::What::view;
    answer.ticket = request.ticket;
    answer.view = board_.view();
    return answer_client(home, answer);
  }
  if (!board_.is_leader())
    return send_to(board_.view().leader, encode_frame(ForwardedRequest{home, request}));
  switch (request.what) {
    case What::submit:
      return submit(request, home);
    case What::drain:
      return drain(request.node);
    case What::rescale:
      return handle(board_.on_rescale(request.submission, request.parallelism, now()));
    case What::stop:
      return handle(board_.on_stop_submission(request.submission, now()));
    case What::status:
    case What::follow:
      return;
  }
}

void NodeAgent::submit(const ClientRequest& request, const std::string& home) {
  Submitter submitter;
  submitter.accepted.ticket = request.ticket;
  submitter.accepted.submission = board_.view().next_submission;
  submitter.home = home;
  submitter.program = with_checkpoint(request.program, setup_->checkpoints);
  auto commands = board_.on_submit(submitter.program, home, now());
  submitter.version = board_.view().version;
  submitters_.push_back(std::move(submitter));
  handle(std::move(commands));
}

/// Those whose submission outlives this node; or is not the next leader's, who never heard of it.
void NodeAgent::answer_submitters() {
  std::erase_if(submitters_, [this](const Submitter& one) {
    const Submission* found = board_.view().find_submission(one.accepted.submission);
    const bool is_known = found != nullptr && found->program == one.program;
    if (is_known && board_.is_leader() && !board_.is_shared(one.version)) return false;
    answer_client(one.home,
                  is_known ? one.accepted
                           : refusal(one.accepted.ticket,
                                     transient("the cluster's leader changed as the program was "
                                               "handed in; submit it again")));
    return true;
  });
}

void NodeAgent::drain(const std::string& which) {
  for (const Member& member : board_.view().members) {
    const NodeInfo& node = member.node;
    if (node.id == which || fmt::format("{}:{}", node.host, node.port) == which)
      return handle(board_.on_drain(std::string(node.id), now()));
  }
}

/// To a client of `home`, by way of that node.
void NodeAgent::answer_client(const std::string& home, const ClientReply& reply) {
  if (home != peers_->self()) return send_to(home, encode_frame(reply));
  const auto client = clients_.find(reply.ticket);
  if (client != clients_.end()) caf_compat::send(this, client->second, encode_frame(reply));
}

// ---- followers of programs ----

/// The node that coordinates the program has what it says; where there is none, its state is all.
void NodeAgent::follow(const ClientRequest& request, const std::string& home) {
  const Submission* one = board_.view().find_submission(request.submission);
  if (one == nullptr)
    return answer_client(
        home, refusal(request.ticket,
                      bad_option(fmt::format("no submission {} is known here; cluster status lists "
                                             "them, the oldest that are over are forgotten",
                                             request.submission))));
  const bool is_elsewhere = !logs_.contains(one->number) && one->coordinator != peers_->self() &&
                            board_.view().find(one->coordinator) != nullptr;
  if (is_elsewhere && home == peers_->self())
    return send_to(one->coordinator, encode_frame(ForwardedRequest{home, request}));
  followers_[request.ticket] = {request, home, now() + kLongestWait};
  answer_followers(one->number);
}

ProgramPage NodeAgent::page_of(const Submission& one, const ProgramCursor& from) const {
  const auto log = logs_.find(one.number);
  if (log != logs_.end()) return log->second->read(from);
  ProgramPage page;
  page.from = from;
  page.next = from;
  return page;
}

/// Those for whom there is news, or who have waited for long.
void NodeAgent::answer_followers(std::uint64_t submission) {
  const Submission* one = board_.view().find_submission(submission);
  for (auto at = followers_.begin(); at != followers_.end();) {
    const Follower& follower = at->second;
    if (follower.request.submission != submission) {
      ++at;
      continue;
    }
    ClientReply reply;
    reply.what = ClientReply::What::page;
    reply.ticket = at->first;
    reply.submission = submission;
    bool is_due = one == nullptr || now() >= follower.until;
    if (one != nullptr) {
      reply.page = page_of(*one, follower.request.cursor);
      reply.state = one->state;
      if (!one->message.empty()) reply.error = fatal(one->message);
      is_due = is_due || !reply.page->events.empty() || one->is_over();
    }
    if (!is_due) {
      ++at;
      continue;
    }
    for (const Member& member : board_.view().members) {
      if (reply.nodes.size() < kMostNamed) reply.nodes.push_back(member.node);
    }
    answer_client(follower.home, reply);
    at = followers_.erase(at);
  }
}

void NodeAgent::answer_all_followers() {
  std::set<std::uint64_t> followed;
  for (const auto& [ticket, follower] : followers_) followed.insert(follower.request.submission);
  for (const std::uint64_t submission : followed) answer_followers(submission);
}

/// Into the log of the submission, which is on the node that coordinates it.
void NodeAgent::tell_followers(std::uint64_t submission, ProgramEvent event) {
  const Submission* one = board_.view().find_submission(submission);
  if (one == nullptr) return;
  if (const auto log = logs_.find(submission); log != logs_.end()) {
    log->second->add(event);
    return answer_followers(submission);
  }
  if (one->coordinator == peers_->self()) return;
  ClientReply told;
  told.what = ClientReply::What::event;
  told.submission = submission;
  told.event = std::move(event);
  send_to(one->coordinator, encode_frame(told));
}

void NodeAgent::take_reply(const ClientReply& reply) {
  if (reply.what != ClientReply::What::event) return answer_client(peers_->self(), reply);
  const auto log = logs_.find(reply.submission);
  if (log == logs_.end() || !reply.event) return;
  log->second->add(*reply.event);
  answer_followers(reply.submission);
}

/// A log of this node's attempt to run it; the oldest of what is over go.
std::shared_ptr<ProgramLog> NodeAgent::make_log(const Submission& submission) {
  auto log = std::make_shared<ProgramLog>(submission.attempt);
  logs_[submission.number] = log;
  for (auto at = logs_.begin(); at != logs_.end() && logs_.size() > kMostLogs;)
    at = runs_.contains(at->first) || at->first == submission.number ? std::next(at)
                                                                     : logs_.erase(at);
  return log;
}

}  // namespace stream
