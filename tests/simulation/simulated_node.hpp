// A node of the simulated cluster: its board (simulated_node.cpp), the tasks that others placed on
// it (simulated_tasks.cpp) and the coordinator that it was told to run (simulated_coordinator.cpp).
#pragma once

#include "simulated_cluster.hpp"

namespace stream::simulation {

/// One generation of tasks: term of the coordinator and its attempt.
using Run = std::pair<std::int64_t, std::int64_t>;

/// How the tasks of a run lie: source tasks first, then keyed ones.
struct Layout {
  Run run;
  std::string coordinator;
  std::size_t num_sources = 0;
  Placement placement;
  EpochId from = -1;  ///< state to restore
  std::size_t num_keyed() const { return placement.size() - num_sources; }
};

struct Frame {
  std::size_t from = 0;
  std::size_t to = 0;
  std::uint64_t sequence = 0;
  std::vector<Row> rows;
  std::optional<BeginEpoch> begin;  ///< to a source task
  std::optional<BeginEpoch> end;    ///< the last of its source in this epoch
};

struct DoneMessage {
  EpochId epoch = 0;
  std::size_t task = 0;
  EpochStatistics statistics;
  std::vector<std::string> staged;
  std::optional<Counts> state;
};

class SimulatedNode {
 public:
  SimulatedNode(SimulatedCluster& cluster, std::string id);
  void start(const std::vector<NodeInfo>& others);

  const std::string& id() const { return id_; }
  ClusterBoard& board() { return board_; }
  void handle(const ClusterCommands& commands);
  void tick();
  void link_broke(const std::string& other);
  bool coordinates() const { return coordinator_ != nullptr; }

  // Messages of other nodes.
  void open(const Layout& layout);
  void opened(const Run& run, const std::string& node);
  void check_tasks(const Run& run, const std::string& coordinator);
  void take_frame(const Run& run, const Frame& frame);
  void done(const Run& run, const DoneMessage& message);
  void task_failed(const Run& run);

 private:
  struct Task {
    Counts state;
    std::vector<std::string> rows;
    std::vector<EventTimes> event_times;
    std::size_t sources_left = 0;
    std::map<std::size_t, std::uint64_t> next_in, next_out;
  };
  struct Host {
    Layout layout;
    std::map<std::size_t, Task> tasks;
  };
  struct Coordinator;

  EpochMillis now() const { return cluster_.world().now(); }
  void carry_out(const SendView& command);
  void carry_out(const SendHeartbeat& command);
  void carry_out(const AskToJoin& command);
  void carry_out(const MembersChanged& command);
  void carry_out(const StartSubmission& command);
  void carry_out(const StopSubmission& command);
  void carry_out(const RescaleSubmission& command);
  void carry_out(const SendReport& command);

  // Tasks.
  void read_source(Host& host, std::size_t task, const BeginEpoch& begin);
  void send_frame(Host& host, std::size_t from, std::size_t to, Frame frame);
  void take_row(Task& task, const Row& row, const BeginEpoch& begin);
  void finish(Host& host, std::size_t task, const BeginEpoch& begin);
  void report_loss(const Host& host);

  // The coordinator of the one submission, if it is here.
  void start_coordinator(const Submission& submission);
  void report_running(std::size_t num_keyed);
  void rescale(std::size_t num_keyed);
  void ask_for_tasks();
  void commands(const Commands& list);
  void answer(std::function<Commands(Coordinator&)> event, EpochMillis delay_max = 5);
  void write(std::function<Result<void>()> effect, std::function<Commands(Coordinator&)> event);
  void open_tasks(EpochId from, std::int64_t attempt);
  void check_placement(const std::vector<std::string>& lost);
  void begin(const BeginEpoch& command);
  void commit_sinks(const CommitSinks& command);
  void fail(Error error);
  void stopped(const std::optional<Error>& error);
  Result<Placement> wanted_placement() const;

  SimulatedCluster& cluster_;
  std::string id_;
  ClusterBoard board_;
  std::map<Run, Host> hosts_;
  std::shared_ptr<Coordinator> coordinator_;
};

}  // namespace stream::simulation
