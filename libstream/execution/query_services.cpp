#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/source_lag.hpp>
#include <libstream/execution/query_services.hpp>
#include <libstream/plans/restart_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stream {
namespace {

// A chain of so many changelogs of one operator is merged into a snapshot.
constexpr std::size_t kMaxChangelogs = 16;

SealedFile sealed(const StateFile& file) { return {file.name, file.size_bytes, file.checksum}; }

Error lost_state(EpochId epoch) {
  return fatal(fmt::format(
      "the tasks are lost and with them their state after epoch {}; give the query a checkpoint "
      "directory, which keeps it",
      epoch));
}

std::vector<std::string> names_of(const std::vector<StateFile>& files) {
  std::vector<std::string> names;
  for (const StateFile& file : files) names.push_back(file.name);
  return names;
}

}  // namespace

bool has_stateful_operator(const PhysicalPlan& plan) {
  for (const Stage& stage : plan.stages) {
    for (const PhysicalOperator& op : stage.operators) {
      if (op.make()->is_stateful()) return true;
    }
  }
  return false;
}

/// Entries of one source: in the checkpoint directory, or in memory where there is none.
class QueryServices::Log final : public SourceLog {
 public:
  Log(CheckpointDirectory* directory, std::size_t source)
      : directory_(directory), source_(source) {}

  Result<void> write(std::int64_t n, const std::string& content) override {
    if (directory_) return directory_->write_source_entry(source_, n, content);
    entries_[n] = content;
    return {};
  }
  Result<std::vector<std::pair<std::int64_t, std::string>>> read_all() override {
    if (directory_) return directory_->read_source_entries(source_);
    return std::vector<std::pair<std::int64_t, std::string>>(entries_.begin(), entries_.end());
  }
  Result<void> remove_below(std::int64_t n) override {
    if (directory_) return directory_->remove_source_entries_below(source_, n);
    entries_.erase(entries_.begin(), entries_.lower_bound(n));
    return {};
  }

 private:
  CheckpointDirectory* directory_;
  std::size_t source_;
  std::map<std::int64_t, std::string> entries_;
};

QueryServices::QueryServices(std::shared_ptr<const PhysicalPlan> plan, const QueryOptions& options)
    : plan_(std::move(plan)),
      options_(options),
      parallelism_(options.parallelism),
      unsynced_files_(*options.files) {}

QueryServices::~QueryServices() = default;

Result<std::unique_ptr<QueryServices>> QueryServices::open(std::shared_ptr<const PhysicalPlan> plan,
                                                           const QueryOptions& options,
                                                           CheckpointOwnership ownership) {
  std::unique_ptr<QueryServices> services(new QueryServices(std::move(plan), options));
  const auto open_all = [&]() -> Result<void> {
    STREAM_TRY(services->open_checkpoint(ownership));
    STREAM_TRY(services->open_sources());
    return services->open_sinks();
  };
  if (auto opened = open_all(); !opened) return services->cause_of(std::move(opened).error());
  return services;
}

Error QueryServices::cause_of(Error error) {
  if (!directory_ || error.error_class() == ErrorClass::fenced) return error;
  const auto is_own = directory_->check_term();
  const bool is_fenced = !is_own && is_own.error().error_class() == ErrorClass::fenced;
  return is_fenced ? is_own.error() : error;
}

FileSystem& QueryServices::sink_files() {
  if (directory_) return *options_.files;
  return unsynced_files_;
}

Result<std::optional<EpochCommit>> QueryServices::read_commit() {
  STREAM_TRY(const auto text, directory_->last_commit());
  if (!text) return std::optional<EpochCommit>();
  const std::string place =
      fmt::format("{}/commits/{}", options_.checkpoint_directory, text->first);
  auto commit = parse_epoch_commit(text->second);
  if (!commit) return std::move(commit).error().with_context(place);
  if (commit->ends.size() != plan_->sources.size())
    return bad_plan(
        fmt::format("{} belongs to a query of {} sources, this one has {}; give it a "
                    "checkpoint directory of its own",
                    place, commit->ends.size(), plan_->sources.size()));
  return std::optional<EpochCommit>(std::move(*commit));
}

Result<std::optional<EpochOffsets>> QueryServices::read_offsets() {
  STREAM_TRY(const auto text, directory_->uncommitted_offsets());
  if (!text) return std::optional<EpochOffsets>();
  auto offsets = parse_epoch_offsets(text->second);
  if (!offsets)
    return std::move(offsets).error().with_context(
        fmt::format("{}/offsets/{}", options_.checkpoint_directory, text->first));
  return std::optional<EpochOffsets>(std::move(*offsets));
}

