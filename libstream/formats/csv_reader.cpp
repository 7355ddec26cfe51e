#include <libstream/data/gather.hpp>
#include <libstream/expressions/evaluate.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/utf8.hpp>
#include <libstream/formats/csv_reader.hpp>
#include <libstream/formats/malformed.hpp>
#include <libstream/formats/text_encoding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

constexpr std::size_t kWindowBytes = 16 << 10;
constexpr std::uint16_t kWrongCount = 1;
constexpr std::uint16_t kFirstColumn = 2;  // this and following: that column's field
}  // namespace

Result<std::unique_ptr<RowReader>> CsvReader::make(const CsvOptions& options, ReadRequest request,
                                                   BlockPool& pool) {
  STREAM_TRY(check_corrupt_column(*request.schema, options.malformed));
  STREAM_TRY(refuse_corrupt_alone(request, options.malformed));
  STREAM_TRY(TimeReader times, TimeReader::make(options.times));
  CsvConversion conversion{options.values, std::move(times), DecimalReader(options.times.locale)};
  return std::unique_ptr<RowReader>(
      new CsvReader(options, std::move(request), std::move(conversion), pool));
}

CsvReader::CsvReader(const CsvOptions& options, ReadRequest request, CsvConversion conversion,
                     BlockPool& pool)
    : options_(options),
      request_(std::move(request)),
      conversion_(std::move(conversion)),
      pool_(pool),
      parser_(options.syntax, options.values.empty_value.value_or("")),
      records_(kGroupRows),
      offsets_(kGroupRows),
      bad_(kGroupRows) {
  const auto corrupt = corrupt_column(*request_.schema, options_.malformed);
  num_fields_ = request_.schema->num_fields() - (corrupt ? 1 : 0);
  for (std::size_t i = 0; i < request_.columns.size(); ++i) {
    const std::size_t column = request_.columns[i];
    if (corrupt && column == *corrupt) {
      corrupt_place_ = i;
      corrupt_.emplace(primitive(TypeKind::string), pool_);
      continue;
    }
    data_columns_.push_back(column - (corrupt && column > *corrupt ? 1 : 0));
    columns_.push_back(
        std::make_unique<CsvColumn>(request_.schema->fields[column].type, conversion_, pool_));
    group_.emplace_back(kGroupRows);
  }
  checks_count_ =
      corrupt_place_.has_value() || columns_.size() == num_fields_ || !prunes_columns(options_);
  const CsvSyntax& syntax = options_.syntax;
  is_fast_ = syntax.separator.size() == 1 && !syntax.line_separator && !syntax.is_multi_line &&
             !syntax.ignores_leading_space && !syntax.ignores_trailing_space &&
             syntax.max_characters < 0 && !columns_.empty() &&
             num_fields_ <= static_cast<std::size_t>(syntax.max_columns);
}

Result<void> CsvReader::begin(const std::string& path, bool is_start) {
  path_ = path;
  is_at_start_ = is_start;
  wants_header_ = is_start && options_.has_header;
  return {};
}

Result<std::size_t> CsvReader::take(const ByteRange& bytes, std::size_t max_rows) {
  for (auto& column : columns_) column->adopt(bytes.block);
  if (corrupt_) corrupt_->adopt({bytes.block});
  ByteRange rest = bytes;
  if (is_at_start_) {
    const std::string_view text(bytes.block.data() + bytes.begin, bytes.end - bytes.begin);
    if (text.size() < kByteOrderMark.size() && !bytes.is_last) return bytes.begin;
    if (text.starts_with(kByteOrderMark)) rest.begin += kByteOrderMark.size();
    if (options_.syntax.is_multi_line) parser_.detect_line_separator(text);
  }
  STREAM_TRY(const std::size_t taken, options_.syntax.is_multi_line
                                          ? take_multi_line(rest, max_rows)
                                          : take_lines(rest, max_rows));
  STREAM_TRY(flush_group());
  if (taken == rest.begin && is_at_start_ && !rest.is_last) return bytes.begin;
  is_at_start_ = false;
  return taken;
}

Result<std::size_t> CsvReader::take_multi_line(const ByteRange& bytes, std::size_t max_rows) {
  const std::string_view text(bytes.block.data(), bytes.end);
  std::size_t at = bytes.begin;
  while (at < bytes.end && !is_full(max_rows)) {
    STREAM_TRY(const auto outcome, parser_.parse(text, at));
    // A line end of two characters may be cut, too.
    if ((outcome.reached_end || outcome.end == bytes.end) && !bytes.is_last) break;
    std::string_view record = text.substr(at, outcome.end - at);
    if (record.ends_with('\n')) record.remove_suffix(record.ends_with("\r\n") ? 2 : 1);
    if (outcome.has_record && wants_header_) {
      wants_header_ = false;
      STREAM_TRY(check_header(parser_.fields()));
    } else if (outcome.has_record) {
      add_record(parser_.fields(), record, bytes.offset + at);
    }
    at = outcome.end;
    if (group_rows_ == kGroupRows) STREAM_TRY(flush_group());
  }
  return at;
}

