#include <libstream/connectors/files/file_listing.hpp>
#include <libstream/connectors/files/file_planner.hpp>
#include <libstream/connectors/files/file_relation.hpp>
#include <libstream/connectors/files/format_file_reader.hpp>
#include <libstream/connectors/files/partition_columns.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/formats/read_behaviour.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

constexpr std::size_t kInferenceBlockBytes = 1u << 20;

/// Feeds every file to the format's schema finder.
Result<Schema> find_schema(FileSystem& files, const FileFormat& format,
                           const std::vector<ListedFile>& listed) {
  BlockPool pool;
  auto finder = format.make_schema_finder();
  for (const ListedFile& file : listed) {
    if (finder->is_done()) break;
    STREAM_TRY(auto input, open_input(files, file.path, 0, file.size_bytes, format.encoding()));
    STREAM_TRY(finder->begin(file.path, true));
    BlockRef block;
    std::size_t begin = 0;
    std::size_t filled = 0;
    std::uint64_t offset = 0;
    bool is_at_end = false;
    while (!finder->is_done() && !(is_at_end && begin == filled)) {
      if (begin < filled) {
        STREAM_TRY(const std::size_t next,
                   finder->take({block, begin, filled, filled, is_at_end, offset}));
        const bool is_stuck = next == begin;
        begin = next;
        if (!is_stuck) continue;
        if (is_at_end) break;
      }
      const std::size_t carried = filled - begin;
      const std::size_t wanted = std::max(kInferenceBlockBytes, 2 * carried);
      BlockRef larger = pool.allocate(carried + wanted);
      if (carried > 0) std::memcpy(larger.data(), block.data() + begin, carried);
      STREAM_TRY(const std::size_t got, input->read(larger.data() + carried, wanted));
      is_at_end = got < wanted;
      block = std::move(larger);
      offset += begin;
      begin = 0;
      filled = carried + got;
    }
  }
  return finder->finish();
}

class FileRelation final : public Source {
 public:
  FileRelation(std::shared_ptr<const FilePlan> plan, std::shared_ptr<const FileScan> scan,
               Schema all, MalformedMode mode)
      : plan_(std::move(plan)), scan_(std::move(scan)), all_(std::move(all)), mode_(mode) {}

  std::string description() const override {
    return fmt::format("FileStreamSource[file:{}]", fmt::join(plan_->paths, ","));
  }
  Schema schema() const override { return *scan_->schema; }
  bool shares_splits() const override { return true; }
  bool is_static() const override { return !plan_->is_streaming; }
  std::string why_no_bad_records() const override {
    if (scan_->format->fixed_schema() || mode_ == MalformedMode::drop_malformed) return {};
    return mode_ == MalformedMode::fail_fast ? "a bad record ends the query (FAILFAST)"
                                             : "a bad record is a row with nulls (PERMISSIVE)";
  }
  Schema hidden_columns() const override { return Schema{{file_metadata_field()}}; }

  std::shared_ptr<const Source> with_columns(
      const std::vector<std::size_t>& columns) const override {
    auto scan = std::make_shared<FileScan>(*scan_);
    auto schema = std::make_shared<Schema>();
    scan->columns.clear();
    const std::size_t num_fields = scan_->schema->num_fields();
    for (const std::size_t column : columns) {
      if (column < num_fields) {
        scan->columns.push_back(scan_->columns[column]);
        schema->fields.push_back(scan_->schema->fields[column]);
      } else {
        scan->columns.push_back({FileColumn::Origin::metadata, 0});
        schema->fields.push_back(file_metadata_field());
      }
    }
    scan->schema = std::move(schema);
    return std::make_shared<FileRelation>(plan_, std::move(scan), all_, mode_);
  }

  std::unique_ptr<SourcePlanner> make_planner() const override { return make_file_planner(plan_); }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<FormatFileReader>(scan_);
  }

 private:
  std::shared_ptr<const FilePlan> plan_;
  std::shared_ptr<const FileScan> scan_;
  Schema all_;
  MalformedMode mode_;
};

