#include "simulated_world.hpp"

#include <algorithm>

namespace stream::simulation {
namespace {

std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::crash:
      return "crashes";
    case Fault::crash_during_write:
      return "crashes during a write";
    case Fault::lost_tasks:
      return "lost tasks";
    case Fault::lost_answer:
      return "lost answers";
    case Fault::repeated_answer:
      return "repeated answers";
    case Fault::late_answer:
      return "answers of thrown away tasks";
    case Fault::failed_command:
      return "failed commands";
    case Fault::unclear_write:
      return "writes done but reported as failed";
    case Fault::woken_owner:
      return "old owners woken after a new one";
    case Fault::loss_beside_commit:
      return "tasks lost that ran beside a commit";
    case Fault::refused_owner:
      return "writes refused to old owners";
    case Fault::count:
      break;
  }
  STREAM_UNREACHABLE("fault");
}

Scenario make_scenario(std::uint64_t seed, Bug bug) {
  std::mt19937_64 random(mix(seed + 1));
  const auto pick = [&random](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  };
  Scenario made;
  made.seed = seed;
  made.bug = bug;
  const Duration interval{std::array<int, 4>{0, 20, 50, 100}[static_cast<std::size_t>(pick(0, 3))]};
  switch (pick(0, 3)) {
    case 0:
      made.trigger = Trigger::processing_time(interval);
      break;
    case 1:
      made.trigger = Trigger::every(std::max(interval, Duration{20}));
      break;
    case 2:
      made.trigger = Trigger::available_now();
      break;
    default:
      made.trigger = Trigger::manual();
      break;
  }
  if (pick(0, 1) == 1) made.checkpoint_interval = Duration{pick(1, 300)};
  made.num_tasks = static_cast<std::size_t>(pick(1, 4));
  made.num_sources = static_cast<std::size_t>(pick(1, 3));
  made.rows_per_source = pick(50, 400);
  made.rows_per_second = pick(50, 400);
  made.rows_per_epoch = pick(5, 100);
  made.num_keys = pick(1, 20);
  made.has_watermarks = pick(0, 1) == 1;
  made.faults_until = 1'000'000 + pick(500, 4000);
  made.overlaps_commits = made.checkpoint_interval > Duration{0} && pick(0, 1) == 1;
  return made;
}

World::World(const Scenario& scenario)
    : scenario_(scenario), random_(mix(scenario.seed + 2)), start_(1'000'000), now_(start_) {}

std::int64_t World::pick(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
}

bool World::fault_chance(int per_mille) {
  return now_ < scenario_.faults_until && pick(1, 1000) <= per_mille;
}

void World::at(EpochMillis time, std::function<void()> event) {
  events_.emplace(std::pair{std::max(time, now_), next_event_++}, std::move(event));
}

bool World::step() {
  if (events_.empty()) return false;
  auto event = events_.extract(events_.begin());
  now_ = event.key().first;
  event.mapped()();
  return true;
}

void World::trace(std::string_view what, std::int64_t detail) {
  for (const char c : what)
    trace_hash_ = (trace_hash_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  trace_hash_ = mix(trace_hash_ ^ static_cast<std::uint64_t>(detail) ^
                    (static_cast<std::uint64_t>(now_) << 20));
}

std::int64_t World::rows_available(std::size_t) const {
  return std::min(num_rows(), (now_ - start_) * scenario_.rows_per_second / 1000);
}

Row World::row(std::size_t source, std::int64_t number) const {
  const auto hash =
      mix(scenario_.seed * 1000 + source * 7 + static_cast<std::uint64_t>(number) * 31);
  const std::int64_t lead = number < scenario_.rows_per_source ? 0 : kClosingTime;
  return {source, number,
          static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(scenario_.num_keys)),
          lead + number * 100 + static_cast<EpochMillis>(mix(hash) % kDelay)};
}

std::size_t World::task_of(const Row& row) const {
  return mix(static_cast<std::uint64_t>(row.key) + 99) % scenario_.num_tasks;
}

std::string World::output_of(const Row& row, std::int64_t count) {
  return "source " + std::to_string(row.source) + " row " + std::to_string(row.number) + " key " +
         std::to_string(row.key) + " count " + std::to_string(count);
}

std::string World::output_of_window(std::size_t window, std::int64_t key, std::int64_t count) {
  return "window " + std::to_string(window) + " key " + std::to_string(key) + " count " +
         std::to_string(count);
}

