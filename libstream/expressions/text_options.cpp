#include <libstream/data/decimal.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/expressions/text_options.hpp>

namespace stream {

namespace {

constexpr std::string_view kPrintTimestamp = "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]";
constexpr std::string_view kPrintNtz = "yyyy-MM-dd'T'HH:mm:ss[.SSS]";

bool needs_quotes(std::string_view name) {
  if (name.empty()) return true;
  bool is_number = true;
  for (const char c : name) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit) is_number = false;
    if (!is_digit && c != '_' && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')) return true;
  }
  return is_number;
}

}  // namespace

Result<RecordOptions> RecordOptions::make(std::string_view function, Arguments arguments,
                                          std::size_t index, const SqlSettings& settings) {
  RecordOptions made;
  if (index < arguments.size()) {
    const Argument& argument = arguments[index];
    if (argument.type.kind != TypeKind::map || !argument.constant)
      return analysis_error("INVALID_OPTIONS.NON_MAP_FUNCTION",
                            "Invalid options: " + std::string(function) +
                                " must use the `map()` function for options.");
    const auto* entries = std::get_if<ValueList>(&argument.constant->content);
    for (std::size_t i = 0; entries != nullptr && i + 1 < entries->size(); i += 2) {
      const auto* key = std::get_if<std::string>(&(*entries)[i].content);
      const auto* value = std::get_if<std::string>(&(*entries)[i + 1].content);
      if (key == nullptr || value == nullptr)
        return analysis_error("INVALID_OPTIONS.NON_STRING_TYPE",
                              "Invalid options: a type of keys and values in `map()` must be "
                              "string.");
      made.values_[to_lower(*key)] = *value;
    }
  }
  const std::string mode = to_upper(made.get("mode", "PERMISSIVE"));
  made.fails_fast_ = mode == "FAILFAST";
  if (mode == "DROPMALFORMED")
    return analysis_error("PARSE_MODE_UNSUPPORTED",
                          "The function `" + std::string(function) +
                              "` doesn't support the DROPMALFORMED mode. Acceptable modes are "
                              "PERMISSIVE and FAILFAST.");
  STREAM_TRY(made.zone_, find_time_zone(made.get("timezone", settings.time_zone)));
  STREAM_TRY(
      made.compile_patterns(function.starts_with("to_") ? PatternUse::format : PatternUse::parse));
  return made;
}

Result<void> RecordOptions::compile_patterns(PatternUse use) {
  const auto compile = [&](std::string_view key, std::string_view otherwise,
                           std::optional<DateTimePattern>& pattern) -> Result<void> {
    const std::string text = get(key, otherwise);
    if (text.empty()) return {};
    STREAM_TRY(pattern, DateTimePattern::make(text, use));
    return {};
  };
  if (use == PatternUse::parse) {
    STREAM_TRY(compile("dateformat", "", parse_date_));
    STREAM_TRY(compile("timestampformat", "", parse_timestamp_));
    return compile("timestampntzformat", "", parse_ntz_);
  }
  STREAM_TRY(compile("dateformat", "yyyy-MM-dd", print_date_));
  STREAM_TRY(compile("timestampformat", kPrintTimestamp, print_timestamp_));
  return compile("timestampntzformat", kPrintNtz, print_ntz_);
}

std::string RecordOptions::get(std::string_view key, std::string_view otherwise) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string(otherwise) : found->second;
}

bool RecordOptions::flag(std::string_view key, bool otherwise) const {
  const std::string value = to_lower(get(key, otherwise ? "true" : "false"));
  return value == "true";
}

bool RecordOptions::is_time(TypeKind kind) const {
  return kind == TypeKind::date || kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz ||
         kind == TypeKind::day_time_interval || kind == TypeKind::year_month_interval ||
         kind == TypeKind::calendar_interval;
}

std::optional<Value> RecordOptions::parse_time(std::string_view text, const DataType& type) const {
  const auto boxed = [](const auto& value) {
    return value ? std::optional<Value>(Value{*value}) : std::nullopt;
  };
  switch (type.kind) {
    case TypeKind::date:
      return boxed(parse_date_ ? parse_date_->parse_date(text) : parse_date(text));
    case TypeKind::timestamp:
      return boxed(parse_timestamp_ ? parse_timestamp_->parse_timestamp(text, *zone_)
                                    : parse_timestamp(text, *zone_));
    case TypeKind::timestamp_ntz:
      return boxed(parse_ntz_ ? parse_ntz_->parse_timestamp_ntz(text, false)
                              : parse_timestamp_ntz(text, false));
    default: {
      // Intervals read as their casts do.
      const Result<Kernel> cast = make_cast(primitive(TypeKind::string), type, CastMode::attempt);
      if (!cast) return std::nullopt;
      BlockPool pool;
      const SqlSettings settings;
      EvaluationContext context{pool, settings};
      Operand operand{repeat_value(Value{std::string(text)}, primitive(TypeKind::string), 1, pool),
                      true};
      const Result<Column> column = (*cast)({{&operand, 1}, {}, 1, type, context, {}});
      if (!column || column->is_null(0)) return std::nullopt;
      return value_at(*column, 0);
    }
  }
}

void RecordOptions::append_time(const Column& column, std::size_t row, std::string& out) const {
  switch (column.type.kind) {
    case TypeKind::date:
      return print_date_->append_date(column.data<std::int32_t>()[row], out);
    case TypeKind::timestamp:
      return print_timestamp_->append_timestamp(column.data<std::int64_t>()[row], *zone_, out);
    case TypeKind::timestamp_ntz:
      return print_ntz_->append_timestamp(column.data<std::int64_t>()[row], utc_zone(), out);
    default: {
      const SqlSettings settings;
      return append_cast_text(column, row, settings, out);
    }
  }
}

std::optional<Int128> decimal_from_text(std::string_view text, const DataType& type) {
  const std::optional<Int128> value = parse_decimal(text, type.scale);
  if (!value || !fits_precision(*value, type.precision)) return std::nullopt;
  return value;
}

Error malformed_record(std::string_view record) {
  return runtime_error(
      "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
      "Malformed records are detected in record parsing: " + std::string(record.substr(0, 1000)) +
          ". Parse Mode: FAILFAST. To process malformed records as null result, "
          "try setting the option 'mode' as 'PERMISSIVE'.");
}

std::string quoted_field_name(const std::string& name) {
  return needs_quotes(name) ? "`" + name + "`" : name;
}

std::string sql_type_text(const DataType& type) {
  switch (type.kind) {
    case TypeKind::array:
      return "ARRAY<" + sql_type_text(type.children[0].type) + ">";
    case TypeKind::map:
      return "MAP<" + sql_type_text(type.children[0].type) + ", " +
             sql_type_text(type.children[1].type) + ">";
    case TypeKind::structure: {
      std::string text = "STRUCT<";
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        const Field& field = type.children[i];
        if (i > 0) text += ", ";
        text += quoted_field_name(field.name);
        text += ": " + sql_type_text(field.type);
        if (!field.is_nullable) text += " NOT NULL";
      }
      return text + ">";
    }
    default:
      return type.to_string();
  }
}

}  // namespace stream
