// The control loop of a large cluster, without the cluster: its pure objects get the events that so
// many nodes would send, and their messages are encoded and read.
#include <libstream/control/cluster_board.hpp>
#include <libstream/control/epoch_coordinator.hpp>
#include <libstream/control/placement.hpp>
#include <libstream/execution/peer_messages.hpp>
#include <tests/perf/node_workloads.hpp>

#include <fmt/format.h>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{60'000};
constexpr std::size_t kStages = 3;  ///< sources, state, sinks: a task of each on each node
constexpr std::size_t kTasksASlot = 1;
constexpr int kNumEpochs = 20;

template <class T>
const T* find(const Commands& commands) {
  for (const Command& command : commands) {
    if (const T* found = std::get_if<T>(&command)) return found;
  }
  return nullptr;
}

NodeInfo node_of(std::size_t number) {
  return {fmt::format("0123456789abcdef0123456789ab{:08}", number), "10.0.0.1", 4242, 2};
}

/// What one node tells of an epoch: a report with the answers of its tasks and their state files.
std::string report_of(std::size_t node, std::size_t num_nodes, EpochId epoch) {
  HostReport report;
  report.generation = {1, 1};
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    TaskDone done;
    done.epoch = epoch;
    done.report.task = static_cast<TaskIndex>(stage * num_nodes + node);
    if (stage == 1)
      done.files.push_back({fmt::format("aggregate-3/{}-1-{}.delta", epoch, node), 1'000'000, 77, 0,
                            127, "aggregate-3", epoch, false});
    if (stage == 2) done.report.sink_messages.push_back({0, done.report.task, "part-00001.json"});
    report.done.push_back(std::move(done));
  }
  return encode_frame(report);
}

