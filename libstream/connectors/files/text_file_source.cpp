#include <libstream/connectors/files/file_glob.hpp>
#include <libstream/connectors/files/line_ranges.hpp>
#include <libstream/connectors/files/range_reader.hpp>
#include <libstream/connectors/files/seen_files.hpp>
#include <libstream/connectors/files/text_file_source.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <tuple>

namespace stream {
namespace {

constexpr std::size_t kMaxLineBytes = 1u << 30;

Result<void> check_options(const TextFileOptions& options) {
  std::vector<Error> errors;
  const auto refuse = [&](std::string message) {
    errors.push_back(bad_option(std::move(message)));
  };
  if (options.path.empty()) refuse("path: must name a file, a directory or a glob");
  if (options.max_files_per_trigger && *options.max_files_per_trigger <= 0)
    refuse(
        fmt::format("max_files_per_trigger: {} is not positive", *options.max_files_per_trigger));
  if (options.max_bytes_per_trigger && *options.max_bytes_per_trigger <= 0)
    refuse(
        fmt::format("max_bytes_per_trigger: {} is not positive", *options.max_bytes_per_trigger));
  if (options.max_files_per_trigger && options.max_bytes_per_trigger)
    refuse("max_files_per_trigger and max_bytes_per_trigger: give one of them, not both");
  if (options.split_bytes == 0) refuse("split_bytes: must be positive");
  if (options.max_line_bytes == 0 || options.max_line_bytes > kMaxLineBytes)
    refuse(
        fmt::format("max_line_bytes: {} is not in 1 to {}", options.max_line_bytes, kMaxLineBytes));
  if (errors.empty()) return {};
  return join_errors(errors);
}

std::string format_offset(std::int64_t entry) { return fmt::format("{{\"logOffset\":{}}}", entry); }

Result<std::int64_t> parse_offset(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto entry = json.is_object() ? json.find("logOffset") : json.end();
  if (!json.is_object() || entry == json.end() || !entry->is_number_integer())
    return fatal(fmt::format("not an offset of a text file source: '{}'", text));
  return entry->get<std::int64_t>();
}

class TextFilePlanner final : public SourcePlanner {
 public:
  explicit TextFilePlanner(TextFileOptions options) : options_(std::move(options)) {}

  Result<void> open(const PlannerContext& context) override {
    STREAM_TRY(check_options(options_));
    context_.emplace(context);
    if (auto listed = list_files(context.files, options_.path); !listed)
      return bad_option("path: " + listed.error().message());
    return seen_.open(context.log, context.clock.wall_millis());
  }

  Result<std::string> initial_offset() override {
    // A source that counts from its start makes the start durable before anything else.
    if (!options_.existing && seen_.last_entry() < 0) STREAM_TRY(seen_.add({}));
    return format_offset(options_.existing ? -1 : 0);
  }

  Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                   EpochMillis batch_time) override {
    STREAM_TRY(const std::int64_t from, parse_offset(start));
    // What was taken and not yet read comes first, entry by entry: a crash may lie between.
    if (from < seen_.last_entry()) return std::optional(format_offset(from + 1));
    STREAM_TRY(auto found, candidates(batch_time));
    apply_limits(found);
    if (found.empty()) return std::optional(start);
    STREAM_TRY(seen_.add(found));
    return std::optional(format_offset(seen_.last_entry()));
  }

  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    STREAM_TRY(const std::int64_t from, parse_offset(start));
    STREAM_TRY(const std::int64_t to, parse_offset(end));
    STREAM_TRY(const auto files, seen_.files_between(from, to));
    std::vector<LineRange> ranges;
    for (const SeenFile& file : files)
      ranges.push_back({file.path, 0, file.size_bytes, file.size_bytes, 0});
    return cut_ranges(ranges, options_.split_bytes);
  }

  Result<void> commit(const std::string& end) override {
    STREAM_TRY(const std::int64_t entry, parse_offset(end));
    seen_.commit(entry);
    return {};
  }

 private:
  /// Unseen files that the selection rule admits at `batch_time`, oldest first.
  Result<std::vector<SeenFile>> candidates(EpochMillis batch_time) {
    if (options_.available_now && is_fixed_) return unseen(fixed_);
    STREAM_TRY(auto listed, list_files(context_->files, options_.path));
    const bool takes_all = options_.existing && !options_.remember;
    EpochMillis threshold = options_.existing ? 0 : seen_.started_millis();
    if (options_.remember) threshold = std::max(threshold, batch_time - options_.remember->count());
    std::vector<SeenFile> found;
    for (FileStatus& file : listed) {
      const EpochMillis modified = file.modified_millis;
      if (takes_all || (threshold < modified && modified <= batch_time))
        found.push_back({std::move(file.path), modified, file.size_bytes});
    }
    if (options_.remember) seen_.forget_before(threshold);
    std::sort(found.begin(), found.end(), [](const SeenFile& a, const SeenFile& b) {
      return std::tie(a.modified_millis, a.path) < std::tie(b.modified_millis, b.path);
    });
    if (options_.available_now) {
      fixed_ = found;
      is_fixed_ = true;
    }
    return unseen(std::move(found));
  }

  std::vector<SeenFile> unseen(std::vector<SeenFile> files) const {
    std::erase_if(files, [&](const SeenFile& file) { return seen_.contains(file.path); });
    return files;
  }

  void apply_limits(std::vector<SeenFile>& files) const {
    std::size_t count = files.size();
    if (options_.max_files_per_trigger)
      count = std::min(count, static_cast<std::size_t>(*options_.max_files_per_trigger));
    if (options_.max_bytes_per_trigger) {
      auto left = static_cast<std::uint64_t>(*options_.max_bytes_per_trigger);
      for (count = 0; count < files.size(); ++count) {
        if (count > 0 && files[count].size_bytes > left) break;
        left -= std::min(left, files[count].size_bytes);
      }
    }
    files.resize(count);
  }

  TextFileOptions options_;
  std::optional<PlannerContext> context_;
  SeenFiles seen_;
  std::vector<SeenFile> fixed_;  ///< available-now: all there will ever be
  bool is_fixed_ = false;
};

class TextFileSource final : public Source {
 public:
  explicit TextFileSource(TextFileOptions options) : options_(std::move(options)) {}

  std::string description() const override {
    return fmt::format("FileStreamSource[file:{}]", options_.path);
  }
  Schema schema() const override { return *text_schema(); }
  bool shares_splits() const override { return true; }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<TextFilePlanner>(options_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<RangeReader>(options_.max_line_bytes);
  }

 private:
  TextFileOptions options_;
};

}  // namespace

std::shared_ptr<const Source> text_file_source(TextFileOptions options) {
  return std::make_shared<TextFileSource>(std::move(options));
}

Duration remember_window(Duration interval) {
  constexpr Duration kMinimum = std::chrono::seconds(60);
  const auto step = std::max<Duration::rep>(interval.count(), 1);
  return Duration((kMinimum.count() + step - 1) / step * step);
}

}  // namespace stream
