#include <libstream/formats/json_fast.hpp>
#include <libstream/formats/json_reader.hpp>
#include <libstream/formats/malformed.hpp>
#include <libstream/formats/text_encoding.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
Result<std::unique_ptr<RowReader>> JsonReader::make(const JsonOptions& options, ReadRequest request,
                                                    BlockPool& pool) {
  STREAM_TRY(check_corrupt_column(*request.schema, options.malformed));
  STREAM_TRY(refuse_corrupt_alone(request, options.malformed));
  STREAM_TRY(TimeReader times, TimeReader::make(options.times));
  return std::unique_ptr<RowReader>(
      new JsonReader(options, std::move(request), std::move(times), pool));
}

JsonReader::JsonReader(const JsonOptions& options, ReadRequest request, TimeReader times,
                       BlockPool& pool)
    : options_(options),
      request_(std::move(request)),
      pool_(pool),
      tree_(options.leniency, options.max_depth),
      converter_(std::move(times), options) {
  const auto corrupt = corrupt_column(*request_.schema, options_.malformed);
  for (std::size_t i = 0; i < request_.columns.size(); ++i) {
    const Field& field = request_.schema->fields[request_.columns[i]];
    builders_.emplace_back(field.type, pool_);
    if (corrupt && request_.columns[i] == *corrupt) {
      corrupt_place_ = i;
    } else {
      fields_.push_back(field);
    }
  }
  for (std::size_t i = 0; i < builders_.size(); ++i) {
    if (!corrupt_place_ || i != *corrupt_place_) data_builders_.push_back(&builders_[i]);
  }
  if (!options_.is_multi_line && options_.single_variant_column.empty())
    fast_ = std::make_unique<JsonLineParser>(fields_, converter_);
}

JsonReader::~JsonReader() = default;

Result<void> JsonReader::begin(const std::string& path, bool is_start) {
  path_ = path;
  is_at_start_ = is_start;
  is_in_file_ = false;
  next_element_ = JsonNode::kNone;
  return {};
}

Result<std::size_t> JsonReader::take(const ByteRange& bytes, std::size_t max_rows) {
  for (ColumnBuilder& builder : builders_) builder.adopt({bytes.block});
  if (options_.is_multi_line) return take_file(bytes, max_rows);
  ByteRange rest = bytes;
  if (is_at_start_) {
    const std::string_view text(bytes.block.data() + bytes.begin, bytes.end - bytes.begin);
    if (text.size() < kByteOrderMark.size() && !bytes.is_last) return bytes.begin;
    if (text.starts_with(kByteOrderMark)) rest.begin += kByteOrderMark.size();
  }
  STREAM_TRY(const std::size_t taken, take_lines(rest, max_rows));
  if (taken == rest.begin && is_at_start_ && !rest.is_last) return bytes.begin;
  is_at_start_ = false;
  return taken;
}

Result<std::size_t> JsonReader::take_lines(const ByteRange& bytes, std::size_t max_rows) {
  const std::string_view text(bytes.block.data(), bytes.end);
  std::size_t at = bytes.begin;
  while (at < bytes.end && at < bytes.owned && num_rows_ < max_rows) {
    const TextLine line = next_line(text, at, options_.line_separator, bytes.is_last);
    if (!line.is_whole) break;
    const std::string_view record = text.substr(at, line.size);
    if (fast_ && !record.empty() && fast_->parse(record)) {
      fast_->append_to(data_builders_);
      if (corrupt_place_) builders_[*corrupt_place_].append_null();
      ++num_rows_;
    } else {
      STREAM_TRY(take_line(record, bytes.offset + at));
    }
    at = line.next;
  }
  return at;
}

Result<void> JsonReader::take_line(std::string_view line, std::uint64_t offset) {
  switch (tree_.parse(line)) {
    case JsonTree::Outcome::blank:
      return {};
    case JsonTree::Outcome::malformed:
      return take_malformed(line, offset, nullptr, tree_.reason());
    case JsonTree::Outcome::value:
      return take_root(line, offset);
  }
  return {};
}

