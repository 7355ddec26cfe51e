#include <libstream/base/ascii.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/expressions/utf8.hpp>
#include <libstream/formats/csv_fields.hpp>
#include <libstream/formats/csv_schema.hpp>
#include <libstream/formats/malformed.hpp>
#include <libstream/formats/text_encoding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace stream {
namespace {

bool is_boolean(std::string_view text) {
  const IgnoreCaseLess less;
  return (!less(text, "true") && !less("true", text)) ||
         (!less(text, "false") && !less("false", text));
}

bool is_time(TypeKind kind) {
  return kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz;
}

/// What holds values of both, by the rules of CSV.
DataType join_types(const DataType& a, const DataType& b, bool dates_are_timestamps) {
  if (a == b || b.kind == TypeKind::null) return a;
  if (a.kind == TypeKind::null) return b;
  const auto either = [&](TypeKind kind) { return a.kind == kind || b.kind == kind; };
  if (either(TypeKind::string)) return primitive(TypeKind::string);
  if (either(TypeKind::date) && (is_time(a.kind) || is_time(b.kind)))
    return dates_are_timestamps ? (a.kind == TypeKind::date ? b : a) : primitive(TypeKind::string);
  if (is_time(a.kind) && is_time(b.kind)) return primitive(TypeKind::timestamp);
  if (!is_numeric(a.kind) || !is_numeric(b.kind)) return primitive(TypeKind::string);
  if (either(TypeKind::float64)) return primitive(TypeKind::float64);
  if (!either(TypeKind::decimal)) return primitive(std::max(a.kind, b.kind));
  const DataType x = decimal_for(a);
  const DataType y = decimal_for(b);
  const int scale = std::max(x.scale, y.scale);
  const int range = std::max(x.precision - x.scale, y.precision - y.scale);
  if (range + scale > kMaxDecimalPrecision) return primitive(TypeKind::float64);
  return decimal_of(range + scale, scale);
}

}  // namespace

CsvSchemaFinder::CsvSchemaFinder(const CsvOptions& options, TimeReader times,
                                 bool is_case_sensitive)
    : options_(options),
      parser_(options.syntax, options.values.empty_value.value_or("")),
      times_(std::move(times)),
      is_case_sensitive_(is_case_sensitive) {}

Result<void> CsvSchemaFinder::begin(const std::string& /*path*/, bool is_start) {
  is_at_start_ = is_start;
  drops_header_ = is_start && options_.has_header && options_.syntax.is_multi_line;
  return {};
}

Result<std::size_t> CsvSchemaFinder::take(const ByteRange& bytes) {
  ByteRange rest = bytes;
  if (is_at_start_) {
    const std::string_view text(bytes.block.data() + bytes.begin, bytes.end - bytes.begin);
    if (text.size() < kByteOrderMark.size() && !bytes.is_last) return bytes.begin;
    if (text.starts_with(kByteOrderMark)) rest.begin += kByteOrderMark.size();
    if (options_.syntax.is_multi_line) parser_.detect_line_separator(text);
  }
  STREAM_TRY(const std::size_t taken,
             options_.syntax.is_multi_line ? take_multi_line(rest) : take_lines(rest));
  if (taken == rest.begin && !rest.is_last) return bytes.begin;
  is_at_start_ = false;
  return taken;
}

Result<std::size_t> CsvSchemaFinder::take_lines(const ByteRange& bytes) {
  const std::string_view text(bytes.block.data(), bytes.end);
  std::size_t at = bytes.begin;
  while (at < bytes.end && at < bytes.owned && !is_done()) {
    const TextLine line = next_line(text, at, options_.syntax.line_separator, bytes.is_last);
    if (!line.is_whole) break;
    STREAM_TRY(take_line(text.substr(at, line.size)));
    at = line.next;
  }
  return at;
}

Result<std::size_t> CsvSchemaFinder::take_multi_line(const ByteRange& bytes) {
  const std::string_view text(bytes.block.data(), bytes.end);
  std::size_t at = bytes.begin;
  while (at < bytes.end && !is_done()) {
    STREAM_TRY(const auto outcome, parser_.parse(text, at));
    if ((outcome.reached_end || outcome.end == bytes.end) && !bytes.is_last) break;
    at = outcome.end;
    if (!outcome.has_record) continue;
    if (!has_first_) take_first(parser_.fields());
    if (!std::exchange(drops_header_, false)) take_record(parser_.fields());
  }
  return at;
}

