#include <libstream/base/check.hpp>
#include <libstream/control/cluster_board.hpp>

#include <algorithm>
#include <utility>

namespace stream {
namespace {

// A smaller part that has not found the others for so long goes on without them.
constexpr std::int64_t kPatiences = 10;
constexpr std::ptrdiff_t kMostKnown = 100;

}  // namespace

std::string_view to_string(SubmissionState state) {
  switch (state) {
    case SubmissionState::placed:
      return "starting";
    case SubmissionState::running:
      return "running";
    case SubmissionState::waiting:
      return "waiting";
    case SubmissionState::ended:
      return "ended";
    case SubmissionState::failed:
      return "failed";
  }
  STREAM_UNREACHABLE("submission state");
}

const Member* ClusterView::find(const std::string& node) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member& member) { return member.node.id == node; });
  return found == members.end() ? nullptr : &*found;
}

const Submission* ClusterView::find_submission(std::uint64_t number) const {
  const auto found = std::find_if(submissions.begin(), submissions.end(),
                                  [&](const Submission& one) { return one.number == number; });
  return found == submissions.end() ? nullptr : &*found;
}

ClusterBoard::ClusterBoard(NodeInfo self, ClusterOptions options, std::int64_t now)
    : self_(std::move(self)), options_(options), liveness_(options.liveness) {
  view_.members = {{self_, view_.next_rank++, false}};
  view_.leader = self_.id;
  view_.version = 1;
  lead(now);
}

std::vector<std::string> ClusterBoard::others() const {
  std::vector<std::string> nodes;
  for (const Member& member : view_.members) {
    if (member.node.id != self_.id) nodes.push_back(member.node.id);
  }
  return nodes;
}

Submission* ClusterBoard::submission(std::uint64_t number) {
  return const_cast<Submission*>(std::as_const(view_).find_submission(number));
}

/// Dropped, perhaps for being cut off: what runs here is another node's by now.
ClusterCommands ClusterBoard::on_dropped(const ClusterView& view, std::int64_t now) {
  ClusterCommands out;
  const Member* leader = view.find(view.leader);
  if (leader == nullptr) return out;
  if (!is_leader() && view.is_newer_than(view_)) {
    ClusterView alone;
    alone.term = view.term;
    alone.version = view_.version + 1;
    alone.next_rank = 1;
    alone.members = {{self_, 0, false}};
    alone.leader = self_.id;
    view_ = std::move(alone);
    settles_at_.reset();
    lead(now);
    follow_view(out);
  }
  if (is_leader()) ask_to_join(leader->node, out);
  return out;
}

ClusterCommands ClusterBoard::on_view(const ClusterView& view, std::int64_t now) {
  if (view.find(self_.id) == nullptr) return on_dropped(view, now);
  ClusterCommands out;
  if (view.leader == self_.id) {
    // Of an earlier time, from one who still follows: what is true now must look newer to it.
    if (is_leader() && view.is_newer_than(view_)) {
      view_.term = view.term + 1;
      publish(out);
    }
    return out;
  }
  const bool was_alone = is_leader() && view_.members.size() == 1 && view_.submissions.empty();
  const bool was_let_in = is_leader() && asked_.contains(view.leader);
  if (!was_alone && !was_let_in && !view.is_newer_than(view_)) return out;
  asked_.clear();
  std::vector<std::string> lost;
  for (const Member& member : view_.members) {
    if (view.find(member.node.id) == nullptr) lost.push_back(member.node.id);
  }
  const bool has_same_members = view.members == view_.members;
  view_ = view;
  settles_at_.reset();
  has_given_up_ = false;
  liveness_.forget_all();
  liveness_.watch(view_.leader, now);
  remember_members();
  follow_view(out);
  repeat_reports(out);
  if (!has_same_members) out.emplace_back(MembersChanged{lost});
  out.emplace_back(SendHeartbeat{{view_.leader}});
  return out;
}

