// A submission that this node coordinates: plans it, starts its queries with tasks on the nodes,
// and tells the node agent what becomes of them. Started and destroyed on threads that may wait.
#pragma once

#include <actors/node.hpp>
#include <actors/query_handle.hpp>
#include <actors/query_nodes.hpp>

#include <condition_variable>
#include <mutex>

namespace stream {

class ProgramRun : public std::enable_shared_from_this<ProgramRun> {
 public:
  /// `tell`: any thread, any time until the queries have ended.
  struct Told {
    std::function<void(const std::string& queries)> started;
    std::function<void(const std::string& progress)> progress;
    std::function<void(std::string_view text)> printed;
    std::function<void(const std::optional<Error>& error)> ended;  ///< once
  };

  ProgramRun(caf::actor_system& system, std::shared_ptr<NodePeers> peers, Submission submission,
             Told tell);
  ~ProgramRun();  ///< stops the queries; waits

  /// Plans and starts. Failures go to `ended`.
  void start(const ProgramPlanner& planner);
  /// Stops the queries; waits until they have ended.
  void stop();
  /// Waits until all queries have started; returns when all run so. Error: why one does not; those
  /// before it have changed.
  Result<void> rescale(std::uint32_t parallelism);
  /// Where tasks run that other nodes could lose. Any thread.
  std::vector<QueryNodes::Running> running() const;

 private:
  class Listener;
  Result<void> start_queries(const ProgramPlanner& planner);
  void on_ended(const std::optional<Error>& error);

  caf::actor_system& system_;
  std::shared_ptr<NodePeers> peers_;
  const Submission submission_;
  const Told tell_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<QueryNodes>> nodes_;
  std::condition_variable changed_;  ///< started or stopped
  std::vector<std::shared_ptr<RunningQuery>> queries_;
  std::size_t num_started_ = 0;
  std::size_t num_ended_ = 0;
  bool is_all_started_ = false;
  bool is_told_ = false;
  bool is_stopped_ = false;
  std::optional<Error> error_;
};

}  // namespace stream
