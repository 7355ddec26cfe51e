// A process of a cluster: `streamctl node` runs one, `streamctl submit` and `cluster` talk to one.
// Needs no CAF header. On loopback plainly or by TLS, elsewhere by TLS only.
#pragma once

#include <actors/node_address.hpp>
#include <libstream/control/cluster_board.hpp>
#include <libstream/plans/runner.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stream {

/// A query of a program, ready to run.
struct PlannedQuery {
  PhysicalPlan plan;
  QueryOptions options;
};
/// The same where the plan is the same.
std::uint64_t fingerprint_of(const PhysicalPlan& plan);

/// Makes the queries of a program, in their order; on every node alike. Any thread; may throw.
using ProgramPlanner = std::function<Result<std::vector<PlannedQuery>>(const QueryProgram&)>;

struct NodeOptions {
  NodeAddress listen;
  NodeAddress advertise;          ///< where others reach it; no host: at `listen`
  std::vector<NodeAddress> join;  ///< the first that answers lets this node in
  std::uint32_t slots = 1;
  std::size_t num_threads = 0;  ///< of the scheduler; 0: one a core
  ClusterOptions cluster;
  std::string checkpoints;            ///< for programs that name none; empty: they keep nothing
  TlsFiles tls;                       ///< none: plain, on loopback only
  std::vector<std::string> programs;  ///< folders whose executables may be started as workers
};

class Node {
 public:
  virtual ~Node() = default;  ///< leaves without a word: its queries go on elsewhere
  virtual std::uint16_t port() const = 0;
};
/// Error: the address is taken or not this machine's, or its certificate is missing or no good.
Result<std::unique_ptr<Node>> start_node(NodeOptions options, ProgramPlanner planner);

/// What a submitter hears of its program.
struct SubmissionEvents {
  std::function<void(std::uint64_t number)> accepted;
  std::function<void(const std::string& queries)> started;
  std::function<void(const std::string& progress)> progress;  ///< a record as JSON
  std::function<void(const Error& error)> waiting;            ///< it is started again later
  /// What sinks and workers of the program print, on standard error or output; whole lines.
  std::function<void(const std::string& text, bool is_error)> printed;
  std::function<void(std::uint64_t lines)> dropped;  ///< printed, and not fetched in time
  std::function<bool()> is_stopped;                  ///< asked now and then: true ends the program
  std::function<bool()> is_left;  ///< likewise: true leaves it running, and returns
};
/// Hands the program in and returns when it has ended, or is left. If the node is lost, another one
/// is asked. Error: the program's own, or no node answers.
Result<void> submit_program(const ClusterAccess& cluster, const QueryProgram& program,
                            const SubmissionEvents& events);

/// Returns when the submission runs with `parallelism`. Error: why it does not.
Result<void> rescale_submission(const ClusterAccess& cluster, std::uint64_t number,
                                std::uint32_t parallelism);
/// The same for one that was handed in before.
Result<void> attach_program(const ClusterAccess& cluster, std::uint64_t submission,
                            const SubmissionEvents& events);
/// Ends a program.
Result<void> stop_program(const ClusterAccess& cluster, std::uint64_t submission);

Result<ClusterView> cluster_status(const ClusterAccess& cluster);
/// `which`: an id or HOST:PORT. Its tasks and coordinators move to other nodes.
Result<void> drain_node(const ClusterAccess& cluster, const std::string& which);

}  // namespace stream
