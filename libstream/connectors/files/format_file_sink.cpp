#include <libstream/base/absolute_path.hpp>
#include <libstream/base/unique_id.hpp>
#include <libstream/connectors/files/byte_codecs.hpp>
#include <libstream/connectors/files/file_relation.hpp>
#include <libstream/connectors/files/partition_columns.hpp>
#include <libstream/connectors/files/sink_log.hpp>
#include <libstream/connectors/files/staged_file.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/formats/file_format.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace stream {
namespace {

/// Files that a task has open at a time; more partitions close the one that was opened first.
constexpr std::size_t kMaxOpenFiles = 64;

struct FileSinkPlan {
  FileSinkRequest request;
  std::shared_ptr<const FileFormat> format;
  SqlSettings settings;
  std::int64_t max_records = 0;  ///< of a file; 0: no limit
  bool is_ignored = false;       ///< bounded, SaveMode::ignore, and the directory is there

  std::vector<std::size_t> partition_places(const Schema& schema) const {
    std::vector<std::size_t> places;
    for (const std::string& name : request.partition_by) {
      for (std::size_t i = 0; i < schema.num_fields(); ++i) {
        if (schema.fields[i].name == name) places.push_back(i);
      }
    }
    return places;
  }
};

/// One file that is being written.
class FormatFile {
 public:
  static Result<std::unique_ptr<FormatFile>> make(const FileSinkPlan& plan,
                                                  std::shared_ptr<const Schema> schema,
                                                  std::unique_ptr<StagedFile> staged,
                                                  std::string final_path) {
    auto file = std::make_unique<FormatFile>();
    file->staged_ = std::move(staged);
    file->final_path_ = std::move(final_path);
    STREAM_TRY(file->rows_, plan.format->make_writer(std::move(schema)));
    STREAM_TRY(file->bytes_, make_output(plan.format->compression(), plan.format->encoding()));
    std::string text;
    STREAM_TRY(file->rows_->begin(text));
    STREAM_TRY(file->bytes_->write(text, false, file->staged_->buffer()));
    return file;
  }

  Result<void> write(const Batch& batch) {
    std::string text;
    STREAM_TRY(rows_->write(batch, 0, batch.num_rows(), text));
    STREAM_TRY(bytes_->write(text, false, staged_->buffer()));
    num_records_ += static_cast<std::int64_t>(batch.num_rows());
    return staged_->flush_if_full();
  }
  std::int64_t num_records() const { return num_records_; }

  Result<void> close() {
    if (std::exchange(is_closed_, true)) return {};
    std::string text;
    STREAM_TRY(rows_->end(text));
    STREAM_TRY(bytes_->write(text, true, staged_->buffer()));
    return staged_->close();
  }
  Result<StagedMove> finish(std::int64_t epoch) {
    STREAM_TRY(close());
    STREAM_TRY(std::string staged, staged_->finish(epoch));
    return StagedMove{std::move(staged), final_path_};
  }

 private:
  std::unique_ptr<StagedFile> staged_;
  std::unique_ptr<RowWriter> rows_;
  std::unique_ptr<ByteOutput> bytes_;
  std::string final_path_;
  std::int64_t num_records_ = 0;
  bool is_closed_ = false;
};

class FormatFileWriter final : public SinkWriter {
 public:
  explicit FormatFileWriter(std::shared_ptr<const FileSinkPlan> plan) : plan_(std::move(plan)) {}

  Result<void> open(const SinkContext& context) override {
    context_.emplace(context);
    staging_.emplace(context.files, plan_->request.path, context.query_id);
    return staging_->drop_unfinished(context.task);
  }

  Result<void> begin(std::int64_t, EpochMillis) override { return {}; }

  Result<void> write(const Batch& batch) override {
    if (plan_->is_ignored || batch.num_rows() == 0) return {};
    if (!schema_) set_schema(batch.schema());
    if (partition_places_.empty()) return write_rows("", batch);
    std::map<std::string, std::vector<std::uint32_t>> rows_of_directory;
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row)
      rows_of_directory[directory_of(batch, row)].push_back(row);
    std::vector<Column> columns;
    for (std::size_t i = 0; i < batch.num_columns(); ++i) {
      if (std::find(partition_places_.begin(), partition_places_.end(), i) ==
          partition_places_.end())
        columns.push_back(batch.column(i));
    }
    const Batch data(schema_, std::move(columns), batch.num_rows());
    for (const auto& [directory, rows] : rows_of_directory)
      STREAM_TRY(write_rows(directory, take_rows(data, rows, pool_)));
    return {};
  }

  Result<std::string> finish(std::int64_t epoch) override {
    std::vector<StagedMove> moves;
    STREAM_TRY(make_empty_file());
    for (auto& [directory, file] : open_) closed_.push_back(std::move(file));
    open_.clear();
    for (auto& file : closed_) {
      STREAM_TRY(StagedMove move, file->finish(epoch));
      moves.push_back(std::move(move));
    }
    if (!closed_.empty()) STREAM_TRY(context_->files.sync_directory(staging_->path()));
    closed_.clear();
    return encode_moves(moves);
  }

