// Membership, leadership and where submissions run: what each node of a cluster decides, as a pure
// state machine. Events in, commands out; no clock, no network. The member of the lowest rank
// leads: it alone changes the view. All other nodes hear it, and one another of it, by heartbeats.
//
//   a node joins         -> leader adds it, sends the view to all, which tell that they have it
//   a member is silent   -> leader drops it; what it coordinated is placed anew
//   the leader is silent -> the next in rank leads under a higher term; it takes submissions over
//                           as soon as more than half of the members tell that they follow it, or
//                           half of them and the leader's connection broke: its process died
//   a view without self  -> the node joins again
//
// Two leaders may exist for a while; coordinators are then fenced by the terms of their
// checkpoints. Used by the node agent and by the simulated cluster, from one thread.
#pragma once

#include <libstream/base/error.hpp>
#include <libstream/control/cluster_view.hpp>
#include <libstream/control/liveness.hpp>
#include <libstream/control/restart_policy.hpp>

#include <map>
#include <optional>
#include <set>
#include <variant>

namespace stream {

struct ClusterOptions {
  LivenessOptions liveness;
  RestartOptions restarts;
  std::size_t kept_submissions = 100;  ///< that are over
};

/// Send the view, as it is now, to these nodes.
struct SendView {
  std::vector<std::string> to;
};
struct SendHeartbeat {
  std::vector<std::string> to;
};
/// What a leader's view is worth when two meet: the greater one lets the other in. A node alone
/// with nothing to lose has none.
struct Standing {
  bool is_settled = false;
  std::uint64_t term = 0;
  std::uint64_t version = 0;
  auto operator<=>(const Standing&) const = default;
};
/// Ask a node that is known to let this one in -> its on_join, then on_view here.
struct AskToJoin {
  NodeInfo of;
  Standing standing;
};
/// Members changed: queries with tasks on these nodes must go on without them or may use new ones.
struct MembersChanged {
  std::vector<std::string> lost;
};
/// This node coordinates the submission now -> report_submission.
struct StartSubmission {
  Submission submission;
  /// It may run elsewhere still, out of reach: not before its checkpoint rests.
  bool is_perhaps_alive = false;
};
/// Another node does, or none: end its queries here.
struct StopSubmission {
  std::uint64_t number = 0;
  std::uint64_t attempt = 0;
};
/// The submission that runs here is to have another parallelism -> report_submission.
struct RescaleSubmission {
  std::uint64_t number = 0;
  std::uint64_t attempt = 0;
  std::uint32_t parallelism = 1;
};
/// Tell the leader what became of a submission that runs here -> its on_report.
struct SendReport {
  std::string to;
  std::uint64_t number = 0;
};

/// What a heartbeat says of its sender: whom it follows, and which view it has.
struct Pulse {
  std::string leader;
  std::uint64_t term = 0;
  std::uint64_t version = 0;
};

using ClusterCommand = std::variant<SendView, SendHeartbeat, AskToJoin, MembersChanged,
                                    StartSubmission, StopSubmission, RescaleSubmission, SendReport>;
using ClusterCommands = std::vector<ClusterCommand>;

/// What the node that coordinates a submission says of it.
struct SubmissionReport {
  std::uint64_t number = 0;
  std::uint64_t attempt = 0;
  SubmissionState state = SubmissionState::running;
  ErrorClass error = ErrorClass::fatal;  ///< of `failed`
  std::string message;                   ///< of `running`: why it was not rescaled
  std::uint32_t parallelism = 0;         ///< of `running`: of its tasks

  bool says_the_same(const Submission& one) const {
    return state == one.state && (state != SubmissionState::running ||
                                  (parallelism == one.parallelism && message == one.message));
  }
};

class ClusterBoard {
 public:
  /// Alone and its own leader, until it has joined others.
  ClusterBoard(NodeInfo self, ClusterOptions options, std::int64_t now);

  ClusterCommands on_join(const NodeInfo& node, const Standing& its, std::int64_t now);
  ClusterCommands on_view(const ClusterView& view, std::int64_t now);
  ClusterCommands on_heartbeat(const std::string& from, const Pulse& pulse, std::int64_t now);
  /// The connection to a node broke, as when its process dies.
  ClusterCommands on_peer_lost(const std::string& node, std::int64_t now);
  /// No connection to a node comes about, as when its machine is cut off.
  ClusterCommands on_peer_unreachable(const std::string& node, std::int64_t now);
  /// At least once a heartbeat.
  ClusterCommands on_tick(std::int64_t now);

