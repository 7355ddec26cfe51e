#include <algorithm>

#include "simulated_node.hpp"

namespace stream::simulation {
namespace {

constexpr std::int64_t kRowsOfKey = 100'000;

std::size_t keyed_task_of(std::int64_t key, std::size_t num_tasks) {
  return (static_cast<std::uint64_t>(key) * 2654435761u >> 7) % num_tasks;
}

std::int64_t key_of(const Counts::key_type& entry, Workload workload) {
  return workload == Workload::join ? entry.second / kRowsOfKey : entry.second;
}

}  // namespace

void SimulatedNode::open(const Layout& layout) {
  for (const auto& [run, host] : hosts_) {
    if (run > layout.run) return;  // of an owner that has been replaced
  }
  std::erase_if(hosts_, [&](const auto& host) { return host.first < layout.run; });
  Host host;
  host.layout = layout;
  Counts all;
  for (const Counts& part : cluster_.world().states_of(layout.from))
    all.insert(part.begin(), part.end());
  for (std::size_t task = 0; task < layout.placement.size(); ++task) {
    if (layout.placement[task] != id_) continue;
    Task& made = host.tasks[task];
    if (task < layout.num_sources) continue;
    for (const auto& [entry, value] : all) {
      const std::size_t owner =
          layout.num_sources +
          keyed_task_of(key_of(entry, cluster_.workload()), layout.num_keyed());
      if (owner != task) continue;
      const bool forgets = cluster_.bug() == ClusterBug::forgets_moved_state &&
                           layout.run.second > 1 && task % 2 == 1;
      if (!forgets) made.state[entry] = value;
    }
  }
  const bool is_slow = cluster_.world().fault_chance(50);
  if (is_slow) cluster_.happened(ClusterFault::slow_disk);
  cluster_.later(
      id_,
      [host = std::move(host)](SimulatedNode& self) {
        const Layout opened = host.layout;
        if (!self.hosts_.empty() && self.hosts_.rbegin()->first >= opened.run) return;
        self.hosts_[opened.run] = host;
        self.cluster_.send(
            self.id_, opened.coordinator,
            [opened, from = self.id_](SimulatedNode& to) { to.opened(opened.run, from); });
      },
      is_slow ? 100 : 4);
}

/// Tasks may have been thrown away while nobody could be told.
void SimulatedNode::check_tasks(const Run& run, const std::string& coordinator) {
  if (hosts_.contains(run)) return;
  cluster_.send(id_, coordinator, [run](SimulatedNode& node) { node.task_failed(run); });
}

void SimulatedNode::take_frame(const Run& run, const Frame& frame) {
  const auto found = hosts_.find(run);
  if (found == hosts_.end()) return;
  Host& host = found->second;
  const auto at = host.tasks.find(frame.to);
  if (at == host.tasks.end()) return;
  Task& task = at->second;
  std::uint64_t& expected = task.next_in[frame.from];
  if (cluster_.bug() != ClusterBug::ignores_gaps) {
    if (frame.sequence < expected) return;  // it came twice
    if (frame.sequence > expected) {
      cluster_.happened(ClusterFault::missing_frame);
      return report_loss(host);
    }
  }
  ++expected;
  if (frame.begin) return read_source(host, frame.to, *frame.begin);
  const BeginEpoch& begin = *frame.end;
  if (task.event_times.empty()) {
    task.event_times.resize(host.layout.num_sources);
    task.sources_left = host.layout.num_sources;
  }
  for (const Row& row : frame.rows) take_row(task, row, begin);
  const bool is_last = frame.rows.empty();
  if (is_last && --task.sources_left == 0) finish(host, frame.to, begin);
}

void SimulatedNode::read_source(Host& host, std::size_t task, const BeginEpoch& begin) {
  World& world = cluster_.world();
  const SourceRange& range = begin.offsets.ranges[task];
  std::int64_t number = std::stoll(range.start);
  const std::int64_t end = std::stoll(range.end);
  const std::size_t num_keyed = host.layout.num_keyed();
  while (number < end) {
    const std::int64_t chunk_end = std::min(end, number + world.pick(1, 40));
    std::vector<Frame> frames(num_keyed);
    for (; number < chunk_end; ++number) {
      const Row row = world.row(task, number);
      frames[keyed_task_of(row.key, num_keyed)].rows.push_back(row);
    }
    for (std::size_t i = 0; i < num_keyed; ++i) {
      if (frames[i].rows.empty()) continue;
      frames[i].end = begin;
      send_frame(host, task, host.layout.num_sources + i, std::move(frames[i]));
    }
  }
  for (std::size_t i = 0; i < num_keyed; ++i) {
    Frame last;
    last.end = begin;
    send_frame(host, task, host.layout.num_sources + i, std::move(last));
  }
  DoneMessage message;
  message.epoch = begin.offsets.epoch;
  message.task = task;
  cluster_.send(id_, host.layout.coordinator,
                [run = host.layout.run, message](SimulatedNode& node) { node.done(run, message); });
}

void SimulatedNode::send_frame(Host& host, std::size_t from, std::size_t to, Frame frame) {
  frame.from = from;
  frame.to = to;
  frame.sequence = host.tasks[from].next_out[to]++;
  cluster_.send(
      id_, host.layout.placement[to],
      [run = host.layout.run, frame = std::move(frame)](SimulatedNode& node) {
        node.take_frame(run, frame);
      },
      true);
}

void SimulatedNode::take_row(Task& task, const Row& row, const BeginEpoch& begin) {
  if (cluster_.workload() == Workload::counts) {
    task.rows.push_back(World::output_of(row, ++task.state[{row.source, row.key}]));
    return;
  }
  if (cluster_.workload() == Workload::join) {
    const std::size_t other = 1 - row.source;
    const std::int64_t place = row.key * kRowsOfKey + row.number;
    for (auto at = task.state.lower_bound({other, place - kJoinReach});
         at != task.state.end() && at->first <= std::pair(other, place + kJoinReach); ++at) {
      const std::int64_t number = at->first.second % kRowsOfKey;
      if (at->first.second / kRowsOfKey != row.key) continue;
      const std::int64_t left = row.source == 0 ? row.number : number;
      const std::int64_t right = row.source == 0 ? number : row.number;
      task.rows.push_back("key " + std::to_string(row.key) + " left " + std::to_string(left) +
                          " right " + std::to_string(right));
    }
    task.state[{row.source, place}] = 1;
    return;
  }
  EventTimes& times = task.event_times[row.source];
  times.watermark_node = static_cast<std::uint32_t>(row.source);
  times.add({times.watermark_node, row.time, row.time, row.time, 1});
  const std::size_t window = World::window_of(row);
  if (end_of(window) > begin.late_watermark) ++task.state[{window, row.key}];
}

void SimulatedNode::finish(Host& host, std::size_t number, const BeginEpoch& begin) {
  Task& task = host.tasks[number];
  if (cluster_.workload() == Workload::windows) {
    while (!task.state.empty() &&
           end_of(task.state.begin()->first.first) <= begin.offsets.watermark) {
      const auto& [group, count] = *task.state.begin();
      if (group.first < kFirstClosingWindow)
        task.rows.push_back(World::output_of_window(group.first, group.second, count));
      task.state.erase(task.state.begin());
    }
  }
  DoneMessage message;
  message.epoch = begin.offsets.epoch;
  message.task = number;
  message.statistics.event_times = std::exchange(task.event_times, {});
  if (begin.is_checkpoint) {
    const auto& [term, attempt] = host.layout.run;
    const std::string name = id_ + "-" + std::to_string(term) + "-" + std::to_string(attempt) +
                             "-" + std::to_string(number) + "-" + std::to_string(message.epoch);
    cluster_.world().stage(name, std::exchange(task.rows, {}));
    message.staged.push_back(name);
    message.state = task.state;
  }
  const bool is_slow = cluster_.world().fault_chance(20);
  if (is_slow) cluster_.happened(ClusterFault::slow_disk);
  cluster_.later(
      id_,
      [run = host.layout.run, coordinator = host.layout.coordinator,
       message = std::move(message)](SimulatedNode& self) {
        self.cluster_.send(self.id_, coordinator,
                           [run, message](SimulatedNode& node) { node.done(run, message); });
      },
      is_slow ? 100 : 3);
}

void SimulatedNode::report_loss(const Host& host) {
  cluster_.send(id_, host.layout.coordinator,
                [run = host.layout.run](SimulatedNode& node) { node.task_failed(run); });
}

}  // namespace stream::simulation