 private:
  /// A bounded result without rows makes one file all the same: readers find its header.
  Result<void> make_empty_file() {
    const FileSinkRequest& request = plan_->request;
    const bool is_wanted = !request.is_streaming && !plan_->is_ignored && context_->task == 0 &&
                           request.schema && request.partition_by.empty() && num_files_ == 0;
    if (!is_wanted) return {};
    set_schema(*request.schema);
    STREAM_TRY(auto file, make_file(""));
    closed_.push_back(std::move(file));
    return {};
  }

  void set_schema(const Schema& schema) {
    partition_places_ = plan_->partition_places(schema);
    Schema data;
    for (std::size_t i = 0; i < schema.num_fields(); ++i) {
      if (std::find(partition_places_.begin(), partition_places_.end(), i) ==
          partition_places_.end())
        data.fields.push_back(schema.fields[i]);
    }
    schema_ = std::make_shared<const Schema>(std::move(data));
  }

  std::string directory_of(const Batch& batch, std::size_t row) {
    std::string directory;
    for (std::size_t i = 0; i < partition_places_.size(); ++i) {
      const Column& column = batch.column(partition_places_[i]);
      std::string text;
      if (!column.is_null(row)) append_cast_text(column, row, plan_->settings, text);
      if (!directory.empty()) directory += '/';
      directory += escape_path_name(plan_->request.partition_by[i]) + "=";
      directory += text.empty() ? std::string(kNullPartition) : escape_path_name(text);
    }
    return directory;
  }

  Result<void> write_rows(const std::string& directory, const Batch& batch) {
    auto found = open_.find(directory);
    if (found == open_.end()) {
      STREAM_TRY(auto file, make_file(directory));
      if (open_.size() >= kMaxOpenFiles) STREAM_TRY(close_file(open_.begin()));
      found = open_.emplace(directory, std::move(file)).first;
    }
    STREAM_TRY(found->second->write(batch));
    if (plan_->max_records > 0 && found->second->num_records() >= plan_->max_records)
      return close_file(found);
    return {};
  }

  using OpenFiles = std::map<std::string, std::unique_ptr<FormatFile>>;
  Result<void> close_file(OpenFiles::iterator file) {
    STREAM_TRY(file->second->close());
    closed_.push_back(std::move(file->second));
    open_.erase(file);
    return {};
  }

  Result<std::unique_ptr<FormatFile>> make_file(const std::string& directory) {
    STREAM_TRY(auto staged,
               StagedFile::make(context_->files, *staging_, context_->task, context_->term));
    const std::string name =
        fmt::format("part-{:05}-{}-c{:03}.{}{}", context_->task, make_unique_id(), num_files_++,
                    plan_->format->name() == "text" ? "txt" : plan_->format->name(),
                    compression_ending(plan_->format->compression()));
    const std::string path = directory.empty()
                                 ? join_path(plan_->request.path, name)
                                 : join_path(join_path(plan_->request.path, directory), name);
    return FormatFile::make(*plan_, schema_, std::move(staged), path);
  }

  std::shared_ptr<const FileSinkPlan> plan_;
  std::optional<SinkContext> context_;
  std::optional<StagingDirectory> staging_;
  BlockPool pool_;
  std::shared_ptr<const Schema> schema_;  // of the files: without the partition columns
  std::vector<std::size_t> partition_places_;
  OpenFiles open_;
  std::vector<std::unique_ptr<FormatFile>> closed_;  // not yet finished
  int num_files_ = 0;
};

class FormatFileCommitter final : public SinkCommitter {
 public:
  explicit FormatFileCommitter(std::shared_ptr<const FileSinkPlan> plan) : plan_(std::move(plan)) {}

  Result<void> recover(const SinkContext& context, std::int64_t last_committed) override {
    context_.emplace(context);
    if (plan_->is_ignored) return {};
    staging_.emplace(context.files, plan_->request.path, context.query_id);
    STREAM_TRY(context.files.create_directories(plan_->request.path));
    if (plan_->request.is_streaming)
      STREAM_TRY(drop_unpublished(context.files, plan_->request.path, last_committed));
    return staging_->recover(last_committed);
  }

  Result<void> commit(std::int64_t epoch, const std::vector<std::string>& messages) override {
    if (plan_->is_ignored) return {};
    FileSystem& files = context_->files;
    const std::string& path = plan_->request.path;
    if (plan_->request.is_streaming) {
      STREAM_TRY(const std::int64_t last, last_sink_log_entry(files, path));
      if (epoch <= last) return staging_->clean(epoch);
    } else if (plan_->request.mode == SaveMode::overwrite) {
      STREAM_TRY(remove_old());
    }
    std::vector<StagedMove> moves;
    for (const std::string& message : messages) STREAM_TRY(decode_moves(message, moves));
    if (plan_->request.is_streaming) {
      STREAM_TRY(const auto written, statuses_of(moves));
      STREAM_TRY(SinkLogEntry entry, SinkLogEntry::prepare(files, path, epoch, written));
      STREAM_TRY(make_all_visible(moves));
      STREAM_TRY(entry.publish());
    } else {
      STREAM_TRY(make_all_visible(moves));
      STREAM_TRY(auto mark, files.open_writing(join_path(path, kSuccessFile)));
      STREAM_TRY(mark->sync());
      STREAM_TRY(mark->close());
      STREAM_TRY(files.sync_directory(path));
    }
    return staging_->clean(epoch);
  }

