#include <libstream/connectors/files/staged_file.hpp>
#include <libstream/connectors/files/text_file_sink.hpp>
#include <libstream/data/value_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace stream {
namespace {

std::string final_name(const TextFileSinkOptions& options, const SinkContext& context,
                       std::int64_t epoch) {
  return join_path(options.directory,
                   fmt::format("{}-{:05}-{:08}-{}.txt", options.prefix, context.task, epoch,
                               short_query_id(context.query_id)));
}

/// The epoch in a name that final_name made for this query; nullopt for other names.
std::optional<std::int64_t> epoch_of(const TextFileSinkOptions& options,
                                     const std::string& query_id, std::string_view name) {
  const std::string head = options.prefix + "-";
  const std::string tail = fmt::format("-{}.txt", short_query_id(query_id));
  if (!name.starts_with(head) || !name.ends_with(tail) || name.size() < head.size() + tail.size())
    return std::nullopt;
  name = name.substr(head.size(), name.size() - head.size() - tail.size());
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::int64_t epoch = 0;
  const char* const end = name.data() + name.size();
  const auto [next, error] = std::from_chars(name.data() + dash + 1, end, epoch);
  if (error != std::errc{} || next != end) return std::nullopt;
  return epoch;
}

class TextFileWriter final : public SinkWriter {
 public:
  explicit TextFileWriter(TextFileSinkOptions options) : options_(std::move(options)) {}

  Result<void> open(const SinkContext& context) override {
    context_.emplace(context);
    staging_.emplace(context.files, options_.directory, context.query_id);
    return staging_->drop_unfinished(context.task);
  }

  Result<void> begin(std::int64_t /*epoch*/, EpochMillis /*batch_time*/) override { return {}; }

  Result<void> write(const Batch& batch) override {
    if (batch.num_rows() == 0) return {};
    if (!file_) {
      STREAM_TRY(file_,
                 StagedFile::make(context_->files, *staging_, context_->task, context_->term));
    }
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      append_row(batch, row, options_.separator, file_->buffer());
      file_->buffer() += '\n';
      STREAM_TRY(file_->flush_if_full());
    }
    return {};
  }

  Result<std::string> finish(std::int64_t epoch) override {
    if (!file_) return std::string();
    STREAM_TRY(file_->close());
    STREAM_TRY(std::string staged, file_->finish(epoch));
    file_.reset();
    STREAM_TRY(context_->files.sync_directory(staging_->path()));
    return encode_moves({{std::move(staged), final_name(options_, *context_, epoch)}});
  }

 private:
  TextFileSinkOptions options_;
  std::optional<SinkContext> context_;
  std::optional<StagingDirectory> staging_;
  std::unique_ptr<StagedFile> file_;  ///< what was written since the last finish; none: no rows
};

class TextFileCommitter final : public SinkCommitter {
 public:
  explicit TextFileCommitter(TextFileSinkOptions options) : options_(std::move(options)) {}

  Result<void> recover(const SinkContext& context, std::int64_t last_committed) override {
    context_.emplace(context);
    staging_.emplace(context.files, options_.directory, context.query_id);
    STREAM_TRY(context.files.create_directories(options_.directory));
    STREAM_TRY(staging_->recover(last_committed));
    STREAM_TRY(const auto visible, context.files.list(options_.directory));
    for (const FileStatus& file : visible) {
      const auto epoch = epoch_of(options_, context.query_id, file_name(file.path));
      if (epoch && *epoch > last_committed) uncommitted_.emplace(*epoch, file_name(file.path));
    }
    return {};
  }

  Result<void> commit(std::int64_t epoch, const std::vector<std::string>& messages) override {
    std::vector<StagedMove> moves;
    for (const std::string& message : messages) STREAM_TRY(decode_moves(message, moves));
    STREAM_TRY(remove_uncommitted(epoch, moves));
    for (const StagedMove& move : moves) STREAM_TRY(make_visible(context_->files, move));
    STREAM_TRY(context_->files.sync_directory(options_.directory));
    return staging_->clean(epoch);
  }

 private:
  /// Removes files that a dead attempt made visible for epochs up to `epoch` and that this one
  /// does not make again: the commit of those epochs was never recorded.
  Result<void> remove_uncommitted(std::int64_t epoch, const std::vector<StagedMove>& moves) {
    while (!uncommitted_.empty() && uncommitted_.begin()->first <= epoch) {
      const std::string& name = uncommitted_.begin()->second;
      const bool is_made_again = std::any_of(moves.begin(), moves.end(), [&](const auto& move) {
        return file_name(move.final) == name;
      });
      if (!is_made_again) STREAM_TRY(context_->files.remove(join_path(options_.directory, name)));
      uncommitted_.erase(uncommitted_.begin());
    }
    return {};
  }

  TextFileSinkOptions options_;
  std::optional<SinkContext> context_;
  std::optional<StagingDirectory> staging_;
  std::set<std::pair<std::int64_t, std::string>> uncommitted_;
};

class TextFileSink final : public Sink {
 public:
  explicit TextFileSink(TextFileSinkOptions options) : options_(std::move(options)) {}

  std::string description() const override {
    return fmt::format("FileSink[{}]", options_.directory);
  }
  SinkKind kind() const override { return SinkKind::resumable; }
  bool may_block() const override { return true; }

  Result<void> check(const Schema& /*schema*/) const override {
    if (options_.directory.empty() || options_.directory.find('\n') != std::string::npos)
      return bad_option("directory: must name a directory, without line ends");
    if (options_.prefix.empty() || options_.prefix.find_first_of("/\n") != std::string::npos ||
        options_.prefix.starts_with('.'))
      return bad_option(fmt::format(
          "prefix: '{}' cannot begin a visible file's name (no '/', no line end, no '.' in front)",
          options_.prefix));
    return {};
  }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<TextFileWriter>(options_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<TextFileCommitter>(options_);
  }

 private:
  TextFileSinkOptions options_;
};

}  // namespace

std::shared_ptr<const Sink> text_file_sink(TextFileSinkOptions options) {
  return std::make_shared<TextFileSink>(std::move(options));
}

}  // namespace stream
