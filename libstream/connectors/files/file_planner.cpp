#include <libstream/connectors/files/byte_codecs.hpp>
#include <libstream/connectors/files/file_planner.hpp>
#include <libstream/connectors/files/format_file_reader.hpp>
#include <libstream/connectors/files/seen_files.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace stream {
namespace {

constexpr std::uint64_t kLargestSplit = 32u << 20;
constexpr std::uint64_t kSmallestSplit = 1u << 20;
constexpr std::uint64_t kSplitsPerTask = 16;  ///< the last one of a task keeps the others waiting

/// Bytes of a split: as many for each task, of files of any size, as the range has.
std::uint64_t split_bytes(const std::vector<ListedFile>& files, std::uint32_t parallelism) {
  if (parallelism == 1) return kLargestSplit;
  std::uint64_t total = 0;
  for (const ListedFile& file : files) total += file.size_bytes;
  return std::clamp(total / (parallelism * kSplitsPerTask), kSmallestSplit, kLargestSplit);
}

std::vector<Split> cut_files(const std::vector<ListedFile>& files, bool can_split,
                             std::uint32_t parallelism) {
  const std::uint64_t wanted = split_bytes(files, parallelism);
  std::vector<Split> splits;
  for (const ListedFile& file : files) {
    FileRange range{file.path, file.base, 0, 0, file.size_bytes, file.modified_millis};
    const bool is_whole = !can_split || is_compressed_name(file.path);
    do {
      const std::uint64_t left = file.size_bytes - range.begin;
      range.end = is_whole || left <= wanted + wanted / 10 ? file.size_bytes : range.begin + wanted;
      splits.push_back({encode_file_range(range), static_cast<std::uint32_t>(splits.size())});
      range.begin = range.end;
    } while (range.begin < file.size_bytes);
  }
  return splits;
}

/// Reads the listing whole, each time it is asked.
class StaticFilePlanner final : public SourcePlanner {
 public:
  explicit StaticFilePlanner(std::shared_ptr<const FilePlan> plan) : plan_(std::move(plan)) {}

  Result<void> open(const PlannerContext& context) override {
    parallelism_ = context.parallelism;
    return {};
  }
  Result<std::string> initial_offset() override { return std::string("{}"); }
  Result<std::optional<std::string>> latest_offset(const std::string& start, EpochMillis) override {
    return std::optional(start);
  }
  Result<std::vector<Split>> plan(const std::string&, const std::string&) override {
    return cut_files(plan_->listed, plan_->can_split, parallelism_);
  }
  Result<void> commit(const std::string&) override { return {}; }
  void set_parallelism(std::uint32_t parallelism) override { parallelism_ = parallelism; }

 private:
  std::shared_ptr<const FilePlan> plan_;
  std::uint32_t parallelism_ = 1;
};

std::string format_offset(std::int64_t entry) { return fmt::format("{{\"logOffset\":{}}}", entry); }

Result<std::int64_t> parse_offset(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("logOffset") || !json["logOffset"].is_number_integer())
    return fatal(fmt::format("not an offset of a file source: '{}'", text));
  return json["logOffset"].get<std::int64_t>();
}

class StreamFilePlanner final : public SourcePlanner {
 public:
  explicit StreamFilePlanner(std::shared_ptr<const FilePlan> plan)
      : plan_(std::move(plan)), triggers_(plan_->options.triggers) {
    for (const ListedFile& file : plan_->listed) base_of_[parent_path(file.path)] = file.base;
  }