Result<void> QueryServices::open_checkpoint(CheckpointOwnership ownership) {
  if (options_.checkpoint_directory.empty()) {
    query_id_ = make_unique_id();
    return {};
  }
  STREAM_TRY(directory_, CheckpointDirectory::open(*options_.files, options_.checkpoint_directory,
                                                   restart_text(*plan_), ownership));
  query_id_ = directory_->query_id();
  STREAM_TRY(const auto commit, read_commit());
  STREAM_TRY(auto offsets, read_offsets());
  if (offsets && offsets->parallelism != options_.parallelism && plan_->has_marker_sinks())
    return fatal(fmt::format(
        "{}/offsets/{} was begun with parallelism {}, and its sink may have committed in "
        "some of the tasks: start the query with that parallelism until it is committed",
        options_.checkpoint_directory, offsets->epoch, offsets->parallelism));
  recovered_ = RecoveredCheckpoint::of(commit, std::move(offsets));
  if (commit) committed_files_ = commit->state_files;
  return {};
}

Result<void> QueryServices::open_sources() {
  for (std::size_t i = 0; i < plan_->sources.size(); ++i) {
    logs_.push_back(std::make_unique<Log>(directory_.get(), i));
    planners_.push_back(plan_->sources[i]->make_planner());
    const bool is_available_now = options_.trigger.kind == Trigger::Kind::available_now;
    STREAM_TRY(planners_[i]->open(
        {*options_.files, *options_.clock, *logs_[i], options_.parallelism, is_available_now}));
  }
  return {};
}

Result<void> QueryServices::open_sinks() {
  for (const auto& sink : plan_->sinks) {
    // It removes what died unfinished: a run that is late must not take what lives for that.
    if (directory_) STREAM_TRY(directory_->check_term());
    committers_.push_back(sink->make_committer());
    STREAM_TRY(committers_.back()->recover({sink_files(), query_id_, 0, 1, term()},
                                           recovered_.last_committed));
  }
  return {};
}

Result<std::vector<std::string>> QueryServices::initial_offsets() {
  if (!recovered_.committed_ends.empty()) return recovered_.committed_ends;
  std::vector<std::string> offsets;
  for (const auto& planner : planners_) {
    STREAM_TRY(std::string offset, planner->initial_offset());
    offsets.push_back(std::move(offset));
  }
  return offsets;
}

bool QueryServices::blocks_to_plan() const {
  return std::any_of(planners_.begin(), planners_.end(),
                     [](const auto& planner) { return planner->blocks(); });
}

bool QueryServices::blocks_to_commit_sinks() const {
  return std::any_of(committers_.begin(), committers_.end(),
                     [](const auto& committer) { return committer->blocks(); });
}

Result<PlannedSources> QueryServices::plan_sources(const PlanSources& command) {
  PlannedSources planned;
  for (std::size_t i = 0; i < planners_.size(); ++i) {
    const std::string& start = command.starts[i];
    std::optional<std::string> end = start;
    if (!plan_->sources[i]->is_static()) {
      STREAM_TRY(end, planners_[i]->latest_offset(start, command.batch_time));
    }
    STREAM_TRY(auto splits, planners_[i]->plan(start, end.value_or("")));
    SourceStanding standing;
    if (const auto* lag = dynamic_cast<const SourceLag*>(planners_[i].get()))
      standing = {lag->newest_offset(), lag->metrics(end.value_or(start))};
    planned.standings.push_back(std::move(standing));
    planned.ends.push_back(std::move(end));
    planned.splits.push_back(std::move(splits));
  }
  return planned;
}

Result<std::vector<std::vector<Split>>> QueryServices::plan_splits(
    const std::vector<SourceRange>& ranges) {
  std::vector<std::vector<Split>> splits;
  for (std::size_t i = 0; i < planners_.size(); ++i) {
    STREAM_TRY(auto planned, planners_[i]->plan(ranges[i].start, ranges[i].end));
    splits.push_back(std::move(planned));
  }
  return splits;
}

EpochAssignment make_assignment(const PhysicalPlan& plan, const BeginEpoch& command,
                                const std::vector<std::vector<Split>>& splits) {
  const EpochOffsets& offsets = command.offsets;
  EpochAssignment assignment;
  assignment.start = {offsets.epoch,         offsets.epoch + 1, offsets.batch_time,
                      command.is_checkpoint, offsets.watermark, command.late_watermark};
  for (std::uint32_t s = 0; s < plan.stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    if (!stage.source) continue;
    const std::uint32_t first = plan.first_task(s);
    const auto queue = std::make_shared<SplitQueue>(splits[*stage.source], stage.parallelism,
                                                    plan.shares_splits(*stage.source));
    for (std::uint32_t i = 0; i < stage.parallelism; ++i)
      assignment.splits[first + i] = DealtSplits(queue, i);
  }
  return assignment;
}

Result<void> QueryServices::write_offsets(const WriteOffsets& command) {
  EpochOffsets offsets = command.offsets;
  offsets.term = term();
  offsets.parallelism = parallelism_;
  return directory_->write_offsets(offsets.epoch, to_text(offsets));
}