Result<std::size_t> JsonReader::take_file(const ByteRange& bytes, std::size_t max_rows) {
  if (!bytes.is_last) return bytes.begin;
  const std::string_view record(bytes.block.data() + bytes.begin, bytes.end - bytes.begin);
  std::string_view text = record;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!is_in_file_) {
    const JsonTree::Outcome outcome = tree_.parse(text);
    if (outcome == JsonTree::Outcome::blank) return bytes.end;
    if (outcome == JsonTree::Outcome::malformed) {
      STREAM_TRY(take_malformed(record, bytes.offset, nullptr, tree_.reason()));
      return bytes.end;
    }
    const bool has_rows = tree_.root().kind == JsonKind::array && fast_ == nullptr &&
                          options_.single_variant_column.empty();
    const auto is_object = [&] {
      for (std::uint32_t i = tree_.root().first_child; i != JsonNode::kNone; i = tree_.node(i).next)
        if (tree_.node(i).kind != JsonKind::object) return false;
      return true;
    };
    if (!has_rows || !is_object()) {
      STREAM_TRY(take_root(record, bytes.offset));
      return bytes.end;
    }
    is_in_file_ = true;
    next_element_ = tree_.root().first_child;
  }
  while (next_element_ != JsonNode::kNone && num_rows_ < max_rows) {
    STREAM_TRY(take_object(tree_.node(next_element_), record, bytes.offset));
    next_element_ = tree_.node(next_element_).next;
  }
  return next_element_ == JsonNode::kNone ? bytes.end : bytes.begin;
}

Result<void> JsonReader::take_root(std::string_view record, std::uint64_t offset) {
  if (!options_.single_variant_column.empty()) return take_variant(record, offset);
  const JsonNode& root = tree_.root();
  if (root.kind == JsonKind::object) return take_object(root, record, offset);
  if (root.kind != JsonKind::array)
    return take_malformed(record, offset, nullptr, "the record is not an object");
  for (std::uint32_t i = root.first_child; i != JsonNode::kNone; i = tree_.node(i).next) {
    if (tree_.node(i).kind != JsonKind::object)
      return take_malformed(record, offset, nullptr, "an element of the record is not an object");
  }
  for (std::uint32_t i = root.first_child; i != JsonNode::kNone; i = tree_.node(i).next)
    STREAM_TRY(take_object(tree_.node(i), record, offset));
  return {};
}

Result<void> JsonReader::take_object(const JsonNode& object, std::string_view record,
                                     std::uint64_t offset) {
  bool is_partial = false;
  const ValueList values = converter_.convert_fields(tree_, object, fields_, is_partial);
  if (is_partial) return take_malformed(record, offset, &values, converter_.reason());
  append_row(&values, std::nullopt);
  return {};
}

Result<void> JsonReader::take_variant(std::string_view /*record*/, std::uint64_t /*offset*/) {
  ValueList values(fields_.size());
  std::string json;
  append_variant_json(tree_, tree_.root(), json);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].type.kind == TypeKind::variant) values[i] = Value{json};
  }
  append_row(&values, std::nullopt);
  return {};
}

Result<void> JsonReader::take_malformed(std::string_view record, std::uint64_t offset,
                                        const ValueList* partial, const std::string& reason) {
  switch (options_.malformed.mode) {
    case MalformedMode::permissive:
      append_row(partial, record);
      return {};
    case MalformedMode::fail_fast:
      return malformed_record_error(record, offset, reason);
    case MalformedMode::drop_malformed:
      ++num_rejected_;
      keep_reject(rejects_, record, offset, reason, request_);
      return {};
  }
  return {};
}

void JsonReader::append_row(const ValueList* values, std::optional<std::string_view> corrupt) {
  for (std::size_t i = 0; i < data_builders_.size(); ++i)
    append_value(*data_builders_[i], values == nullptr ? Value{} : (*values)[i]);
  if (corrupt_place_) {
    if (corrupt) {
      builders_[*corrupt_place_].append_string(*corrupt);
    } else {
      builders_[*corrupt_place_].append_null();
    }
  }
  ++num_rows_;
}

std::vector<Column> JsonReader::finish() {
  std::vector<Column> columns;
  for (ColumnBuilder& builder : builders_) columns.push_back(builder.finish());
  num_rows_ = 0;
  return columns;
}

}  // namespace stream
