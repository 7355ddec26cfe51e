#include <libstream/base/ascii.hpp>
#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/sql/parser.hpp>

#include <charconv>
#include <cmath>

namespace stream::sql {

namespace {

/// An integer of type T; nullopt: out of range.
template <class T>
std::optional<Literal> integer_literal(const std::string& digits, TypeKind kind) {
  T value{};
  const auto end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return Literal{Value{value}, primitive(kind)};
}

std::optional<Literal> decimal_literal(const std::string& digits) {
  std::optional<DecimalText> parsed = parse_decimal_exactly(digits);
  if (!parsed) return std::nullopt;
  if (parsed->scale < 0) {
    const std::optional<Int128> whole = rescale(parsed->unscaled, parsed->scale, 0);
    if (!whole || !fits_precision(*whole, kMaxDecimalPrecision)) return std::nullopt;
    parsed->num_digits -= parsed->scale;
    parsed->unscaled = *whole;
    parsed->scale = 0;
  }
  const int precision = std::max(parsed->num_digits, parsed->scale);
  if (precision > kMaxDecimalPrecision) return std::nullopt;
  return Literal{Value{parsed->unscaled}, decimal_of(std::max(precision, 1), parsed->scale)};
}

template <class T>
std::optional<Literal> floating_literal(const std::string& digits, TypeKind kind) {
  T value{};
  const auto end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (at != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    const double wide = std::strtod(digits.c_str(), nullptr);
    if (std::abs(wide) > 1) return std::nullopt;
    value = static_cast<T>(wide);
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return Literal{Value{value}, primitive(kind)};
}

struct NumberRange {
  std::string_view type;
  std::string_view low;
  std::string_view high;
};
NumberRange range_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::int8:
      return {"tinyint", "-128", "127"};
    case TokenKind::int16:
      return {"smallint", "-32768", "32767"};
    case TokenKind::int64:
      return {"bigint", "-9223372036854775808", "9223372036854775807"};
    case TokenKind::float32:
      return {"float", "-3.4028234663852886E+38", "3.4028234663852886E+38"};
    default:
      return {"double", "-1.7976931348623157E+308", "1.7976931348623157E+308"};
  }
}

/// In lower case and without the plural's s; empty: no unit.
std::string_view unit_name(std::string_view word) {
  constexpr std::string_view kUnits[] = {"nanosecond", "microsecond", "millisecond", "second",
                                         "minute",     "hour",        "day",         "week",
                                         "month",      "year"};
  for (std::string_view unit : kUnits)
    if (equals_ignoring_case(word, unit) ||
        (word.size() == unit.size() + 1 && (word.back() | 0x20) == 's' &&
         equals_ignoring_case(word.substr(0, unit.size()), unit)))
      return unit;
  return {};
}

/// The field that a unit belongs to; requires a unit's name.
IntervalField field_of(std::string_view unit) {
  if (unit == "year") return IntervalField::year;
  if (unit == "month") return IntervalField::month;
  if (unit == "week" || unit == "day") return IntervalField::day;
  if (unit == "hour") return IntervalField::hour;
  if (unit == "minute") return IntervalField::minute;
  return IntervalField::second;
}

/// Fields of an interval type; nullopt: `first` to `last` is none.
std::optional<DataType> interval_type(IntervalField first, IntervalField last) {
  if (first > last) return std::nullopt;
  if (last <= IntervalField::month) return year_month_interval(first, last);
  if (first >= IntervalField::day) return day_time_interval(first, last);
  return std::nullopt;
}

/// Units decide the type: the fields from the largest to the smallest. nullopt: years or months
/// beside days to seconds.
Result<std::optional<Literal>> unit_literal(const CalendarInterval& interval,
                                            const std::vector<std::string_view>& units) {
  IntervalField first = IntervalField::second;
  IntervalField last = IntervalField::year;
  for (std::string_view unit : units) {
    first = std::min(first, field_of(unit));
    last = std::max(last, field_of(unit));
  }
  std::optional<DataType> type = interval_type(first, last);
  if (!type) return std::optional<Literal>();
  if (type->kind == TypeKind::year_month_interval)
    return std::optional<Literal>(Literal{Value{interval.months}, *type});
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(std::int64_t{interval.days}, kMicrosPerDay, &micros) ||
      __builtin_add_overflow(micros, interval.micros, &micros))
    return bad_plan("[INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION] the interval is out of range");
  return std::optional<Literal>(Literal{Value{micros}, *type});
}

/// The units in the text of INTERVAL '1 day 2 hours'.
std::vector<std::string_view> units_in(std::string_view text) {
  std::vector<std::string_view> units;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && (text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z') ++end;
    if (const std::string_view unit = unit_name(text.substr(at, end - at)); !unit.empty())
      units.push_back(unit);
    at = end == at ? at + 1 : end;
  }
  return units;
}