Result<Schema> data_schema_of(FileSystem& files, const FileFormat& format,
                              const std::optional<Schema>& given, const FilePlan& plan,
                              const SqlSettings& settings) {
  if (given) return *given;
  if (const Schema* fixed = format.fixed_schema()) return *fixed;
  if (plan.is_streaming && !settings.get_flag("spark.sql.streaming.schemaInference", false))
    return analysis_error("_LEGACY_ERROR_TEMP_1146",
                          "Schema must be specified when creating a streaming source DataFrame; "
                          "spark.sql.streaming.schemaInference=true has it looked for in the files "
                          "that are there");
  if (plan.listed.empty())
    return analysis_error("UNABLE_TO_INFER_SCHEMA",
                          fmt::format("Unable to infer schema for {}. It must be specified "
                                      "manually: there is no file to look into",
                                      format.name()));
  return find_schema(files, format, plan.listed);
}

}  // namespace

bool is_file_format(std::string_view format) { return !format_option_texts(format).empty(); }

Result<std::shared_ptr<const Source>> make_file_source(
    const std::string& format, const std::vector<std::string>& paths, OptionMap options,
    std::optional<Schema> schema, bool is_streaming, const SqlSettings& settings,
    FileSystem& files) {
  const auto mode = options.find("mode");
  const MalformedMode malformed =
      mode == options.end() ? MalformedMode::permissive : parse_malformed_mode(mode->second);
  STREAM_TRY(auto file_format, make_file_format(format, options, settings));
  auto plan = std::make_shared<FilePlan>();
  STREAM_TRY(plan->options, parse_file_source_options(options, is_streaming, settings.time_zone));
  auto known = format_option_texts(format);
  for (const OptionText& text : texts_of(file_source_option_table())) known.push_back(text);
  STREAM_TRY(refuse_unknown(options, known, format));
  if (paths.empty()) return bad_option("path: a file source needs a file, a directory or a glob");
  for (std::string path : paths) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path.starts_with("file:")) path.erase(0, path.starts_with("file://") ? 7 : 5);
    plan->paths.push_back(std::move(path));
  }
  plan->is_streaming = is_streaming;
  plan->can_split = file_format->bounds() == RecordBounds::line_ends &&
                    file_format->encoding().size() >= 4 &&
                    (file_format->encoding() == "UTF-8" || file_format->encoding() == "utf-8");
  STREAM_TRY(plan->listed, list_source_files(files, plan->paths, plan->options.selection));

  STREAM_TRY(Schema data, data_schema_of(files, *file_format, schema, *plan, settings));
  std::vector<Field> partitions;
  if (!plan->options.selection.is_recursive) {
    std::vector<std::pair<std::string, std::string>> places;
    for (const ListedFile& file : plan->listed) places.emplace_back(file.path, file.base);
    STREAM_TRY(
        partitions,
        find_partition_columns(
            places, data.fields,
            settings.get_flag("spark.sql.sources.partitionColumnTypeInference.enabled", true)));
  }
  std::erase_if(data.fields, [&](const Field& field) {
    return std::any_of(partitions.begin(), partitions.end(),
                       [&](const Field& other) { return other.name == field.name; });
  });
  for (Field& field : data.fields) field.is_nullable = true;
  STREAM_TRY(file_format->check_readable(data));

  auto scan = std::make_shared<FileScan>();
  Schema all = data;
  for (std::size_t i = 0; i < data.num_fields(); ++i)
    scan->columns.push_back({FileColumn::Origin::data, i});
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    scan->columns.push_back({FileColumn::Origin::partition, i});
    all.fields.push_back(partitions[i]);
  }
  scan->format = std::move(file_format);
  scan->data_schema = std::make_shared<const Schema>(std::move(data));
  scan->partition_columns = std::move(partitions);
  scan->schema = std::make_shared<const Schema>(all);
  scan->selection = plan->options.selection;
  scan->time_zone = settings.time_zone;
  return std::shared_ptr<const Source>(
      std::make_shared<FileRelation>(std::move(plan), std::move(scan), std::move(all), malformed));
}

}  // namespace stream