Result<std::size_t> CsvReader::take_lines(const ByteRange& bytes, std::size_t max_rows) {
  std::size_t at = bytes.begin;
  if (is_fast_) {
    while (at < bytes.end && at < bytes.owned && !is_full(max_rows)) {
      STREAM_TRY(const bool goes_on, take_window(bytes, at, max_rows));
      if (!goes_on) break;
    }
    return at;
  }
  const std::string_view text(bytes.block.data(), bytes.end);
  while (at < bytes.end && at < bytes.owned && !is_full(max_rows)) {
    const TextLine line = next_line(text, at, options_.syntax.line_separator, bytes.is_last);
    if (!line.is_whole) break;
    STREAM_TRY(take_line(text.substr(at, line.size), bytes.offset + at));
    at = line.next;
    if (group_rows_ == kGroupRows) STREAM_TRY(flush_group());
  }
  return at;
}

Result<bool> CsvReader::take_window(const ByteRange& bytes, std::size_t& at, std::size_t max_rows) {
  const std::size_t begin = at;
  std::size_t size = kWindowBytes;
  while (true) {
    Window window;
    window.end = std::min(bytes.end, at + size);
    window.is_last = bytes.is_last && window.end == bytes.end;
    // In front of the places that are found: the one before the first field.
    if (places_.size() < window.end - at + 65) places_.resize(window.end - at + 65);
    places_[0] = static_cast<std::uint32_t>(at) - 1;
    const CsvStructure found =
        scan_csv(bytes.block.data(), at, window.end, options_.syntax.separator[0],
                 options_.syntax.quote, places_.data() + 1);
    window.is_ascii = found.is_ascii;
    window.place = places_.data() + 1;
    window.places_end = window.place + found.count;
    if (is_grid(bytes, at, window, found)) {
      const std::size_t room = max_rows - num_rows() - group_rows_;
      STREAM_TRY(take_grid(bytes, at, window, std::min(found.num_lines, room)));
    } else {
      STREAM_TRY(take_records(bytes, at, window, max_rows));
    }
    if (at > begin) return true;
    if (window.end == bytes.end) return false;
    size *= 4;  // a line longer than the window
  }
}

bool CsvReader::is_grid(const ByteRange& bytes, std::size_t at, const Window& window,
                        const CsvStructure& found) const {
  if (!found.is_plain || found.num_lines == 0 || wants_header_ || window.end > bytes.owned ||
      found.count < found.num_lines * num_fields_)
    return false;
  const char* const block = bytes.block.data();
  const FieldGrid grid{block, window.place, num_fields_, found.num_lines};
  // Blank lines, and what may be comments, are told apart one by one.
  const auto comment = static_cast<unsigned char>(options_.syntax.comment.value_or('\0'));
  bool is_regular = true;
  for (std::size_t row = 0; row < grid.num_rows; ++row) {
    const auto first = static_cast<unsigned char>(block[grid.begin(row, 0)]);
    is_regular = is_regular && (block[grid.end(row, num_fields_ - 1)] == '\n') & (first > ' ') &
                                   (first != comment);
  }
  // As every record has its line end, and there are no more of them, what is between separates.
  if (!is_regular || found.is_ascii) return is_regular;
  return is_valid_utf8({block + at, grid.end(grid.num_rows - 1, num_fields_ - 1) - at});
}

Result<void> CsvReader::take_grid(const ByteRange& bytes, std::size_t& at, Window& window,
                                  std::size_t num_rows) {
  STREAM_TRY(flush_group());
  while (num_rows > 0) {
    const FieldGrid grid{bytes.block.data(), window.place, num_fields_,
                         std::min(num_rows, kGroupRows)};
    const std::span<std::uint16_t> bad(bad_.data(), grid.num_rows);
    std::fill(bad.begin(), bad.end(), std::uint16_t{0});
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      columns_[c]->convert(GridColumn(grid, data_columns_[c]), bytes.block, bad,
                           static_cast<std::uint16_t>(kFirstColumn + c));
    }
    group_rows_ = grid.num_rows;
    if (has_bad_rows()) {
      for (std::size_t row = 0; row < grid.num_rows; ++row) {
        for (std::size_t c = 0; c < columns_.size(); ++c)
          group_[c][row] = grid.text(row, data_columns_[c]);
        records_[row] = grid.record(row);
        offsets_[row] = bytes.offset + grid.begin(row, 0);
      }
    }
    STREAM_TRY(finish_group());
    window.place += grid.num_rows * num_fields_;
    num_rows -= grid.num_rows;
  }
  at = window.place[-1] + 1;
  return {};
}

