#include "simulated_cluster.hpp"

#include <algorithm>
#include <utility>

#include "simulated_node.hpp"

namespace stream::simulation {
namespace {

constexpr std::size_t kMostNodes = 5;

Scenario cluster_scenario(std::uint64_t seed, ClusterBug bug) {
  Scenario scenario = make_scenario(
      seed, bug == ClusterBug::trusts_old_owners ? Bug::overwrites_entries : Bug::none);
  scenario.trigger = Trigger::processing_time(Duration(10));
  const auto workload = static_cast<Workload>(seed % 3);
  scenario.has_watermarks = workload == Workload::windows;
  if (workload == Workload::join) scenario.num_sources = 2;
  return scenario;
}

}  // namespace

std::string_view to_string(ClusterFault fault) {
  switch (fault) {
    case ClusterFault::node_crash:
      return "nodes crashed";
    case ClusterFault::coordinator_crash:
      return "of them with the coordinator";
    case ClusterFault::cut:
      return "cuts";
    case ClusterFault::hang:
      return "hangs";
    case ClusterFault::lost_message:
      return "messages lost with their link";
    case ClusterFault::doubled_frame:
      return "doubled frames";
    case ClusterFault::late_message:
      return "late messages";
    case ClusterFault::slow_disk:
      return "slow disks";
    case ClusterFault::join:
      return "joins";
    case ClusterFault::drain:
      return "drains";
    case ClusterFault::rescale:
      return "rescales";
    case ClusterFault::second_leader:
      return "times with two leaders";
    case ClusterFault::refused_owner:
      return "zombies refused";
    case ClusterFault::missing_frame:
      return "gaps noticed";
    case ClusterFault::tasks_moved:
      return "times that tasks moved";
    case ClusterFault::count:
      break;
  }
  STREAM_UNREACHABLE("cluster fault");
}

SimulatedCluster::SimulatedCluster(std::uint64_t seed, ClusterBug bug)
    : bug_(bug), world_(cluster_scenario(seed, bug)), workload_(static_cast<Workload>(seed % 3)) {}

SimulatedCluster::~SimulatedCluster() = default;

SimulatedNode* SimulatedCluster::alive(const std::string& id) {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : found->second.get();
}

std::vector<NodeInfo> SimulatedCluster::reachable_from(const std::string& node) const {
  std::vector<NodeInfo> reachable;
  for (const auto& [id, other] : nodes_) {
    if (id != node && are_connected(id, node)) reachable.push_back(other->board().self());
  }
  return reachable;
}

/// Not while the node hangs; what comes meanwhile keeps its order.
void SimulatedCluster::at_node(const std::string& node, EpochMillis time,
                               std::function<void()> event) {
  world_.at(time, [this, node, event = std::move(event)] {
    const auto hung = hung_until_.find(node);
    if (hung == hung_until_.end() || world_.now() >= hung->second) return event();
    at_node(node, hung->second, event);
  });
}

void SimulatedCluster::later(const std::string& node, std::function<void(SimulatedNode&)> event,
                             EpochMillis delay_max) {
  const EpochMillis time = world_.now() + world_.pick(0, delay_max);
  at_node(node, time, [this, node, event = std::move(event)] {
    if (SimulatedNode* self = alive(node)) event(*self);
  });
}

void SimulatedCluster::send(const std::string& from, const std::string& to,
                            std::function<void(SimulatedNode&)> arrive, bool may_double) {
  if (from != to) {
    if (alive(to) == nullptr) return;
    if (!are_connected(from, to)) {
      torn_.insert({from, to});
      return;
    }
    if (world_.fault_chance(1) && world_.chance(30)) {
      happened(ClusterFault::lost_message);
      return break_link(from, to);
    }
  }
  const bool is_late = from != to && world_.fault_chance(5);
  if (is_late) happened(ClusterFault::late_message);
  EpochMillis& last = links_[{from, to}];
  last = std::max(last, world_.now() + world_.pick(0, is_late ? 150 : 3));
  const auto deliver = [this, from, to, arrive = std::move(arrive)] {
    SimulatedNode* node = alive(to);
    if (node == nullptr) return;
    if (are_connected(from, to)) return arrive(*node);
    torn_.insert({from, to});
  };
  at_node(to, last, deliver);
  if (may_double && world_.fault_chance(20)) {
    happened(ClusterFault::doubled_frame);
    at_node(to, last + world_.pick(0, 20), deliver);
  }
}

void SimulatedCluster::break_link(const std::string& a, const std::string& b) {
  later(
      a, [b](SimulatedNode& node) { node.link_broke(b); }, 100);
  later(
      b, [a](SimulatedNode& node) { node.link_broke(a); }, 100);
}

void SimulatedCluster::start_node() {
  const std::string id = "n" + std::to_string(next_node_++);
  std::vector<NodeInfo> others;
  for (const auto& [other, node] : nodes_) others.push_back(node->board().self());
  const auto node = std::make_shared<SimulatedNode>(*this, id);
  nodes_[id] = node;
  node->start(others);
}

/// What the outside does to the nodes, every few milliseconds.
void SimulatedCluster::harm() {
  const auto any = [this] {
    return std::next(nodes_.begin(), world_.pick(0, static_cast<std::int64_t>(nodes_.size()) - 1));
  };
  if (nodes_.size() > 1 && world_.fault_chance(15)) {
    const auto victim = any();
    happened(ClusterFault::node_crash);
    if (victim->second->coordinates()) happened(ClusterFault::coordinator_crash);
    const std::string id = victim->first;
    world_.trace("crash", static_cast<std::int64_t>(nodes_.size()));
    cut_.erase(id);
    hung_until_.erase(id);
    nodes_.erase(victim);
    // Connections of a process that ended are closed; else silence must be noticed.
    if (world_.chance(50)) {
      for (const auto& [other, node] : nodes_)
        later(
            other, [id](SimulatedNode& self) { self.link_broke(id); }, 10);
    }
  } else if (nodes_.size() < kMostNodes && world_.chance(2)) {
    happened(ClusterFault::join);
    start_node();
  } else if (nodes_.size() > 2 && cut_.empty() && world_.fault_chance(15)) {
    happened(ClusterFault::cut);
    for (std::int64_t i = world_.pick(1, 2); i > 0; --i) cut_.insert(any()->first);
    world_.at(world_.now() + world_.pick(10, 400), [this] {
      cut_.clear();
      // What was sent meanwhile is lost, and its links say so.
      for (const auto& [a, b] : std::exchange(torn_, {})) break_link(a, b);
    });
  } else if (nodes_.size() > 1 && world_.fault_chance(10)) {
    happened(ClusterFault::hang);
    hung_until_[any()->first] = world_.now() + world_.pick(10, 400);
  } else if (nodes_.size() > 2 && world_.fault_chance(5)) {
    const std::string id = any()->first;
    for (const auto& [other, node] : nodes_) {
      if (!node->board().is_leader() || node->board().view().find(id) == nullptr) continue;
      const auto& members = node->board().view().members;
      const auto free = std::count_if(members.begin(), members.end(),
                                      [](const Member& member) { return !member.is_draining; });
      if (free < 2) continue;
      happened(ClusterFault::drain);
      node->handle(node->board().on_drain(id, world_.now()));
    }
  } else if (world_.fault_chance(5)) {
    const auto parallelism = static_cast<std::uint32_t>(world_.pick(1, 5));
    for (const auto& [other, node] : nodes_) {
      if (!node->board().is_leader()) continue;
      for (const Submission& one : std::vector(node->board().view().submissions))
        node->handle(node->board().on_rescale(one.number, parallelism, world_.now()));
    }
  }
  const auto leaders = std::count_if(nodes_.begin(), nodes_.end(), [](const auto& node) {
    return node.second->board().is_leader();
  });
  if (leaders > 1 && !cut_.empty()) happened(ClusterFault::second_leader);
}

void SimulatedCluster::look_after() {
  if (outcome_.is_finished || world_.now() > world_.scenario().faults_until + 600'000) return;
  world_.at(world_.now() + world_.pick(1, 20), [this] {
    if (world_.now() < world_.scenario().faults_until) harm();
    // Drained nodes leave in the end; somebody must be there to go on.
    if (nodes_.empty() || (world_.now() >= world_.scenario().faults_until && nodes_.size() < 2))
      start_node();
    submit_if_forgotten();
    outcome_.is_finished = is_over();
    look_after();
  });
}

/// The submitter hands in its program again when all nodes that knew of it are gone.
void SimulatedCluster::submit_if_forgotten() {
  const auto knows = [](const auto& node) {
    const auto& submissions = node.second->board().view().submissions;
    return std::any_of(submissions.begin(), submissions.end(),
                       [](const Submission& one) { return !one.is_over(); });
  };
  if (std::any_of(nodes_.begin(), nodes_.end(), knows)) return;
  for (const auto& [id, node] : nodes_) {
    if (!node->board().is_leader()) continue;
    QueryProgram program;
    program.parallelism = static_cast<std::uint32_t>(world_.scenario().num_tasks);
    return node->handle(node->board().on_submit(std::move(program), id, world_.now()));
  }
}

bool SimulatedCluster::is_over() {
  constexpr std::int64_t kMaxClosingRows = 5;
  if (world_.now() < world_.scenario().faults_until || !world_.is_all_committed()) return false;
  if (workload_ != Workload::windows) return true;
  const std::size_t num_expected = expected_output().size();
  if (world_.resumable_output().size() >= num_expected &&
      world_.marked_output().size() >= num_expected)
    return true;
  if (world_.num_closing_rows() >= kMaxClosingRows) return world_.now() % 50 == 0;
  world_.add_closing_rows();
  return false;
}

std::vector<std::string> SimulatedCluster::expected_output() const {
  if (workload_ != Workload::join) return world_.expected_output();
  std::vector<std::string> rows;
  for (std::int64_t left = 0; left < world_.num_rows(); ++left) {
    const std::int64_t key = world_.row(0, left).key;
    for (std::int64_t right = std::max<std::int64_t>(left - kJoinReach, 0);
         right <= std::min(left + kJoinReach, world_.num_rows() - 1); ++right) {
      if (world_.row(1, right).key == key)
        rows.push_back("key " + std::to_string(key) + " left " + std::to_string(left) + " right " +
                       std::to_string(right));
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

ClusterOutcome SimulatedCluster::run() {
  constexpr int kMaxEvents = 2'000'000;
  const std::int64_t num_nodes = world_.pick(1, 4);
  for (std::int64_t i = 0; i < num_nodes; ++i) start_node();
  look_after();
  for (int i = 0; i < kMaxEvents && !outcome_.is_finished && world_.step(); ++i) {
  }
  const auto expected = expected_output();
  outcome_.is_right = world_.resumable_output() == expected && world_.marked_output() == expected;
  outcome_.trace_hash = world_.trace_hash();
  return outcome_;
}

ClusterOutcome simulate_cluster(std::uint64_t seed, ClusterBug bug) {
  return SimulatedCluster(seed, bug).run();
}

}  // namespace stream::simulation