  Result<void> open(const PlannerContext& context) override {
    context_.emplace(context);
    STREAM_TRY(seen_.open(context.log, context.clock.wall_millis()));
    purge();
    return {};
  }
  Result<std::string> initial_offset() override { return format_offset(-1); }

  Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                   EpochMillis /*batch_time*/) override {
    STREAM_TRY(const std::int64_t from, parse_offset(start));
    // What was taken and not yet read comes first, entry by entry: a crash may lie between.
    if (from < seen_.last_entry()) return std::optional(format_offset(from + 1));
    STREAM_TRY(auto files, new_files());
    select(files);
    if (files.empty()) return std::optional(start);
    std::vector<SeenFile> taken;
    for (const ListedFile& file : files)
      taken.push_back({file.path, file.modified_millis, file.size_bytes});
    STREAM_TRY(seen_.add(taken));
    for (const ListedFile& file : files) newest_ = std::max(newest_, file.modified_millis);
    purge();
    return std::optional(format_offset(seen_.last_entry()));
  }

  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    STREAM_TRY(const std::int64_t from, parse_offset(start));
    STREAM_TRY(const std::int64_t to, parse_offset(end));
    STREAM_TRY(const auto seen, seen_.files_between(from, to));
    std::vector<ListedFile> files;
    for (const SeenFile& file : seen)
      files.push_back({file.path, base_of(file.path), file.modified_millis, file.size_bytes});
    return cut_files(files, plan_->can_split, context_->parallelism);
  }

  Result<void> commit(const std::string& end) override {
    STREAM_TRY(const std::int64_t entry, parse_offset(end));
    if (triggers_.clean != CleanSource::off && entry > committed_) {
      // What cannot be cleaned stays; the rows are safe.
      if (const auto done = seen_.files_between(committed_, entry)) {
        for (const SeenFile& file : *done) clean(file.path);
      }
    }
    committed_ = std::max(committed_, entry);
    seen_.commit(entry);
    return {};
  }
  void set_parallelism(std::uint32_t parallelism) override { context_->parallelism = parallelism; }

 private:
  /// The directory of `path`, or one above, that the source was given.
  std::string base_of(const std::string& path) const {
    if (!plan_->options.selection.base_path.empty()) return plan_->options.selection.base_path;
    if (const auto found = base_of_.find(parent_path(path)); found != base_of_.end())
      return found->second;
    std::string base = parent_path(path);
    while (file_name(base).find('=') != std::string::npos) base = parent_path(base);
    return base;
  }

  bool is_new(const ListedFile& file) const {
    if (file.modified_millis < purged_before_) return false;
    if (triggers_.compares_names_only && seen_names_.contains(file_name(file.path))) return false;
    return !seen_.contains(file.path);
  }

  Result<std::vector<ListedFile>> new_files() {
    if (!kept_.empty()) {
      std::vector<ListedFile> files = std::exchange(kept_, {});
      std::erase_if(files, [&](const ListedFile& file) { return !is_new(file); });
      if (!files.empty()) return files;
    }
    STREAM_TRY(auto files,
               list_source_files(context_->files, plan_->paths, plan_->options.selection));
    for (const ListedFile& file : files) base_of_[parent_path(file.path)] = file.base;
    std::erase_if(files, [&](const ListedFile& file) { return !is_new(file); });
    std::sort(files.begin(), files.end(), [&](const ListedFile& a, const ListedFile& b) {
      if (a.modified_millis != b.modified_millis)
        return (a.modified_millis < b.modified_millis) != triggers_.latest_first;
      return a.path < b.path;
    });
    return files;
  }

  /// Keeps what the limits admit; the rest is for later epochs while it is enough.
  void select(std::vector<ListedFile>& files) {
    std::size_t count = files.size();
    if (triggers_.max_files)
      count = std::min(count, static_cast<std::size_t>(*triggers_.max_files));
    if (triggers_.max_bytes) {
      auto left = static_cast<std::uint64_t>(*triggers_.max_bytes);
      for (count = 0; count < files.size(); ++count) {
        if (count > 0 && files[count].size_bytes > left) break;
        left -= std::min(left, files[count].size_bytes);
      }
    }
    if (count < files.size() && !triggers_.latest_first) {
      const auto first = files.begin() + static_cast<std::ptrdiff_t>(count);
      double rest = 0;
      for (auto file = first; file != files.end(); ++file)
        rest += triggers_.max_files ? 1.0 : static_cast<double>(file->size_bytes);
      const auto limit =
          static_cast<double>(triggers_.max_files ? *triggers_.max_files : *triggers_.max_bytes);
      if (rest >= limit * triggers_.discard_cached_ratio) {
        kept_.assign(first, files.end());
        if (kept_.size() > static_cast<std::size_t>(triggers_.max_cached))
          kept_.resize(static_cast<std::size_t>(triggers_.max_cached));
      }
    }
    files.resize(count);
    for (const ListedFile& file : files) {
      if (triggers_.compares_names_only) seen_names_.insert(file_name(file.path));
    }
  }

  /// Files older than the newest one by more than the age are neither looked at nor remembered.
  void purge() {
    newest_ = std::max(newest_, seen_.newest_millis());
    if (triggers_.latest_first && triggers_.has_limit()) return;
    purged_before_ = std::max(purged_before_, newest_ - triggers_.max_age.count());
    seen_.forget_before(purged_before_ - 1);
  }

  void clean(const std::string& path) {
    if (triggers_.clean == CleanSource::remove) {
      (void)context_->files.remove(path).has_value();
      return;
    }
    const std::string target = triggers_.archive_directory + path;
    if (!context_->files.create_directories(parent_path(target))) return;
    (void)context_->files.rename(path, target).has_value();
  }

  std::shared_ptr<const FilePlan> plan_;
  const FileTriggers& triggers_;
  std::optional<PlannerContext> context_;
  SeenFiles seen_;
  std::set<std::string> seen_names_;
  std::map<std::string, std::string> base_of_;
  std::vector<ListedFile> kept_;  // listed and not taken: for the next epochs
  EpochMillis newest_ = 0;
  EpochMillis purged_before_ = 0;
  std::int64_t committed_ = -1;
};

}  // namespace

std::unique_ptr<SourcePlanner> make_file_planner(std::shared_ptr<const FilePlan> plan) {
  if (plan->is_streaming) return std::make_unique<StreamFilePlanner>(std::move(plan));
  return std::make_unique<StaticFilePlanner>(std::move(plan));
}

}  // namespace stream