Result<void> CsvReader::take_records(const ByteRange& bytes, std::size_t& at, const Window& window,
                                     std::size_t max_rows) {
  const char* const block = bytes.block.data();
  const char separator = options_.syntax.separator[0];
  const auto is_end_of_line = [&](std::uint32_t place) {
    return block[place] == '\n' || block[place] == '\r';
  };
  const std::uint32_t* place = window.place;
  while (at < window.end && at < bytes.owned && !is_full(max_rows)) {
    if (group_rows_ == kGroupRows) STREAM_TRY(flush_group());
    bool is_plain = place + num_fields_ <= window.places_end &&
                    static_cast<unsigned char>(block[at]) > ' ' && !wants_header_ &&
                    !(options_.syntax.comment && block[at] == *options_.syntax.comment);
    if (is_plain) {
      is_plain = is_end_of_line(place[num_fields_ - 1]);
      for (std::size_t i = 0; i + 1 < num_fields_; ++i)
        is_plain = is_plain && block[place[i]] == separator;
    }
    const std::uint32_t* terminator = place + num_fields_ - 1;
    if (!is_plain) {
      terminator = place;
      while (terminator < window.places_end && !is_end_of_line(*terminator)) ++terminator;
      if (terminator == window.places_end && !window.is_last) break;
    }
    const std::size_t line_end = terminator < window.places_end ? *terminator : window.end;
    std::size_t next = line_end + (terminator < window.places_end);
    if (line_end < window.end && block[line_end] == '\r') {
      if (next == window.end && !window.is_last) break;
      if (next < window.end && block[next] == '\n') {
        ++next;
        ++terminator;
      }
    }
    const std::string_view line(block + at, line_end - at);
    if (is_plain && !window.is_ascii) is_plain = is_valid_utf8(line);
    if (is_plain) {
      for (std::size_t c = 0; c < data_columns_.size(); ++c) {
        const std::size_t index = data_columns_[c];
        const std::size_t from = index == 0 ? at : place[index - 1] + 1;
        group_[c][group_rows_] = plain_field(block, from, place[index]);
      }
      records_[group_rows_] = line;
      offsets_[group_rows_] = bytes.offset + at;
      bad_[group_rows_++] = 0;
    } else {
      STREAM_TRY(take_line(line, bytes.offset + at));
    }
    at = next;
    place = terminator < window.places_end ? terminator + 1 : window.places_end;
  }
  if (is_full(max_rows)) STREAM_TRY(flush_group());
  return {};
}

Result<void> CsvReader::take_line(std::string_view line, std::uint64_t offset) {
  if (is_blank_line(line)) return {};
  if (options_.syntax.comment && line.front() == *options_.syntax.comment) return {};
  if (!is_valid_utf8(line)) line = {keep(make_valid_utf8(line)), kept_.back().size() - kPadding};
  if (columns_.empty() && !checks_count_ && !wants_header_) {
    add_record({}, line, offset);
    return {};
  }
  STREAM_TRY(const auto outcome, parser_.parse(line, 0));
  if (wants_header_) {
    wants_header_ = false;
    return check_header(parser_.fields());
  }
  if (outcome.has_record) add_record(parser_.fields(), line, offset);
  return {};
}

const char* CsvReader::keep(std::string_view text) {
  kept_.emplace_back(text).append(kPadding, '\0');
  return kept_.back().data();
}

void CsvReader::add_record(const std::vector<CsvField>& fields, std::string_view record,
                           std::uint64_t offset) {
  for (std::size_t c = 0; c < data_columns_.size(); ++c) {
    const std::size_t index = data_columns_[c];
    FieldText& into = group_[c][group_rows_];
    into = {};
    if (index >= fields.size() || fields[index].is_null) continue;
    const std::string_view text = fields[index].text;
    const bool is_in_record =
        text.data() >= record.data() && text.data() + text.size() <= record.data() + record.size();
    into = {is_in_record ? text.data() : keep(text), static_cast<std::uint32_t>(text.size())};
  }
  records_[group_rows_] = record;
  offsets_[group_rows_] = offset;
  bad_[group_rows_] = checks_count_ && fields.size() != num_fields_ ? kWrongCount : 0;
  ++group_rows_;
}

