// Workers of compiled programs, as a node sees them: those that run here because some node wants
// them, and the programs that this node coordinates, each with a worker on every node. The workers
// of a program form a cluster of their own, in which the first is handed the query. Owned by the
// node agent; on its thread only.
#pragma once

#include <actors/node_agent.hpp>
#include <actors/program_run.hpp>
#include <actors/worker_process.hpp>

#include <atomic>
#include <map>
#include <set>

namespace stream {

class NodeWorkers {
 public:
  struct Ground {
    caf::actor_system& system;
    std::shared_ptr<const NodeSetup> setup;
    std::function<const ClusterView&()> view;
    std::function<void(const std::string& node, std::string frame)> send;
    std::function<void(std::uint64_t submission, ProgramEvent)> tell;  ///< its followers
    /// Makes the call on the agent's thread, if it is there still. From any thread.
    std::function<void(std::function<void(NodeWorkers&)>)> post;
  };
  explicit NodeWorkers(Ground ground) : ground_(std::move(ground)) {}

  /// This node coordinates the submission of a program with a binary.
  void start(const Submission& submission, ProgramRun::Told told);
  void stop(std::uint64_t submission);
  /// `tell` from any thread.
  void rescale(std::uint64_t submission, std::uint32_t parallelism,
               std::function<void(const Result<void>&)> tell);
  /// A node wants a worker here.
  void run_worker(const RunWorker& wanted);
  void take_report(const WorkerReport& report);
  /// What it wanted ends here.
  void lose(const std::string& node);
  /// Twice a heartbeat.
  void tick();
  void end_all();

 private:
  /// Texts go to the submitter up to a number of bytes a tick; the rest is counted.
  struct PrintLimit {
    std::atomic<std::int64_t> left;
    std::atomic<std::int64_t> dropped = 0;
  };
  struct Worker {
    RunWorker wanted;
    std::shared_ptr<WorkerProcess> process;
    std::shared_ptr<PrintLimit> limit;
    std::string address;  ///< empty: it is not ready
    std::int64_t started_at = 0;
    std::int64_t wanted_at = 0;
  };
  struct Program {
    Submission submission;
    ProgramRun::Told told;
    std::map<std::string, std::string> workers;  ///< addresses by node, of those that are ready
    std::set<std::string> drained;
    std::int64_t submit_by = 0;
    std::int64_t stop_by = 0;  ///< 0: it is not being stopped
    bool is_submitted = false;
    bool is_over = false;  ///< but for what its worker here still prints
    std::optional<Error> error;
    std::shared_ptr<std::atomic<bool>> is_stopped = std::make_shared<std::atomic<bool>>(false);
  };

  void launch(Worker worker);
  Worker* find(std::uint64_t submission, std::uint64_t attempt);
  void worker_ready(std::uint64_t submission, std::uint64_t attempt, const WorkerReport& report);
  void worker_ended(std::uint64_t submission, std::uint64_t attempt, Error how);
  void print(std::uint64_t submission, std::uint64_t attempt, std::string text, bool is_error);
  void report(const RunWorker& wanted, const std::string& address, std::optional<Error> error);
  void advance(Program& program);
  void submit(Program& program);
  void drain(Program& program, const std::string& node);
  void give_up_slow_starts();
  void finish(std::uint64_t submission, std::uint64_t attempt, const std::optional<Error>& error);
  void conclude(std::uint64_t submission);
  RunWorker wish(const Program& program) const;
  std::int64_t now() const { return system_clock().steady_nanos() / 1'000'000; }
  std::int64_t patience() const;
  ClusterAccess access_to(const NodeAddress& worker) const;
  const NodeInfo& self() const { return ground_.setup->self; }

  Ground ground_;
  std::map<std::uint64_t, Worker> workers_;    ///< by submission
  std::map<std::uint64_t, Program> programs_;  ///< by submission
};

}  // namespace stream
