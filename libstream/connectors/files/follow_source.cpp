#include <libstream/connectors/files/file_glob.hpp>
#include <libstream/connectors/files/follow_offset.hpp>
#include <libstream/connectors/files/follow_source.hpp>
#include <libstream/connectors/files/line_ranges.hpp>
#include <libstream/connectors/files/range_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stream {
namespace {

constexpr std::size_t kMaxFiles = 10'000;
constexpr std::size_t kSearchBytes = 64u << 10;

/// Files now, by inode.
using PresentFiles = std::map<std::uint64_t, FileStatus>;

class FollowPlanner final : public SourcePlanner {
 public:
  explicit FollowPlanner(FollowOptions options) : options_(std::move(options)) {}

  Result<void> open(const PlannerContext& context) override {
    context_.emplace(context);
    if (options_.paths.empty()) return bad_option("paths: must name at least one file");
    if (options_.split_bytes == 0) return bad_option("split_bytes: must be positive");
    if (options_.max_line_bytes == 0 || options_.max_line_bytes > (1u << 30))
      return bad_option("max_line_bytes: must be in 1 to 1073741824");
    if (auto listed = named_files(); !listed)
      return bad_option("paths: " + listed.error().message());
    return {};
  }

  Result<std::string> initial_offset() override {
    FollowOffset offset;
    if (!options_.from_beginning) {
      STREAM_TRY(const PresentFiles present, named_files());
      for (const auto& [inode, file] : present) {
        STREAM_TRY(const std::uint64_t position, end_of_lines(inode, file, 0));
        offset[inode] = {file.path, position};
      }
    }
    return format_follow_offset(offset);
  }

  Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                   EpochMillis /*batch_time*/) override {
    STREAM_TRY(const FollowOffset from, parse_follow_offset(start));
    STREAM_TRY(PresentFiles present, named_files());
    STREAM_TRY(add_renamed(from, present));
    if (present.size() > kMaxFiles)
      return fatal(fmt::format("there are {} files to follow, more than {}; name fewer in paths",
                               present.size(), kMaxFiles));
    FollowOffset to;
    for (const auto& [inode, file] : present) {
      FollowedFile followed{file.path};
      if (const auto known = from.find(inode); known != from.end()) {
        followed.position = known->second.position;
        followed.num_truncations = known->second.num_truncations;
      }
      if (file.size_bytes < followed.position) {
        followed.position = 0;
        ++followed.num_truncations;
        searched_.erase(inode);
      }
      STREAM_TRY(followed.position, end_of_lines(inode, file, followed.position));
      to[inode] = std::move(followed);
    }
    std::erase_if(searched_, [&](const auto& entry) { return !present.contains(entry.first); });
    STREAM_TRY(std::string offset, format_follow_offset(to));
    return std::optional(std::move(offset));
  }

  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    STREAM_TRY(const FollowOffset from, parse_follow_offset(start));
    STREAM_TRY(const FollowOffset to, parse_follow_offset(end));
    std::vector<LineRange> ranges;
    for (const auto& [inode, file] : to) {
      const auto known = from.find(inode);
      const bool goes_on =
          known != from.end() && known->second.num_truncations == file.num_truncations;
      const std::uint64_t begin = goes_on ? known->second.position : 0;
      if (begin < file.position)
        ranges.push_back({file.path, begin, file.position, file.position, inode});
    }
    std::sort(ranges.begin(), ranges.end(),
              [](const LineRange& a, const LineRange& b) { return a.path < b.path; });
    return cut_ranges(ranges, options_.split_bytes);
  }

  Result<void> commit(const std::string& /*end*/) override { return {}; }

 private:
  /// The files that the paths name now. A plain path may be missing, its directory may not.
  Result<PresentFiles> named_files() {
    PresentFiles present;
    for (const std::string& path : options_.paths) {
      if (!is_glob(path)) {
        STREAM_TRY(const bool is_there, context_->files.exists(path));
        if (!is_there) {
          STREAM_TRY(const bool has_parent, context_->files.exists(parent_path(path)));
          if (has_parent) continue;
        }
      }
      STREAM_TRY(auto listed, list_files(context_->files, path));
      for (FileStatus& file : listed) present.emplace(file.inode, std::move(file));
    }
    return present;
  }

  /// Adds the files of `from` that have other names now, such as log.1: what was written to them
  /// before and after the renaming is read too.
  Result<void> add_renamed(const FollowOffset& from, PresentFiles& present) {
    std::set<std::string> directories;
    for (const auto& [inode, file] : from) {
      if (!present.contains(inode)) directories.insert(parent_path(file.path));
    }
    for (const std::string& directory : directories) {
      STREAM_TRY(const bool is_there, context_->files.exists(directory));
      if (!is_there) continue;
      STREAM_TRY(auto siblings, context_->files.list(directory));
      for (FileStatus& file : siblings) {
        if (!file.is_directory && from.contains(file.inode))
          present.emplace(file.inode, std::move(file));
      }
    }
    return {};
  }

  /// What was looked at of a file: its last '\n' in front of `end` is in front of `line_end`.
  struct Searched {
    std::uint64_t line_end = 0;
    std::uint64_t end = 0;
  };

  /// The place behind the last '\n' at or after `position`. Each byte is looked at once, however
  /// often an unfinished line is met.
  Result<std::uint64_t> end_of_lines(std::uint64_t inode, const FileStatus& file,
                                     std::uint64_t position) {
    Searched& searched = searched_[inode];
    if (searched.line_end < position) searched = {position, position};
    if (searched.end >= file.size_bytes) return searched.line_end;
    STREAM_TRY(auto reader, context_->files.open_reading(file.path));
    std::string buffer;
    for (std::uint64_t end = file.size_bytes; end > searched.end;) {
      const std::uint64_t at = end - std::min<std::uint64_t>(kSearchBytes, end - searched.end);
      buffer.resize(static_cast<std::size_t>(end - at));
      STREAM_TRY(const std::size_t got, reader->read_at(at, buffer.data(), buffer.size()));
      // Fewer bytes: it was cut or replaced since it was listed; the next listing tells.
      if (got < buffer.size()) return searched.line_end;
      if (const std::size_t newline = buffer.rfind('\n'); newline != std::string::npos) {
        searched.line_end = at + newline + 1;
        break;
      }
      end = at;
    }
    searched.end = file.size_bytes;
    return searched.line_end;
  }

  FollowOptions options_;
  std::optional<PlannerContext> context_;
  std::map<std::uint64_t, Searched> searched_;  ///< by inode
};

class FollowSource final : public Source {
 public:
  explicit FollowSource(FollowOptions options) : options_(std::move(options)) {}

  std::string description() const override {
    std::string paths;
    for (const std::string& path : options_.paths) paths += (paths.empty() ? "" : ", ") + path;
    return fmt::format("FollowSource[{}]", paths);
  }
  Schema schema() const override { return *text_schema(); }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<FollowPlanner>(options_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<RangeReader>(options_.max_line_bytes);
  }

 private:
  FollowOptions options_;
};

}  // namespace

std::shared_ptr<const Source> follow_source(FollowOptions options) {
  return std::make_shared<FollowSource>(std::move(options));
}

}  // namespace stream
