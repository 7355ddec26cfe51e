#include <libstream/control/cluster_board.hpp>

#include <algorithm>

namespace stream {

// What the leader alone decides: members, and where submissions run.

void ClusterBoard::lead(std::int64_t now) {
  shared_version_ = 0;
  followers_.clear();
  liveness_.forget_all();
  for (const std::string& node : others()) liveness_.watch(node, now);
  for (const Submission& one : view_.submissions) {
    if (!one.is_over()) policies_.try_emplace(one.number, options_.restarts);
  }
}

void ClusterBoard::publish(ClusterCommands& out) {
  ++view_.version;
  remember_members();
  forget_old_submissions();
  if (const auto to = others(); !to.empty()) out.emplace_back(SendView{to});
  follow_view(out);
}

void ClusterBoard::forget_old_submissions() {
  std::size_t over = 0;
  for (const Submission& one : view_.submissions) over += one.is_over() ? 1 : 0;
  std::erase_if(view_.submissions, [&](const Submission& one) {
    if (!one.is_over() || over <= options_.kept_submissions) return false;
    --over;
    policies_.erase(one.number);
    return true;
  });
}

Standing ClusterBoard::standing() const {
  if (view_.members.size() == 1 && view_.submissions.empty()) return {};
  return {!settles_at_, view_.term, view_.version};
}

void ClusterBoard::ask_to_join(const NodeInfo& node, ClusterCommands& out) {
  asked_.insert(node.id);
  out.emplace_back(AskToJoin{node, standing()});
}

ClusterCommands ClusterBoard::on_join(const NodeInfo& node, const Standing& its, std::int64_t now) {
  ClusterCommands out;
  if (!is_leader() || node.id == self_.id) return out;
  // Also a member, one that leads the others since this node hung.
  if (its != Standing{} && std::pair(its, node.id) > std::pair(standing(), self_.id)) {
    ask_to_join(node, out);
    return out;
  }
  if (view_.find(node.id) != nullptr) {
    out.emplace_back(SendView{{node.id}});
    return out;
  }
  view_.members.push_back({node, view_.next_rank++, false});
  if (std::find(known_.begin(), known_.end(), node) != known_.end()) has_given_up_ = false;
  view_.full_size = std::max<std::uint64_t>(view_.full_size, view_.members.size());
  liveness_.watch(node.id, now);
  place_submissions(now);
  publish(out);
  out.emplace_back(MembersChanged{});
  return out;
}

void ClusterBoard::drop(const std::string& node, std::int64_t now, ClusterCommands& out) {
  std::erase_if(view_.members, [&](const Member& member) { return member.node.id == node; });
  liveness_.forget(node);
  followers_.erase(node);
  for (Submission& one : view_.submissions) {
    if (one.coordinator == node && !one.is_over()) one.coordinator.clear();
  }
  if (sees_enough()) {
    accepted_at_ = now + patience();
  } else if (!settles_at_) {
    settles_at_ = now + patience();
    gives_up_at_ = now + long_patience();
  }
  place_submissions(now);
  publish(out);
  out.emplace_back(MembersChanged{{node}});
}

std::string ClusterBoard::least_loaded() const {
  std::string best;
  std::size_t fewest = 0;
  for (const Member& member : view_.members) {
    if (member.is_draining) continue;
    const auto load = static_cast<std::size_t>(std::count_if(
        view_.submissions.begin(), view_.submissions.end(),
        [&](const auto& one) { return one.coordinator == member.node.id && !one.is_over(); }));
    if (best.empty() || load < fewest) {
      best = member.node.id;
      fewest = load;
    }
  }
  return best;
}

void ClusterBoard::place(Submission& one, const std::string& node) {
  one.coordinator = node;
  ++one.attempt;
  one.state = SubmissionState::placed;
}

/// Submissions without a node get one; those that wait for their restart, when it is due.
void ClusterBoard::place_submissions(std::int64_t now) {
  if (settles_at_) return;
  for (Submission& one : view_.submissions) {
    if (one.is_over()) continue;
    if (view_.find(one.coordinator) == nullptr) one.coordinator.clear();
    const bool waits = one.state == SubmissionState::waiting;
    if (waits ? now < one.restart_at : !one.coordinator.empty()) continue;
    if (const std::string node = least_loaded(); !node.empty()) place(one, node);
  }
}

ClusterCommands ClusterBoard::on_submit(QueryProgram program, const std::string& home,
                                        std::int64_t now) {
  ClusterCommands out;
  if (!is_leader()) return out;
  Submission one;
  one.number = view_.next_submission++;
  one.program = std::move(program);
  one.home = home;
  policies_.try_emplace(one.number, options_.restarts);
  view_.submissions.push_back(std::move(one));
  place_submissions(now);
  publish(out);
  return out;
}

ClusterCommands ClusterBoard::on_drain(const std::string& node, std::int64_t now) {
  ClusterCommands out;
  if (!is_leader() || view_.find(node) == nullptr) return out;
  const_cast<Member*>(view_.find(node))->is_draining = true;
  for (Submission& one : view_.submissions) {
    if (one.coordinator == node && !one.is_over()) one.coordinator.clear();
  }
  place_submissions(now);
  publish(out);
  out.emplace_back(MembersChanged{});
  return out;
}

ClusterCommands ClusterBoard::on_stop_submission(std::uint64_t number, std::int64_t) {
  ClusterCommands out;
  Submission* one = submission(number);
  if (!is_leader() || one == nullptr || one->is_over()) return out;
  one->state = SubmissionState::ended;
  publish(out);
  return out;
}

ClusterCommands ClusterBoard::on_rescale(std::uint64_t number, std::uint32_t parallelism,
                                         std::int64_t) {
  ClusterCommands out;
  Submission* one = submission(number);
  if (!is_leader() || one == nullptr || one->is_over()) return out;
  one->program.parallelism = parallelism;
  if (one->state == SubmissionState::running) one->message.clear();
  publish(out);
  return out;
}

ClusterCommands ClusterBoard::on_report(const SubmissionReport& report, std::int64_t now) {
  ClusterCommands out;
  Submission* one = submission(report.number);
  if (!is_leader() || one == nullptr || one->is_over() || one->attempt != report.attempt ||
      one->state == SubmissionState::waiting || report.says_the_same(*one))
    return out;
  RestartPolicy& policy = policies_.try_emplace(report.number, options_.restarts).first->second;
  const bool is_started = one->state != report.state && report.state == SubmissionState::running;
  one->state = report.state;
  one->message = report.message;
  if (report.state == SubmissionState::running) {
    one->parallelism = report.parallelism;
    if (!report.message.empty()) one->program.parallelism = report.parallelism;
  }
  if (is_started) policy.on_started(now);
  if (report.state == SubmissionState::failed && settles_at_) {
    // The others may have taken it over, which fences the run here; they will tell.
    one->state = SubmissionState::waiting;
    one->restart_at = now;
  } else if (report.state == SubmissionState::failed) {
    if (const auto restart_at = policy.on_failed(report.error, now)) {
      one->state = SubmissionState::waiting;
      one->restart_at = *restart_at;
    }
  }
  publish(out);
  return out;
}

}  // namespace stream