 private:
  Result<std::vector<LoggedFile>> statuses_of(const std::vector<StagedMove>& moves) {
    std::vector<LoggedFile> files;
    for (const StagedMove& move : moves) {
      // In a commit that is repeated it has moved already.
      STREAM_TRY(const bool is_staged, context_->files.exists(move.staged));
      STREAM_TRY(const FileStatus status,
                 context_->files.status(is_staged ? move.staged : move.final));
      files.push_back({move.final, status.size_bytes, status.modified_millis});
    }
    return files;
  }

  Result<void> make_all_visible(const std::vector<StagedMove>& moves) {
    std::map<std::string, std::vector<StagedMove>> directories;
    for (const StagedMove& move : moves) directories[parent_path(move.final)].push_back(move);
    for (const auto& [directory, parts] : directories) {
      STREAM_TRY(context_->files.create_directories(directory));
      for (const StagedMove& part : parts) STREAM_TRY(make_visible(context_->files, part));
      STREAM_TRY(context_->files.sync_directory(directory));
    }
    return {};
  }

  Result<void> remove_old() {
    STREAM_TRY(const auto children, context_->files.list(plan_->request.path));
    for (const FileStatus& child : children) {
      if (child.path == staging_->path()) continue;
      STREAM_TRY(child.is_directory ? context_->files.remove_all(child.path)
                                    : context_->files.remove(child.path));
    }
    return {};
  }

  std::shared_ptr<const FileSinkPlan> plan_;
  std::optional<SinkContext> context_;
  std::optional<StagingDirectory> staging_;
};

class FormatFileSink final : public Sink {
 public:
  explicit FormatFileSink(std::shared_ptr<const FileSinkPlan> plan) : plan_(std::move(plan)) {}

  std::string description() const override {
    return fmt::format("FileSink[{}]", plan_->request.path);
  }
  SinkKind kind() const override { return SinkKind::resumable; }
  bool may_block() const override { return true; }

  Result<void> check(const Schema& schema) const override {
    const auto places = plan_->partition_places(schema);
    if (places.size() < plan_->request.partition_by.size())
      return analysis_error(
          "COLUMN_NOT_FOUND",
          fmt::format("a column of partition_by ({}) is not in the rows ({})",
                      fmt::join(plan_->request.partition_by, ", "), schema.to_string()));
    if (!places.empty() && places.size() == schema.num_fields())
      return analysis_error("ALL_PARTITION_COLUMNS_NOT_ALLOWED",
                            "Cannot use all columns for partition columns.");
    Schema data;
    for (std::size_t i = 0; i < schema.num_fields(); ++i) {
      if (std::find(places.begin(), places.end(), i) == places.end())
        data.fields.push_back(schema.fields[i]);
    }
    return plan_->format->check_writable(data);
  }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<FormatFileWriter>(plan_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<FormatFileCommitter>(plan_);
  }

 private:
  std::shared_ptr<const FileSinkPlan> plan_;
};

}  // namespace

Result<std::shared_ptr<const Sink>> make_file_sink(FileSinkRequest request,
                                                   const SqlSettings& settings, FileSystem& files) {
  auto plan = std::make_shared<FileSinkPlan>();
  STREAM_TRY(plan->format, make_file_format(request.format, request.options, settings));
  const OptionText max_records{"maxRecordsPerFile", "", "0", "Records of a file at most."};
  if (const auto value = take_option(request.options, max_records)) {
    STREAM_TRY(plan->max_records, option_integer(*value));
  }
  auto known = format_option_texts(request.format);
  known.push_back(max_records);
  STREAM_TRY(refuse_unknown(request.options, known, request.format));
  if (request.path.starts_with("file:"))
    request.path.erase(0, request.path.starts_with("file://") ? 7 : 5);
  if (request.path.empty()) return bad_option("path: a file sink needs a directory");
  // The log of the directory names its files to readers that stand elsewhere.
  request.path = absolute_path(request.path);
  while (request.path.size() > 1 && request.path.ends_with('/')) request.path.pop_back();
  if (request.path.find('\n') != std::string::npos)
    return bad_option("path: must not contain line ends");
  if (!request.is_streaming) {
    STREAM_TRY(const bool is_there, files.exists(request.path));
    if (is_there && request.mode == SaveMode::error_if_exists)
      return analysis_error("PATH_ALREADY_EXISTS",
                            fmt::format("Path file:{} already exists. Set mode as \"overwrite\" "
                                        "to overwrite the existing path.",
                                        request.path));
    plan->is_ignored = is_there && request.mode == SaveMode::ignore;
  }
  plan->request = std::move(request);
  plan->settings = settings;
  return std::shared_ptr<const Sink>(std::make_shared<FormatFileSink>(std::move(plan)));
}

}  // namespace stream