Result<void> QueryServices::write_state(const TaskDone& done) {
  if (!directory_) return {};
  sealed_files_.insert(sealed_files_.end(), done.files.begin(), done.files.end());
  for (const SealedState& state : done.state) {
    STREAM_TRY(const SealedFile file, directory_->write_state(state.operator_id, done.epoch,
                                                              done.report.task, state.pieces));
    sealed_files_.push_back({file.name, file.size_bytes, file.checksum, 0, plan_->num_groups - 1,
                             state.operator_id, done.epoch, false});
  }
  return {};
}

Result<void> QueryServices::commit_sinks(const CommitSinks& command) {
  for (std::size_t i = 0; i < committers_.size(); ++i) {
    std::vector<std::string> messages;
    for (const SinkMessage& message : command.messages) {
      if (message.sink == i) messages.push_back(message.content);
    }
    STREAM_TRY(committers_[i]->commit(command.epoch, messages));
  }
  return {};
}

Result<void> QueryServices::write_commit(const WriteCommit& command) {
  EpochCommit commit = command.commit;
  commit.term = term();
  commit.state_files = committed_files_;
  commit.state_files.insert(commit.state_files.end(), sealed_files_.begin(), sealed_files_.end());
  STREAM_TRY(directory_->write_commit(commit.epoch, to_text(commit)));
  committed_files_ = std::move(commit.state_files);
  sealed_files_.clear();
  return {};
}

Result<void> QueryServices::commit_sources(const std::vector<std::string>& ends) {
  for (std::size_t i = 0; i < planners_.size(); ++i) {
    if (!plan_->sources[i]->is_static()) STREAM_TRY(planners_[i]->commit(ends[i]));
  }
  return {};
}

Result<void> QueryServices::sweep(EpochId epoch) {
  if (!directory_) return {};
  std::vector<std::string> live = names_of(committed_files_);
  STREAM_TRY(merge_long_chains(epoch));
  // The files of the newest commit stay until a later one lists the snapshots instead of them.
  for (std::string& name : names_of(committed_files_)) live.push_back(std::move(name));
  return directory_->sweep(epoch, live);
}

Result<void> QueryServices::merge_long_chains(EpochId epoch) {
  std::map<std::string, std::vector<StateFile>> chains;
  for (const StateFile& file : committed_files_) chains[file.operator_id].push_back(file);
  for (const auto& [operator_id, chain] : chains) {
    std::set<EpochId> epochs;
    for (const StateFile& file : chain) epochs.insert(file.epoch);
    if (epochs.size() <= kMaxChangelogs) continue;
    std::vector<SealedFile> inputs;
    for (const StateFile& file : chain) inputs.push_back(sealed(file));
    STREAM_TRY(const SealedFile merged, directory_->merge_state(operator_id, epoch, inputs));
    std::erase_if(committed_files_,
                  [&](const StateFile& file) { return file.operator_id == operator_id; });
    committed_files_.insert(committed_files_.begin(),
                            {merged.name, merged.size_bytes, merged.checksum, 0,
                             plan_->num_groups - 1, operator_id, epoch, true});
  }
  return {};
}

void QueryServices::change_plan(std::shared_ptr<const PhysicalPlan> plan,
                                std::uint32_t parallelism) {
  plan_ = std::move(plan);
  parallelism_ = parallelism;
  for (const auto& planner : planners_) planner->set_parallelism(parallelism);
}

Result<RestoredState> QueryServices::load_state(EpochId from) {
  RestoredState restored;
  sealed_files_.clear();
  if (from < 0) return restored;
  if (!directory_)
    return has_stateful_operator(*plan_) ? Result<RestoredState>(lost_state(from)) : restored;
  BlockPool pool;
  return deal_out_state(*plan_, committed_files_,
                        [&](const SealedFile& file) { return directory_->read_state(file, pool); });
}

Result<RestoredState> deal_out_state(const PhysicalPlan& plan, const std::vector<StateFile>& files,
                                     const StateReader& read) {
  RestoredState restored;
  for (const StateFile& file : files) {
    STREAM_TRY(const auto pieces, read(sealed(file)));
    for (std::uint32_t s = 0; s < plan.stages.size(); ++s) {
      const Stage& stage = plan.stages[s];
      const bool has_operator =
          std::any_of(stage.operators.begin(), stage.operators.end(),
                      [&](const PhysicalOperator& op) { return op.id == file.operator_id; });
      if (!has_operator) continue;
      // Every task of the stage gets the piece and takes the rows of its own key groups.
      for (std::uint32_t i = 0; i < stage.parallelism; ++i)
        restored[plan.first_task(s) + i].push_back({file.operator_id, pieces});
    }
  }
  return restored;
}

}  // namespace stream