/// Drives one epoch of a query on all nodes; bytes that come to the coordinator.
class EpochDrive {
 public:
  explicit EpochDrive(std::size_t num_nodes)
      : num_nodes_(num_nodes), coordinator_(options(), {"0"}) {
    commands_ = coordinator_.on_start(1'000, {});
  }

  Result<std::size_t> run(EpochId epoch) {
    const EpochMillis now = 1'000 + epoch;
    std::size_t bytes = 0;
    if (!find<PlanSources>(commands_)) commands_ = coordinator_.on_tick(now);
    commands_ = coordinator_.on_offsets_planned(epoch, now, {std::to_string(epoch + 1)});
    commands_ = coordinator_.on_offsets_written(epoch, now);
    if (!find<BeginEpoch>(commands_)) return fatal("the epoch did not begin");
    std::vector<StateFile> files;
    for (std::size_t node = 0; node < num_nodes_; ++node) {
      const std::string frame = report_of(node, num_nodes_, epoch);
      bytes += frame.size();
      STREAM_TRY(HostReport report, decode_frame<HostReport>(frame));
      for (TaskDone& done : report.done) {
        files.insert(files.end(), done.files.begin(), done.files.end());
        commands_ = coordinator_.on_task_done(epoch, std::move(done.report), now);
      }
    }
    if (!find<CommitSinks>(commands_)) return fatal("the tasks' answers did not end the epoch");
    commands_ = coordinator_.on_sinks_committed(epoch, now);
    const auto* write = find<WriteCommit>(commands_);
    if (!write) return fatal("no commit was asked for");
    EpochCommit commit = write->commit;
    commit.state_files = std::move(files);
    commit_bytes_ = to_text(commit).size();
    commands_ = coordinator_.on_commit_written(epoch, now);
    if (coordinator_.last_committed() != epoch) return fatal("the epoch was not committed");
    return bytes;
  }
  std::size_t commit_bytes() const { return commit_bytes_; }

 private:
  CoordinatorOptions options() const {
    CoordinatorOptions made;
    made.trigger = Trigger::processing_time(Duration(0));
    made.num_tasks = num_nodes_ * kStages * kTasksASlot;
    made.durable = true;
    return made;
  }

  std::size_t num_nodes_;
  EpochCoordinator coordinator_;
  Commands commands_;
  std::size_t commit_bytes_ = 0;
};

Result<Work> run_epochs(std::size_t num_nodes) {
  EpochDrive drive(num_nodes);
  std::size_t bytes = 0;
  const double cpu_before = cpu_seconds_now();
  const Stopwatch watch;
  for (EpochId epoch = 0; epoch < kNumEpochs; ++epoch) {
    STREAM_TRY(bytes, drive.run(epoch));
  }
  const double cpu = (cpu_seconds_now() - cpu_before) / kNumEpochs;
  // Of each node: epochs to begin and credits go out with rows; one report comes in.
  return Work{watch.seconds(), kNumEpochs,
              fmt::format("an epoch: {:.2f} ms of processor time, {} reports in, {} begins out, "
                          "{:.0f} KB in, {:.0f} KB commit",
                          cpu * 1e3, num_nodes, num_nodes, static_cast<double>(bytes) / 1e3,
                          static_cast<double>(drive.commit_bytes()) / 1e3)};
}

/// A leader of so many members: a heartbeat of each, its own tick, a view for all when one joins.
Result<Work> run_heartbeats(std::size_t num_nodes) {
  constexpr int kBeats = 20;
  ClusterBoard board(node_of(0), {}, 0);
  for (std::size_t i = 1; i < num_nodes; ++i) (void)board.on_join(node_of(i), {}, 0);
  if (board.view().members.size() != num_nodes) return fatal("members are missing");
  std::int64_t now = 0;
  const double cpu_before = cpu_seconds_now();
  const Stopwatch watch;
  std::size_t sent = 0;
  for (int beat = 0; beat < kBeats; ++beat) {
    now += 1'000;
    const std::string frame = encode_frame(Heartbeat{"", board.pulse()});
    for (std::size_t i = 1; i < num_nodes; ++i) {
      STREAM_TRY(const Heartbeat heartbeat, decode_frame<Heartbeat>(frame));
      (void)board.on_heartbeat(node_of(i).id, heartbeat.pulse, now);
    }
    for (const ClusterCommand& command : board.on_tick(now)) {
      if (const auto* heartbeat = std::get_if<SendHeartbeat>(&command))
        sent += heartbeat->to.size();
    }
  }
  const double cpu = (cpu_seconds_now() - cpu_before) / kBeats;
  if (sent != (num_nodes - 1) * kBeats) return fatal("the leader did not greet every member");
  const std::size_t view = encode_frame(ViewMessage{"", board.view()}).size();
  return Work{
      watch.seconds(), kBeats,
      fmt::format("a heartbeat of the leader: {:.2f} ms of processor time, {} in, {} out; "
                  "a change: {:.0f} KB to each",
                  cpu * 1e3, num_nodes - 1, num_nodes - 1, static_cast<double>(view) / 1e3)};
}

Result<Work> run_placements(std::size_t num_nodes) {
  std::vector<PlacementNode> nodes;
  for (std::size_t i = 0; i < num_nodes; ++i) nodes.push_back({node_of(i).id, 2});
  const auto tasks = static_cast<std::uint32_t>(num_nodes * kTasksASlot);
  const std::vector<std::uint32_t> stages(kStages, tasks);
  const Stopwatch watch;
  STREAM_TRY(const Placement placement, place_tasks(stages, nodes, {}));
  const double first = watch.seconds();
  nodes.pop_back();
  STREAM_TRY(const Placement again, place_tasks(stages, nodes, placement));
  std::size_t moved = 0;
  for (std::size_t i = 0; i < placement.size(); ++i) moved += placement[i] != again[i] ? 1 : 0;
  if (moved != kStages * kTasksASlot) return fatal(fmt::format("{} tasks moved", moved));
  OpenTasks open;
  open.placement = again;
  return Work{
      watch.seconds(), static_cast<std::int64_t>(placement.size()),
      fmt::format("{:.2f} ms to place, {:.2f} ms without a node; {:.0f} KB to open tasks at "
                  "each node",
                  first * 1e3, (watch.seconds() - first) * 1e3,
                  static_cast<double>(encode_frame(open).size()) / 1e3)};
}

}  // namespace

void measure_control_loop(const BenchOptions&, const Print& print) {
  for (const std::size_t num_nodes : {10, 100, 1000}) {
    const std::pair<const char*, Result<Work> (*)(std::size_t)> parts[] = {
        {"epochs", run_epochs}, {"heartbeats", run_heartbeats}, {"placement", run_placements}};
    for (const auto& [name, run] : parts) {
      const Measured measured = measure([&] { return run(num_nodes); }, kTimeLimit);
      print(line_of(fmt::format("W8 control {} nodes {}", num_nodes, name), measured,
                    measured.work.note));
    }
  }
}

}  // namespace stream::perf