Result<void> CsvReader::check_header(const std::vector<CsvField>& names) {
  if (options_.enforces_schema) return {};
  const auto corrupt = corrupt_column(*request_.schema, options_.malformed);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < request_.schema->num_fields(); ++i) {
    if (!corrupt || i != *corrupt) all.push_back(request_.schema->fields[i].name);
  }
  // Of the fields that are not looked at the header is not either.
  std::vector<std::size_t> places = data_columns_;
  if (checks_count_) {
    places.resize(all.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
  }
  bool agrees = !checks_count_ || names.size() == all.size();
  std::vector<std::string> wanted;
  for (const std::size_t place : places) {
    wanted.push_back(all[place]);
    const std::string_view name = place < names.size() ? names[place].text : std::string_view();
    const IgnoreCaseLess less;
    agrees = agrees && !less(name, all[place]) && !less(all[place], name);
  }
  if (agrees) return {};
  std::string header;
  for (const CsvField& name : names)
    header += (header.empty() ? "" : ", ") + std::string(name.text);
  return bad_data(fmt::format(
      "[_LEGACY_ERROR_TEMP_3241] the header of '{}' ({}) does not conform to the schema ({}); "
      "enforceSchema=true reads it all the same",
      path_, header, fmt::join(wanted, ", ")));
}

Result<void> CsvReader::flush_group() {
  if (group_rows_ == 0) return {};
  const std::span<std::uint16_t> bad(bad_.data(), group_rows_);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    columns_[c]->convert(std::span<const FieldText>(group_[c].data(), group_rows_), bad,
                         static_cast<std::uint16_t>(kFirstColumn + c));
  }
  return finish_group();
}

bool CsvReader::has_bad_rows() const {
  return std::any_of(bad_.begin(), bad_.begin() + static_cast<std::ptrdiff_t>(group_rows_),
                     [](std::uint16_t mark) { return mark != 0; });
}

Result<void> CsvReader::finish_group() {
  if (has_bad_rows()) STREAM_TRY(handle_bad_rows());
  if (corrupt_) {
    for (std::size_t row = 0; row < group_rows_; ++row) {
      if (bad_[row] == 0) {
        corrupt_->append_null();
      } else {
        corrupt_->append_string(records_[row]);
      }
    }
  }
  num_rows_ += group_rows_;
  group_rows_ = 0;
  kept_.clear();
  return {};
}

Result<void> CsvReader::handle_bad_rows() {
  if (options_.malformed.mode == MalformedMode::permissive) return {};
  for (std::size_t row = 0; row < group_rows_; ++row) {
    if (bad_[row] == 0) continue;
    std::string reason = reason_of(bad_[row], row);
    if (options_.malformed.mode == MalformedMode::fail_fast)
      return malformed_record_error(records_[row], offsets_[row], reason);
    dropped_.push_back(static_cast<std::uint32_t>(num_rows_ + row));
    ++num_rejected_;
    keep_reject(rejects_, records_[row], offsets_[row], std::move(reason), request_);
  }
  return {};
}

std::string CsvReader::reason_of(std::uint16_t mark, std::size_t row) const {
  if (mark == kWrongCount) return fmt::format("the record does not have {} fields", num_fields_);
  const std::size_t c = mark - kFirstColumn;
  std::size_t column = 0;
  for (std::size_t i = 0, data = 0; i < request_.columns.size(); ++i) {
    if (corrupt_place_ && i == *corrupt_place_) continue;
    if (data++ == c) column = request_.columns[i];
  }
  const Field& field = request_.schema->fields[column];
  return fmt::format("'{}' is not a {} (column {})", group_[c][row].view(), field.type.to_string(),
                     field.name);
}

std::vector<Column> CsvReader::finish() {
  std::vector<Column> columns;
  for (auto& column : columns_) columns.push_back(column->builder().finish());
  if (corrupt_place_) {
    columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(*corrupt_place_),
                   corrupt_->finish());
  }
  if (!dropped_.empty()) {
    std::vector<std::uint32_t> kept;
    std::size_t next = 0;
    for (std::uint32_t row = 0; row < num_rows_; ++row) {
      if (next < dropped_.size() && dropped_[next] == row) {
        ++next;
      } else {
        kept.push_back(row);
      }
    }
    for (Column& column : columns) column = gather(column, kept, pool_);
  }
  num_rows_ = 0;
  dropped_.clear();
  return columns;
}

}  // namespace stream