/// Starts and stops here what the view says.
void ClusterBoard::follow_view(ClusterCommands& out) {
  for (auto at = started_.begin(); at != started_.end();) {
    const Submission* one = view_.find_submission(at->first);
    const bool is_ours = one != nullptr && one->coordinator == self_.id && !one->is_over() &&
                         one->attempt == at->second;
    if (is_ours) {
      ++at;
      continue;
    }
    out.emplace_back(StopSubmission{at->first, at->second});
    asked_parallelism_.erase(at->first);
    at = started_.erase(at);
  }
  for (const Submission& one : view_.submissions) {
    // One that others take for running here was given up while this node was cut off.
    const bool is_due = one.coordinator == self_.id && (one.state == SubmissionState::placed ||
                                                        one.state == SubmissionState::running);
    if (!is_due) continue;
    const std::uint32_t wanted = one.program.parallelism;
    if (!started_.try_emplace(one.number, one.attempt).second) {
      if (std::exchange(asked_parallelism_[one.number], wanted) != wanted)
        out.emplace_back(RescaleSubmission{one.number, one.attempt, wanted});
      continue;
    }
    asked_parallelism_[one.number] = wanted;
    reports_.erase(one.number);
    out.emplace_back(StartSubmission{one, has_given_up_});
  }
}

ClusterCommands ClusterBoard::report_submission(SubmissionReport report, std::int64_t now) {
  const auto started = started_.find(report.number);
  if (started == started_.end() || started->second != report.attempt) return {};
  if (report.state == SubmissionState::running) {
    // That it was rescaled may be heard after its end.
    const auto before = reports_.find(report.number);
    if (before != reports_.end() && before->second.attempt == report.attempt &&
        before->second.state != SubmissionState::running)
      return {};
  }
  // A refused parallelism is not asked for again when the leader takes it back.
  if (!report.message.empty() && report.state == SubmissionState::running)
    asked_parallelism_[report.number] = report.parallelism;
  reports_[report.number] = report;
  if (is_leader()) return on_report(report, now);
  ClusterCommands out;
  out.emplace_back(SendReport{view_.leader, report.number});
  return out;
}

void ClusterBoard::repeat_reports(ClusterCommands& out) const {
  for (const auto& [number, report] : reports_) {
    const Submission* one = view_.find_submission(number);
    if (one != nullptr && !one->is_over() && one->attempt == report.attempt &&
        one->coordinator == self_.id && !report.says_the_same(*one) &&
        one->state != SubmissionState::waiting)
      out.emplace_back(SendReport{view_.leader, number});
  }
}

ClusterCommands ClusterBoard::on_heartbeat(const std::string& from, const Pulse& pulse,
                                           std::int64_t now) {
  ClusterCommands out;
  // Who does not lead any more is no leader to follow, however alive.
  if (is_leader() || pulse.leader == from) liveness_.heard(from, now);
  if (!is_leader()) return out;
  const auto seen = std::pair(pulse.term, pulse.version);
  const auto own = std::pair(view_.term, view_.version);
  if (pulse.leader == self_.id && pulse.term == view_.term && view_.find(from) != nullptr) {
    shared_version_ = std::max(shared_version_, pulse.version);
    if (followers_.insert(from).second && settles_at_) go_on(now, out);
  }
  if (pulse.leader == self_.id && seen > own) {
    view_.term = pulse.term + 1;  // of a time before this node began anew
    publish(out);
  }
  // Whoever is not a member hears so by the view, and joins again.
  if (pulse.leader == self_.id ? seen < own : view_.find(from) != nullptr)
    out.emplace_back(SendView{{from}});
  return out;
}

ClusterCommands ClusterBoard::on_peer_lost(const std::string& node, std::int64_t now) {
  return lose(node, false, now);
}

ClusterCommands ClusterBoard::on_peer_unreachable(const std::string& node, std::int64_t now) {
  return lose(node, true, now);
}

ClusterCommands ClusterBoard::lose(const std::string& node, bool is_silent, std::int64_t now) {
  ClusterCommands out;
  if (view_.find(node) == nullptr || node == self_.id) return out;
  if (is_leader()) {
    drop(node, now, out);
  } else if (node == view_.leader) {
    liveness_.forget(node);
    elect(is_silent, now, out);
  }
  return out;
}