Result<void> CsvSchemaFinder::take_line(std::string_view line) {
  if (is_blank_line(line)) return {};
  if (options_.syntax.comment && line.front() == *options_.syntax.comment) return {};
  const std::string valid = is_valid_utf8(line) ? std::string(line) : make_valid_utf8(line);
  if (has_first_ && options_.has_header && valid == first_line_) return {};
  STREAM_TRY(const auto outcome, parser_.parse(valid, 0));
  if (!outcome.has_record) return {};
  if (has_first_) {
    take_record(parser_.fields());
    return {};
  }
  first_line_ = valid;
  take_first(parser_.fields());
  if (!options_.has_header) take_record(parser_.fields());
  return {};
}

void CsvSchemaFinder::take_first(const std::vector<CsvField>& fields) {
  has_first_ = true;
  names_ = safe_names(fields);
  types_.assign(names_.size(), primitive(TypeKind::null));
}

std::vector<std::string> CsvSchemaFinder::safe_names(const std::vector<CsvField>& header) const {
  const auto key = [&](std::string_view name) {
    return is_case_sensitive_ ? std::string(name) : ascii_lower(name);
  };
  std::map<std::string, int> counts;
  for (const CsvField& field : header) {
    if (!field.is_null) ++counts[key(field.text)];
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const CsvField& field = header[i];
    const bool is_unnamed = !options_.has_header || field.is_null || field.text.empty() ||
                            field.text == options_.values.null_value;
    if (is_unnamed) {
      names.push_back(fmt::format("_c{}", i));
    } else if (counts[key(field.text)] > 1) {
      names.push_back(fmt::format("{}{}", field.text, i));
    } else {
      names.emplace_back(field.text);
    }
  }
  return names;
}

void CsvSchemaFinder::take_record(const std::vector<CsvField>& fields) {
  if (!options_.inference.is_on) return;
  sampled_ += options_.inference.sampling_ratio;
  if (sampled_ < 1) return;
  sampled_ -= 1;
  for (std::size_t i = 0; i < std::min(fields.size(), types_.size()); ++i) {
    const CsvField& field = fields[i];
    if (field.is_null || field.text.empty() || field.text == options_.values.null_value) continue;
    types_[i] = widen(types_[i], field.text);
  }
}

DataType CsvSchemaFinder::widen(const DataType& so_far, std::string_view text) const {
  const TypeKind first = so_far.kind == TypeKind::null ? TypeKind::int32 : so_far.kind;
  return join_types(so_far, type_from(first, text), !options_.times.timestamp);
}

/// The first type that `text` is of, in the order integer, long, decimal, double, date, timestamp,
/// boolean, string, from `first_tried` on.
DataType CsvSchemaFinder::type_from(TypeKind first_tried, std::string_view text) const {
  switch (first_tried) {
    case TypeKind::int32: {
      std::int32_t value = 0;
      if (parse_java_integer(text.data(), text.size(), value)) return primitive(TypeKind::int32);
      return type_from(TypeKind::int64, text);
    }
    case TypeKind::int64: {
      std::int64_t value = 0;
      if (parse_java_integer(text.data(), text.size(), value)) return primitive(TypeKind::int64);
      return type_from(TypeKind::decimal, text);
    }
    case TypeKind::decimal: {
      const auto value = parse_decimal_exactly(text);
      if (value && value->scale == 0) return decimal_of(value->num_digits, 0);
      return type_from(TypeKind::float64, text);
    }
    case TypeKind::float64: {
      const CsvValues& values = options_.values;
      const bool is_named = text == values.nan || text == values.positive_infinity ||
                            text == values.negative_infinity;
      if (is_named || parse_java_double(text)) return primitive(TypeKind::float64);
      return type_from(options_.inference.prefers_date ? TypeKind::date : TypeKind::timestamp,
                       text);
    }
    case TypeKind::date:
      if (times_.is_strict_date(text)) return primitive(TypeKind::date);
      return type_from(TypeKind::timestamp, text);
    case TypeKind::timestamp:
      if (times_.is_timestamp(text)) return primitive(TypeKind::timestamp);
      return type_from(TypeKind::boolean, text);
    case TypeKind::boolean:
      return primitive(is_boolean(text) ? TypeKind::boolean : TypeKind::string);
    default:
      return primitive(TypeKind::string);
  }
}

Result<Schema> CsvSchemaFinder::finish() {
  Schema schema;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    DataType type = types_[i];
    if (type.kind == TypeKind::null || !options_.inference.is_on)
      type = primitive(TypeKind::string);
    schema.fields.push_back({names_[i], std::move(type), true});
  }
  return schema;
}

}  // namespace stream