std::optional<std::string> binary_value(std::string_view hex) {
  std::string padded = hex.size() % 2 == 0 ? "" : "0";
  padded += hex;
  std::string bytes;
  for (std::size_t i = 0; i < padded.size(); i += 2) {
    unsigned value = 0;
    const char* end = padded.data() + i + 2;
    const auto [at, error] = std::from_chars(padded.data() + i, end, value, 16);
    if (error != std::errc() || at != end) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

template <class T>
std::optional<Literal> literal_of(const std::optional<T>& value, TypeKind kind) {
  if (!value) return std::nullopt;
  return Literal{Value{*value}, primitive(kind)};
}

bool is_typed_literal(std::string_view type) {
  return type == "DATE" || type == "TIMESTAMP" || type == "TIMESTAMP_LTZ" ||
         type == "TIMESTAMP_NTZ" || type == "X";
}

/// nullopt: the text is no value of the type.
std::optional<Literal> typed_literal(std::string_view type, std::string_view text,
                                     const TimeZone& zone) {
  const bool is_epoch = equals_ignoring_case(trim_all(text), "epoch");
  if (type == "X") return literal_of(binary_value(text), TypeKind::binary);
  if (type == "DATE")
    return literal_of(is_epoch ? std::optional<std::int32_t>(0) : parse_date(text), TypeKind::date);
  const std::optional<std::int64_t> epoch =
      is_epoch ? std::optional<std::int64_t>(0) : std::nullopt;
  if (type == "TIMESTAMP_NTZ")
    return literal_of(epoch ? epoch : parse_timestamp_ntz(text), TypeKind::timestamp_ntz);
  return literal_of(epoch ? epoch : parse_timestamp(text, zone), TypeKind::timestamp);
}

}  // namespace

Result<Expr> Parser::parse_number(bool is_negative, std::size_t first) {
  const std::size_t at = cursor_.position();
  const Token token = cursor_.peek();
  cursor_.advance();
  std::string digits = is_negative ? "-" : "";
  std::size_t suffix = 0;
  if (token.kind >= TokenKind::int64) suffix = token.kind == TokenKind::big_decimal ? 2 : 1;
  digits += token.text.substr(0, token.text.size() - suffix);
  std::optional<Literal> literal;
  switch (token.kind) {
    case TokenKind::integer:
      literal = integer_literal<std::int32_t>(digits, TypeKind::int32);
      if (!literal) literal = integer_literal<std::int64_t>(digits, TypeKind::int64);
      if (!literal) literal = decimal_literal(digits);
      break;
    case TokenKind::decimal:
    case TokenKind::big_decimal:
      literal = decimal_literal(digits);
      break;
    case TokenKind::int64:
      literal = integer_literal<std::int64_t>(digits, TypeKind::int64);
      break;
    case TokenKind::int16:
      literal = integer_literal<std::int16_t>(digits, TypeKind::int16);
      break;
    case TokenKind::int8:
      literal = integer_literal<std::int8_t>(digits, TypeKind::int8);
      break;
    case TokenKind::float32:
      literal = floating_literal<float>(digits, TypeKind::float32);
      break;
    default:
      literal = floating_literal<double>(digits, TypeKind::float64);
      break;
  }
  if (literal) return make(std::move(*literal), first);
  if (token.kind == TokenKind::integer || token.kind == TokenKind::decimal ||
      token.kind == TokenKind::big_decimal)
    return cursor_.error_at(at, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                            "A decimal has at most 38 digits: " + digits);
  const NumberRange range = range_of(token.kind);
  return cursor_.error_at(at, "INVALID_NUMERIC_LITERAL_RANGE",
                          "Numeric literal " + digits + " is outside the valid range for " +
                              std::string(range.type) + " with minimum value of " +
                              std::string(range.low) + " and maximum value of " +
                              std::string(range.high) + ". Please adjust the value accordingly.");
}

/// DATE '…', TIMESTAMP '…', X'…', INTERVAL '1 day'.
Result<Expr> Parser::parse_typed_literal() {
  const std::size_t first = cursor_.position();
  const std::string type = ascii_upper(cursor_.peek().text);
  cursor_.advance();
  const std::string text = string_value(cursor_.peek().text);
  cursor_.advance();
  if (type == "INTERVAL") {
    if (const Result<CalendarInterval> interval = parse_calendar_interval(text))
      return parse_unit_literal(*interval, units_in(text), first);
  } else if (is_typed_literal(type)) {
    STREAM_TRY(const TimeZone* zone, find_time_zone(options_.time_zone));
    if (std::optional<Literal> literal = typed_literal(type, text, *zone))
      return make(std::move(*literal), first);
  } else {
    return cursor_.error_at(first, "UNSUPPORTED_TYPED_LITERAL",
                            "Literals of the type \"" + type +
                                "\" are not supported. Supported types are \"DATE\", "
                                "\"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", "
                                "\"INTERVAL\", \"X\".");
  }
  return cursor_.error_at(
      first, "INVALID_TYPED_LITERAL",
      "The value of the typed literal \"" + type + "\" is invalid: '" + text + "'.");
}

Result<Expr> Parser::parse_unit_literal(const CalendarInterval& interval,
                                        const std::vector<std::string_view>& units,
                                        std::size_t first) {
  STREAM_TRY(std::optional<Literal> literal, unit_literal(interval, units));
  if (literal) return make(std::move(*literal), first);
  return cursor_.error_at(
      first, "_LEGACY_ERROR_TEMP_0029",
      "Cannot mix year-month and day-time fields: " + std::string(cursor_.text_from(first)));
}

bool Parser::is_unit_ahead(std::size_t ahead) const {
  return cursor_.peek(ahead).kind == TokenKind::word &&
         !unit_name(cursor_.peek(ahead).text).empty();
}

/// INTERVAL with a value and a unit behind it; else it may be a name.
bool Parser::is_interval_ahead() const {
  if (!cursor_.at_word("INTERVAL")) return false;
  std::size_t ahead = 1;
  if (cursor_.at_symbol("+", ahead) || cursor_.at_symbol("-", ahead)) ++ahead;
  const TokenKind value = cursor_.peek(ahead).kind;
  if (value == TokenKind::string)
    while (cursor_.peek(ahead + 1).kind == TokenKind::string) ++ahead;
  else if (value != TokenKind::integer && value != TokenKind::decimal)
    return false;
  return is_unit_ahead(ahead + 1);
}

/// A value with its sign and the unit behind it; nullopt: none is here.
Result<std::optional<Parser::IntervalPart>> Parser::parse_interval_part() {
  const std::size_t first = cursor_.position();
  const bool is_negative = cursor_.at_symbol("-");
  if (is_negative || cursor_.at_symbol("+")) cursor_.advance();
  IntervalPart part;
  const Token token = cursor_.peek();
  if (token.kind == TokenKind::string) {
    STREAM_TRY(part.value, cursor_.expect_string());
  } else if (token.kind == TokenKind::integer || token.kind == TokenKind::decimal) {
    part.value = token.text;
    cursor_.advance();
  }
  if (part.value.empty() || !is_unit_ahead(0)) {
    cursor_.move_to(first);
    return std::optional<IntervalPart>();
  }
  if (is_negative)
    part.value = part.value.starts_with('-') ? part.value.substr(1) : "-" + part.value;
  part.unit = unit_name(cursor_.peek().text);
  cursor_.advance();
  return std::optional<IntervalPart>(std::move(part));
}

Result<Expr> Parser::parse_interval() {
  const std::size_t first = cursor_.position();
  cursor_.advance();
  std::string text;
  std::vector<std::string_view> units;
  while (true) {
    const std::size_t at = cursor_.position();
    STREAM_TRY(std::optional<IntervalPart> part, parse_interval_part());
    if (!part) break;
    if (units.empty() && cursor_.at_word("TO") && is_unit_ahead(1))
      return parse_field_interval(*part, first);
    for (char c : part->value)
      if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
        return cursor_.error_at(
            at, "INVALID_INTERVAL_FORMAT.INVALID_PREFIX",
            "The value of an interval must not hold units: '" + part->value + "'.");
    text += " " + part->value + " " + std::string(part->unit);
    units.push_back(part->unit);
  }
  const Result<CalendarInterval> interval = parse_calendar_interval(text);
  if (!interval) return in_text(interval.error(), first);
  return parse_unit_literal(*interval, units, first);
}

/// INTERVAL '1-2' YEAR TO MONTH, from TO on.
Result<Expr> Parser::parse_field_interval(const IntervalPart& part, std::size_t first) {
  cursor_.advance();
  const std::string_view to = unit_name(cursor_.peek().text);
  cursor_.advance();
  const std::optional<DataType> type = interval_type(field_of(part.unit), field_of(to));
  if (!type || part.unit == to || part.unit == "week" || to.ends_with("osecond") ||
      to == "millisecond")
    return cursor_.error_at(first, "_LEGACY_ERROR_TEMP_0028",
                            "Intervals FROM " + std::string(part.unit) + " TO " + std::string(to) +
                                " are not supported.");
  if (type->kind == TypeKind::year_month_interval) {
    const Result<std::int32_t> months = parse_year_month_interval(part.value, *type);
    if (!months) return in_text(months.error(), first);
    return make(Literal{Value{*months}, *type}, first);
  }
  const Result<std::int64_t> micros = parse_day_time_interval(part.value, *type);
  if (!micros) return in_text(micros.error(), first);
  return make(Literal{Value{*micros}, *type}, first);
}

/// An error about a literal's text is one of the program, at its place.
Error Parser::in_text(const Error& error, std::size_t first) const {
  const std::string& message = error.message();
  const std::size_t end = message.starts_with('[') ? message.find("] ") : std::string::npos;
  if (end == std::string::npos) return bad_plan(message);
  return cursor_.error_at(first, message.substr(1, end - 1), message.substr(end + 2));
}

}  // namespace stream::sql