/// The leader is gone: the next in rank leads. A node that is not the next waits for that one.
void ClusterBoard::elect(bool is_leader_silent, std::int64_t now, ClusterCommands& out) {
  const std::string gone = view_.leader;
  std::erase_if(view_.members, [&](const Member& member) { return member.node.id == gone; });
  out.emplace_back(MembersChanged{{gone}});
  view_.leader = view_.members.front().node.id;
  if (!is_leader()) {
    liveness_.watch(view_.leader, now);
    out.emplace_back(SendHeartbeat{{view_.leader}});
    return;
  }
  ++view_.term;
  is_old_leader_silent_ = is_leader_silent;
  const std::int64_t heartbeat = options_.liveness.heartbeat.count();
  settles_at_ = now + heartbeat + (others().empty() ? 0 : patience());
  gives_up_at_ = now + long_patience();
  lead(now);
  for (Submission& one : view_.submissions) {
    if (one.coordinator == gone && !one.is_over()) one.coordinator.clear();
  }
  publish(out);
}

/// Of two halves the one that kept the leader goes on; the other cannot tell a leader that is cut
/// off from one that hangs. One that died has broken its connections.
bool ClusterBoard::is_enough(std::size_t num_members) const {
  const std::size_t twice = 2 * num_members;
  return twice > view_.full_size || (twice == view_.full_size && !is_old_leader_silent_);
}

std::int64_t ClusterBoard::patience() const {
  return options_.liveness.heartbeat.count() * options_.liveness.misses;
}

std::int64_t ClusterBoard::long_patience() const { return kPatiences * patience(); }

void ClusterBoard::go_on(std::int64_t now, ClusterCommands& out) {
  settle(now, out);
  const std::vector<Submission> before = view_.submissions;
  place_submissions(now);
  if (view_.submissions != before) publish(out);
}

/// A part that does not see enough of the members leaves what it lost to the others, and asks them.
void ClusterBoard::settle(std::int64_t now, ClusterCommands& out) {
  if (!settles_at_) {
    if (now < accepted_at_) return;
    view_.full_size = view_.members.size();
    is_old_leader_silent_ = false;
    accepted_at_ = now + patience();
    return ask_missing(out);
  }
  if (now < *settles_at_ && !is_followed_by_enough()) return;
  if (sees_enough() || now >= gives_up_at_) {
    has_given_up_ = !sees_enough();
    settles_at_.reset();
    accepted_at_ = now;
    return;
  }
  ask_missing(out);
  settles_at_ = now + options_.liveness.heartbeat.count();
}

/// Whom to ask if this node finds itself in the smaller part.
void ClusterBoard::remember_members() {
  for (const Member& member : view_.members) {
    if (member.node == self_) continue;
    std::erase(known_, member.node);
    known_.push_back(member.node);
  }
  if (std::ssize(known_) > kMostKnown) known_.erase(known_.begin(), known_.end() - kMostKnown);
}

/// Nodes that were members once may be there again, and have a leader of their own.
void ClusterBoard::ask_missing(ClusterCommands& out) {
  for (const NodeInfo& node : known_) {
    if (view_.find(node.id) == nullptr) ask_to_join(node, out);
  }
}

ClusterCommands ClusterBoard::on_tick(std::int64_t now) {
  ClusterCommands out;
  for (const std::string& node : liveness_.take_lost(now)) {
    for (ClusterCommand& command : lose(node, true, now)) out.emplace_back(std::move(command));
  }
  if (is_leader()) {
    // What runs here may have been reported to a leader that is gone.
    for (const auto& [number, report] : std::map(reports_)) {
      for (ClusterCommand& command : on_report(report, now)) out.emplace_back(std::move(command));
    }
    go_on(now, out);
    if (const auto to = others(); !to.empty()) out.emplace_back(SendHeartbeat{to});
  } else {
    repeat_reports(out);
    out.emplace_back(SendHeartbeat{{view_.leader}});
  }
  return out;
}

}  // namespace stream
