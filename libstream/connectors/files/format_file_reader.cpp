#include <libstream/connectors/files/format_file_reader.hpp>
#include <libstream/connectors/files/partition_columns.hpp>
#include <libstream/expressions/function.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

namespace stream {
namespace {

constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();
/// Views count in 32 bits; a record (or a file that is one) must fit into a block.
constexpr std::size_t kMaxBlockBytes = (std::size_t{1} << 31) - 1;

}  // namespace

std::string encode_file_range(const FileRange& range) {
  return fmt::format("{} {} {} {} {} {}{}", range.begin, range.end, range.size_bytes,
                     range.modified_millis, range.base.size(), range.base, range.path);
}

Result<FileRange> decode_file_range(const std::string& content) {
  FileRange range;
  std::uint64_t modified = 0;
  std::uint64_t base_size = 0;
  const char* at = content.data();
  const char* const end = at + content.size();
  for (std::uint64_t* field :
       {&range.begin, &range.end, &range.size_bytes, &modified, &base_size}) {
    const auto [next, error] = std::from_chars(at, end, *field);
    if (error != std::errc{} || next == end || *next != ' ')
      return fatal(fmt::format("not a split of a file source: '{}'", content));
    at = next + 1;
  }
  if (base_size > static_cast<std::size_t>(end - at))
    return fatal(fmt::format("not a split of a file source: '{}'", content));
  range.modified_millis = static_cast<EpochMillis>(modified);
  range.base.assign(at, base_size);
  range.path.assign(at + base_size, end);
  return range;
}

const Field& file_metadata_field() {
  static const Field field{
      "_metadata",
      struct_of({{"file_path", primitive(TypeKind::string), false},
                 {"file_name", primitive(TypeKind::string), false},
                 {"file_size", primitive(TypeKind::int64), false},
                 {"file_block_start", primitive(TypeKind::int64), false},
                 {"file_block_length", primitive(TypeKind::int64), false},
                 {"file_modification_time", primitive(TypeKind::timestamp), false}}),
      false};
  return field;
}

Result<void> FormatFileReader::start(const ReaderContext& context) {
  context_.emplace(context);
  ReadRequest request{scan_->data_schema, {}, context.keeps_all_rejects};
  for (const FileColumn& column : scan_->columns) {
    if (column.origin == FileColumn::Origin::data) request.columns.push_back(column.index);
  }
  STREAM_TRY(rows_, scan_->format->make_reader(std::move(request), context.pool));
  return {};
}

Result<void> FormatFileReader::open(const Split& split) {
  STREAM_TRY(range_, decode_file_range(split.content));
  auto opened = open_range();
  if (opened) return {};
  if (scan_->selection.ignores_missing &&
      opened.error().message().find("no such file or directory") != std::string::npos) {
    close();
    return {};
  }
  return std::move(opened).error().with_context(fmt::format(
      "[FAILED_READ_FILE.FILE_NOT_EXIST] Encountered error while reading file '{}'", range_.path));
}

Result<void> FormatFileReader::open_range() {
  partition_values_.clear();
  const auto components = partition_components(range_.path, range_.base);
  for (std::size_t i = 0; i < scan_->partition_columns.size(); ++i) {
    const std::string text =
        i < components.size() ? components[i].second : std::string(kNullPartition);
    STREAM_TRY(Value value,
               partition_value(text, scan_->partition_columns[i].type, scan_->time_zone));
    partition_values_.push_back(std::move(value));
  }
  // The byte in front decides whether a line begins at `begin`.
  is_skipping_ = range_.begin > 0;
  offset_ = range_.begin - (is_skipping_ ? 1 : 0);
  if (is_compressed_name(range_.path)) range_.end = kNoEnd;
  STREAM_TRY(input_, open_input(context_->files, range_.path, offset_, range_.size_bytes,
                                scan_->format->encoding()));
  if (range_.end == range_.size_bytes) range_.end = kNoEnd;
  block_ = {};
  begin_ = filled_ = 0;
  is_at_end_ = false;
  return rows_->begin(range_.path, range_.begin == 0);
}

void FormatFileReader::close() {
  input_.reset();
  block_ = {};
}

Result<ReadStatus> FormatFileReader::read(Batch& batch) {
  auto status = read_rows(batch);
  if (status) return status;
  if (scan_->selection.ignores_corrupt) {
    close();
    return ReadStatus::end_of_split;
  }
  return std::move(status).error().with_context(fmt::format(
      "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file '{}'", range_.path));
}

Result<ReadStatus> FormatFileReader::read_rows(Batch& batch) {
  while (input_ != nullptr) {
    if (is_skipping_ && filled_ > begin_ && skip_line()) is_skipping_ = false;
    if (!owns_more() || (begin_ == filled_ && is_at_end_)) break;
    if (begin_ < filled_ && !is_skipping_) {
      const std::uint64_t owned = range_.end == kNoEnd ? filled_ : range_.end - offset_;
      const ByteRange bytes{
          block_,     begin_,
          filled_,    static_cast<std::size_t>(std::min<std::uint64_t>(owned, filled_)),
          is_at_end_, offset_};
      STREAM_TRY(const std::size_t next, rows_->take(bytes, context_->batch_rows));
      const bool is_stuck = next == begin_;
      begin_ = next;
      if (const std::size_t num_rows = rows_->num_rows(); num_rows > 0) {
        STREAM_TRY(batch, assemble(rows_->finish(), num_rows));
        return ReadStatus::batch;
      }
      if (context_->keeps_all_rejects && rows_->num_rejected() != num_handed_over_) {
        // Nothing but bad records: they are handed on before there are too many.
        batch = {};
        return ReadStatus::batch;
      }
      if (!is_stuck) continue;
      if (is_at_end_) break;
    }
    STREAM_TRY(fill());
  }
  close();
  return ReadStatus::end_of_split;
}

bool FormatFileReader::skip_line() {
  const std::string_view text(block_.data() + begin_, filled_ - begin_);
  const std::size_t at = text.find_first_of("\r\n");
  if (at == std::string_view::npos) {
    begin_ = filled_;
    return false;
  }
  if (text[at] == '\r' && at + 1 == text.size() && !is_at_end_) {
    begin_ += at;
    return false;  // a '\n' may follow
  }
  begin_ += at + (text.substr(at).starts_with("\r\n") ? 2 : 1);
  return true;
}

Result<void> FormatFileReader::fill() {
  const std::size_t carried = filled_ - begin_;
  std::size_t wanted = std::max(context_->batch_bytes, 2 * carried);
  if (scan_->format->bounds() == RecordBounds::whole_file)
    wanted = std::max<std::size_t>(wanted, static_cast<std::size_t>(range_.size_bytes) + 1);
  if (carried + wanted > kMaxBlockBytes)
    return bad_data(fmt::format("a record has more than {} bytes", kMaxBlockBytes));
  BlockRef next = context_->pool.allocate(carried + wanted);
  if (carried > 0) std::memcpy(next.data(), block_.data() + begin_, carried);
  STREAM_TRY(const std::size_t got, input_->read(next.data() + carried, wanted));
  is_at_end_ = got < wanted;
  block_ = std::move(next);
  offset_ += begin_;
  begin_ = 0;
  filled_ = carried + got;
  return {};
}

Result<Batch> FormatFileReader::assemble(std::vector<Column> data, std::size_t num_rows) {
  std::vector<Column> columns;
  std::size_t next = 0;
  for (const FileColumn& column : scan_->columns) {
    switch (column.origin) {
      case FileColumn::Origin::data:
        columns.push_back(std::move(data[next++]));
        break;
      case FileColumn::Origin::partition:
        columns.push_back(repeat_value(partition_values_[column.index],
                                       scan_->partition_columns[column.index].type, num_rows,
                                       context_->pool));
        break;
      case FileColumn::Origin::metadata:
        columns.push_back(metadata_column(num_rows));
        break;
    }
  }
  return Batch(scan_->schema, std::move(columns), num_rows);
}

Column FormatFileReader::metadata_column(std::size_t num_rows) {
  const std::uint64_t end = range_.end == kNoEnd ? range_.size_bytes : range_.end;
  const Value value{ValueList{Value{"file://" + range_.path}, Value{file_name(range_.path)},
                              Value{static_cast<std::int64_t>(range_.size_bytes)},
                              Value{static_cast<std::int64_t>(range_.begin)},
                              Value{static_cast<std::int64_t>(end - range_.begin)},
                              Value{static_cast<std::int64_t>(range_.modified_millis * 1000)}}};
  return repeat_value(value, file_metadata_field().type, num_rows, context_->pool);
}

std::vector<Reject> FormatFileReader::take_rejects() {
  std::vector<Reject> rejects;
  if (!rows_) return rejects;
  num_handed_over_ = rows_->num_rejected();
  for (RejectedRecord& record : rows_->take_rejects())
    rejects.push_back({std::move(record.bytes),
                       fmt::format("file:{} byte {}", range_.path, record.offset),
                       std::move(record.reason)});
  return rejects;
}

}  // namespace stream