std::vector<std::string> World::expected_windows() const {
  Counts counts;
  for (std::size_t source = 0; source < scenario_.num_sources; ++source) {
    for (std::int64_t number = 0; number < scenario_.rows_per_source; ++number) {
      const Row one = row(source, number);
      ++counts[{window_of(one), one.key}];
    }
  }
  std::vector<std::string> rows;
  for (const auto& [group, count] : counts)
    rows.push_back(output_of_window(group.first, group.second, count));
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> World::expected_output() const {
  if (scenario_.has_watermarks) return expected_windows();
  std::vector<std::string> rows;
  Counts counts;
  for (std::size_t source = 0; source < scenario_.num_sources; ++source) {
    for (std::int64_t number = 0; number < scenario_.rows_per_source; ++number) {
      const Row one = row(source, number);
      rows.push_back(output_of(one, ++counts[{source, one.key}]));
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

// ---- store ----

bool World::refuses(std::int64_t term, bool exists) {
  if (scenario_.bug == Bug::overwrites_entries) return false;
  if (term < newest_term_) happened(Fault::refused_owner);
  return term < newest_term_ || exists;
}

Result<void> World::write_offsets(std::int64_t term, const EpochOffsets& offsets) {
  if (refuses(term, offsets_.contains(offsets.epoch))) return fenced("offsets: another owner");
  EpochOffsets stored = offsets;
  stored.term = term;
  offsets_[stored.epoch] = to_text(stored);
  return {};
}

Result<void> World::write_commit(std::int64_t term, EpochCommit commit,
                                 std::vector<Counts> states) {
  if (refuses(term, commits_.contains(commit.epoch))) return fenced("commits: another owner");
  commit.term = term;
  const EpochId epoch = commit.epoch;
  commits_[epoch] = {to_text(commit), std::move(states)};
  return {};
}

RecoveredCheckpoint World::recover() const {
  std::optional<EpochCommit> commit;
  if (!commits_.empty()) commit = parse_epoch_commit(commits_.rbegin()->second.text).value();
  std::optional<EpochOffsets> uncommitted;
  const auto next = offsets_.upper_bound(commit ? commit->epoch : -1);
  if (next != offsets_.end()) uncommitted = parse_epoch_offsets(next->second).value();
  return RecoveredCheckpoint::of(commit, std::move(uncommitted));
}

std::vector<Counts> World::states_of(EpochId epoch) const {
  const auto found = commits_.find(epoch);
  if (found == commits_.end()) return std::vector<Counts>(scenario_.num_tasks);
  return found->second.states;
}

bool World::is_all_committed() const {
  if (commits_.empty()) return false;
  const EpochCommit commit = parse_epoch_commit(commits_.rbegin()->second.text).value();
  return std::all_of(commit.ends.begin(), commit.ends.end(),
                     [this](const std::string& end) { return end == std::to_string(num_rows()); });
}

// ---- sinks ----

Result<void> World::write_manifest(EpochId epoch, const std::vector<std::string>& names) {
  if (manifests_.contains(epoch)) return {};
  for (const std::string& name : names) {
    if (!staged_.contains(name)) return fenced(name + " was swept by another owner");
  }
  manifests_[epoch] = names;
  return {};
}

Result<void> World::commit_marked(std::size_t task, EpochId epoch, const std::string& name) {
  const auto marker = markers_.find(task);
  if (marker != markers_.end() && marker->second >= epoch) return {};
  const auto rows = staged_.find(name);
  if (rows == staged_.end()) return fenced(name + " was swept by another owner");
  markers_[task] = epoch;
  marked_rows_.insert(marked_rows_.end(), rows->second.begin(), rows->second.end());
  return {};
}

void World::sweep() {
  std::erase_if(staged_, [this](const auto& staged) {
    return std::none_of(manifests_.begin(), manifests_.end(), [&](const auto& manifest) {
      return std::count(manifest.second.begin(), manifest.second.end(), staged.first) > 0;
    });
  });
}

std::vector<std::string> World::resumable_output() const {
  std::vector<std::string> rows;
  for (const auto& [epoch, names] : manifests_) {
    for (const std::string& name : names) {
      const auto& staged = staged_.at(name);
      rows.insert(rows.end(), staged.begin(), staged.end());
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> World::marked_output() const {
  std::vector<std::string> rows = marked_rows_;
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace stream::simulation