  /// Leader only.
  ClusterCommands on_submit(QueryProgram program, const std::string& home, std::int64_t now);
  ClusterCommands on_drain(const std::string& node, std::int64_t now);
  ClusterCommands on_stop_submission(std::uint64_t number, std::int64_t now);
  ClusterCommands on_rescale(std::uint64_t number, std::uint32_t parallelism, std::int64_t now);
  ClusterCommands on_report(const SubmissionReport& report, std::int64_t now);
  /// What happened to a submission that was started here; told again until the leader knows.
  ClusterCommands report_submission(SubmissionReport report, std::int64_t now);

  /// Does another member have this version of the leader's view, or is there none? What is in it
  /// then outlives the leader.
  bool is_shared(std::uint64_t version) const {
    return view_.members.size() == 1 || shared_version_ >= version;
  }

  const ClusterView& view() const { return view_; }
  const NodeInfo& self() const { return self_; }
  Pulse pulse() const { return {view_.leader, view_.term, view_.version}; }
  bool is_leader() const { return view_.leader == self_.id; }
  /// Was the submission started here, and is not to stop?
  bool runs_here(std::uint64_t number, std::uint64_t attempt) const {
    const auto found = started_.find(number);
    return found != started_.end() && found->second == attempt;
  }
  /// What was told about a submission last; requires one that was.
  const SubmissionReport& report_of(std::uint64_t number) const { return reports_.at(number); }

 private:
  void publish(ClusterCommands& out);
  void remember_members();
  bool is_enough(std::size_t num_members) const;
  bool sees_enough() const { return is_enough(view_.members.size()); }
  bool is_followed_by_enough() const {
    return !followers_.empty() && is_enough(followers_.size() + 1);
  }
  ClusterCommands lose(const std::string& node, bool is_silent, std::int64_t now);
  std::int64_t patience() const;
  std::int64_t long_patience() const;
  void go_on(std::int64_t now, ClusterCommands& out);
  void settle(std::int64_t now, ClusterCommands& out);
  void ask_missing(ClusterCommands& out);
  void ask_to_join(const NodeInfo& node, ClusterCommands& out);
  Standing standing() const;
  ClusterCommands on_dropped(const ClusterView& view, std::int64_t now);
  void drop(const std::string& node, std::int64_t now, ClusterCommands& out);
  void lead(std::int64_t now);
  void elect(bool is_leader_silent, std::int64_t now, ClusterCommands& out);
  void place_submissions(std::int64_t now);
  void place(Submission& submission, const std::string& node);
  std::string least_loaded() const;
  void follow_view(ClusterCommands& out);
  void repeat_reports(ClusterCommands& out) const;
  void forget_old_submissions();
  std::vector<std::string> others() const;
  Submission* submission(std::uint64_t number);

  NodeInfo self_;
  ClusterOptions options_;
  ClusterView view_;
  Liveness liveness_;
  std::map<std::uint64_t, RestartPolicy> policies_;           ///< leader: by submission
  std::map<std::uint64_t, std::uint64_t> started_;            ///< here: attempt by submission
  std::map<std::uint64_t, std::uint32_t> asked_parallelism_;  ///< here: by submission
  std::map<std::uint64_t, SubmissionReport> reports_;         ///< here: the last of each submission
  /// A leader that is new, or does not see enough of the members, takes nothing over before.
  std::optional<std::int64_t> settles_at_;
  std::int64_t gives_up_at_ = 0;       ///< and then goes on without the others,
  bool has_given_up_ = false;          ///< though they may be alive
  bool is_old_leader_silent_ = false;  ///< the one before this one: it may be alive, too
  std::int64_t accepted_at_ = 0;       ///< leader: then losses are final, and the members are all
  std::uint64_t shared_version_ = 0;   ///< leader: the newest that another member told to have
  std::set<std::string> followers_;    ///< leader: members that say so, under this term
  std::set<std::string> asked_;        ///< to let this node in
  std::vector<NodeInfo> known_;        ///< other nodes, the newest last
};

}  // namespace stream
