#include <libstream/connectors/files/staged_file.hpp>
#include <libstream/connectors/files/text_file_sink.hpp>
#include <libstream/data/value_text.hpp>

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

namespace stream {
namespace {

struct DirectoryNames {
  std::string prefix;
  std::string suffix;

  /// The directory in which those of all epochs are.
  std::string parent() const { return prefix.empty() ? "." : parent_path(prefix); }
  std::string of(EpochMillis batch_time) const {
    std::string name =
        prefix.empty() ? fmt::format("{}", batch_time) : fmt::format("{}-{}", prefix, batch_time);
    return suffix.empty() ? name : name + "." + suffix;
  }
};

class TextDirectoryWriter final : public SinkWriter {
 public:
  explicit TextDirectoryWriter(DirectoryNames names) : names_(std::move(names)) {}

  Result<void> open(const SinkContext& context) override {
    context_.emplace(context);
    staging_.emplace(context.files, names_.parent(), context.query_id);
    return staging_->drop_unfinished(context.task);
  }

  Result<void> begin(std::int64_t /*epoch*/, EpochMillis batch_time) override {
    STREAM_TRY(auto file,
               StagedFile::make(context_->files, *staging_, context_->task, context_->term));
    parts_.push_back({std::move(file), batch_time});
    return {};
  }

  Result<void> write(const Batch& batch) override {
    StagedFile& file = *parts_.back().file;
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      append_element(batch, row, file.buffer());
      file.buffer() += '\n';
      STREAM_TRY(file.flush_if_full());
    }
    return {};
  }

  Result<void> end(std::int64_t /*epoch*/) override { return parts_.back().file->close(); }

  Result<std::string> finish(std::int64_t epoch) override {
    std::vector<StagedMove> moves;
    for (Part& part : parts_) {
      STREAM_TRY(part.file->close());
      STREAM_TRY(std::string staged, part.file->finish(epoch));
      moves.push_back({std::move(staged), join_path(names_.of(part.batch_time),
                                                    fmt::format("part-{:05}", context_->task))});
    }
    if (!parts_.empty()) STREAM_TRY(context_->files.sync_directory(staging_->path()));
    parts_.clear();
    return encode_moves(moves);
  }

 private:
  struct Part {
    std::unique_ptr<StagedFile> file;
    EpochMillis batch_time;
  };
  DirectoryNames names_;
  std::optional<SinkContext> context_;
  std::optional<StagingDirectory> staging_;
  std::vector<Part> parts_;  ///< one an epoch since the last finish; only the last one is written
};

class TextDirectoryCommitter final : public SinkCommitter {
 public:
  explicit TextDirectoryCommitter(DirectoryNames names) : names_(std::move(names)) {}

  Result<void> recover(const SinkContext& context, std::int64_t last_committed) override {
    context_.emplace(context);
    staging_.emplace(context.files, names_.parent(), context.query_id);
    STREAM_TRY(context.files.create_directories(names_.parent()));
    return staging_->recover(last_committed);
  }

  Result<void> commit(std::int64_t epoch, const std::vector<std::string>& messages) override {
    std::vector<StagedMove> moves;
    for (const std::string& message : messages) STREAM_TRY(decode_moves(message, moves));
    std::map<std::string, std::vector<StagedMove>> directories;
    for (StagedMove& move : moves) directories[parent_path(move.final)].push_back(std::move(move));
    for (const auto& [directory, parts] : directories) STREAM_TRY(replace(directory, parts));
    if (!directories.empty()) STREAM_TRY(context_->files.sync_directory(names_.parent()));
    return staging_->clean(epoch);
  }

 private:
  /// Makes `parts` the only parts in `directory`; _SUCCESS is the first to go, the last to come.
  Result<void> replace(const std::string& directory, const std::vector<StagedMove>& parts) {
    FileSystem& files = context_->files;
    STREAM_TRY(files.create_directories(directory));
    std::set<std::string> wanted;
    for (const StagedMove& part : parts) wanted.insert(file_name(part.final));
    const std::string success = join_path(directory, kSuccessFile);
    STREAM_TRY(files.remove(success));
    STREAM_TRY(const auto present, files.list(directory));
    for (const FileStatus& file : present) {
      const std::string name = file_name(file.path);
      if (name.starts_with("part-") && !wanted.contains(name)) STREAM_TRY(files.remove(file.path));
    }
    for (const StagedMove& part : parts) STREAM_TRY(make_visible(files, part));
    STREAM_TRY(auto mark, files.open_writing(success));
    STREAM_TRY(mark->sync());
    STREAM_TRY(mark->close());
    return files.sync_directory(directory);
  }

  DirectoryNames names_;
  std::optional<SinkContext> context_;
  std::optional<StagingDirectory> staging_;
};

class TextDirectorySink final : public Sink {
 public:
  explicit TextDirectorySink(DirectoryNames names) : names_(std::move(names)) {}

  std::string description() const override {
    return fmt::format("TextFiles[{}-*{}{}]", names_.prefix, names_.suffix.empty() ? "" : ".",
                       names_.suffix);
  }
  SinkKind kind() const override { return SinkKind::resumable; }
  bool may_block() const override { return true; }
  Result<void> check(const Schema& /*schema*/) const override {
    if (names_.prefix.find('\n') != std::string::npos)
      return bad_option("prefix: must not contain line ends");
    if (names_.suffix.find_first_of("/\n") != std::string::npos)
      return bad_option(
          fmt::format("suffix: '{}' must not contain '/' or line ends", names_.suffix));
    return {};
  }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<TextDirectoryWriter>(names_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<TextDirectoryCommitter>(names_);
  }

 private:
  DirectoryNames names_;
};

}  // namespace

std::shared_ptr<const Sink> text_directory_sink(std::string prefix, std::string suffix) {
  return std::make_shared<TextDirectorySink>(DirectoryNames{std::move(prefix), std::move(suffix)});
}

}  // namespace stream
