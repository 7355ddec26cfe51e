// Dates and timestamps from texts and to texts: date_format, from_unixtime, to_date, to_timestamp,
// unix_timestamp and their try_ forms.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/cast.hpp>
#include <libstream/expressions/datetime_pattern.hpp>
#include <libstream/expressions/functions/datetime_format.hpp>
#include <libstream/expressions/functions/datetime_kernel.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <memory>

namespace stream {
namespace {

using Kind = TypeKind;

constexpr std::string_view kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

/// The pattern argument of a call: compiled once for the query when it is constant. A constant that
/// is wrong fails when the first row asks for it, as in Spark.
class PatternSource {
 public:
  PatternSource(std::string_view constant, PatternUse use) : use_(use) { compile(constant); }
  PatternSource(const Argument& argument, PatternUse use) : use_(use) {
    const bool is_text = argument.constant && argument.type.kind == Kind::string;
    if (is_text && !argument.constant->is_null()) compile(argument.constant->as<std::string>());
  }

  const Result<DateTimePattern>* constant() const { return constant_.get(); }
  PatternUse use() const { return use_; }

 private:
  void compile(std::string_view text) {
    constant_ = std::make_shared<const Result<DateTimePattern>>(DateTimePattern::make(text, use_));
  }

  PatternUse use_;
  std::shared_ptr<const Result<DateTimePattern>> constant_;
};

/// Patterns of one run of a kernel; the last one is kept.
class PatternLookup {
 public:
  explicit PatternLookup(const PatternSource& source) : source_(source) {}

  Result<const DateTimePattern*> find(std::string_view text) {
    const Result<DateTimePattern>* pattern = source_.constant();
    if (!pattern) {
      if (!compiled_ || text != text_) {
        compiled_.emplace(DateTimePattern::make(text, source_.use()));
        text_ = text;
      }
      pattern = &*compiled_;
    }
    if (!*pattern) return pattern->error();
    return &**pattern;
  }

 private:
  const PatternSource& source_;
  std::string text_;
  std::optional<Result<DateTimePattern>> compiled_;
};

/// What a function makes of texts.
enum class Target { timestamp, timestamp_ntz, date, seconds };

Kind kind_of(Target target) {
  switch (target) {
    case Target::timestamp:
      return Kind::timestamp;
    case Target::timestamp_ntz:
      return Kind::timestamp_ntz;
    case Target::date:
      return Kind::date;
    default:
      return Kind::int64;
  }
}

std::optional<std::int64_t> parse_with(const DateTimePattern& pattern, Target target,
                                       std::string_view text, const TimeZone& zone) {
  if (target == Target::timestamp_ntz) return pattern.parse_timestamp_ntz(text);
  const auto micros = pattern.parse_timestamp(text, zone);
  if (!micros) return std::nullopt;
  if (target == Target::date) return floor_divide(to_local_micros(zone, *micros), kMicrosPerDay);
  return target == Target::seconds ? *micros / kMicrosPerSecond : *micros;
}

template <class Out>
Kernel parse_kernel(PatternSource source, Target target, bool fails) {
  return [=](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, session_zone(input.context));
    PatternLookup patterns(source);
    const auto parse = [&](std::string_view text,
                           std::string_view pattern_text) -> Result<std::optional<Out>> {
      STREAM_TRY(const DateTimePattern* pattern, patterns.find(pattern_text));
      const auto value = parse_with(*pattern, target, text, *zone);
      if (value) return std::optional<Out>(static_cast<Out>(*value));
      if (fails) return cannot_parse_timestamp(text);
      return std::optional<Out>();
    };
    if (input.arguments.size() == 2) return row_kernel(parse)(input);
    return row_kernel([&](std::string_view text) { return parse(text, {}); })(input);
  };
}

Kernel first_argument_kernel(Kernel kernel) {
  return [kernel = std::move(kernel)](const KernelInput& input) {
    return kernel({input.arguments.first(1), input.lambdas, input.num_rows, input.type,
                   input.context, input.active});
  };
}
Result<Column> copy_argument(const KernelInput& input) {
  Column column = expand(input.arguments[0], input.num_rows, input.context.pool);
  column.type = input.type;
  return column;
}
Result<Column> whole_seconds(const KernelInput& input) {
  return row_kernel([](std::int64_t micros) { return micros / kMicrosPerSecond; })(input);
}

struct Parser {
  std::string name;
  Target target;
  bool is_try = false;
};

/// The argument is cast to the target; with a pattern only texts are read by it.
Result<ResolvedFunction> resolve_parser(const Parser& parser, Arguments arguments,
                                        const SqlSettings& settings) {
  const bool fails = settings.is_ansi && !parser.is_try;
  const DataType type = primitive(kind_of(parser.target));
  std::vector<Kind> kinds{Kind::string, Kind::date, Kind::timestamp, Kind::timestamp_ntz};
  const bool takes_numbers = parser.target == Target::timestamp && arguments.size() == 1 &&
                             (is_numeric(arguments[0].type.kind));
  DataType from = arguments[0].type;
  if (parser.target == Target::seconds) {
    const bool is_time = std::find(kinds.begin(), kinds.end(), from.kind) != kinds.end();
    if (!is_time && from.kind != Kind::null)
      return wrong_argument(parser.name, arguments, 0, "a text, a date or a time");
  }
  if (!takes_numbers) {
    STREAM_TRY(from, implicit_type_of(parser.name, arguments, 0, std::move(kinds), settings));
  }
  ResolvedFunction resolved;
  resolved.type = type;
  resolved.is_nullable = true;
  resolved.can_fail = true;
  resolved.parameter_types = {from};
  if (arguments.size() == 2) {
    STREAM_TRY(DataType text,
               parser.target == Target::seconds
                   ? exact_type(parser.name, arguments, 1, primitive(Kind::string))
                   : implicit_type(parser.name, arguments, 1, primitive(Kind::string), settings));
    resolved.parameter_types.push_back(std::move(text));
  }
  const bool is_text = from.kind == Kind::string;
  if (is_text && (arguments.size() == 2 || parser.target == Target::seconds)) {
    const PatternSource source = arguments.size() == 2
                                     ? PatternSource(arguments[1], PatternUse::parse)
                                     : PatternSource(kDefaultPattern, PatternUse::parse);
    resolved.kernel = parser.target == Target::date
                          ? parse_kernel<std::int32_t>(source, parser.target, fails)
                          : parse_kernel<std::int64_t>(source, parser.target, fails);
    return resolved;
  }
  if (parser.target == Target::seconds) {
    const bool is_wall_clock = from.kind == Kind::timestamp_ntz;
    resolved.parameter_types[0] = primitive(is_wall_clock ? Kind::timestamp_ntz : Kind::timestamp);
    resolved.kernel = first_argument_kernel(whole_seconds);
    return resolved;
  }
  if (from == type) {
    resolved.kernel = first_argument_kernel(copy_argument);
    return resolved;
  }
  const CastMode mode = parser.is_try      ? CastMode::attempt
                        : settings.is_ansi ? CastMode::ansi
                                           : CastMode::legacy;
  STREAM_TRY(Kernel cast, make_cast(from, type, mode));
  resolved.kernel = first_argument_kernel(std::move(cast));
  return resolved;
}

void add_parser(FunctionRegistry& registry, std::string name, std::string usage, Target target,
                bool is_try) {
  ScalarFunction function;
  function.name = name;
  function.family = "datetime";
  function.usage = std::move(usage);
  function.min_arguments = 1;
  function.max_arguments = 2;
  function.resolve = [parser = Parser{std::move(name), target, is_try}](
                         Arguments arguments, const SqlSettings& settings) {
    return resolve_parser(parser, arguments, settings);
  };
  registry.add(std::move(function));
}

/// unix_timestamp() is the epoch's time.
void add_unix_timestamp(FunctionRegistry& registry) {
  ScalarFunction function;
  function.name = "unix_timestamp";
  function.family = "datetime";
  function.usage = "unix_timestamp([time[, pattern]]) - seconds since 1970-01-01 UTC";
  function.min_arguments = 0;
  function.max_arguments = 2;
  function.resolve = [](Arguments arguments,
                        const SqlSettings& settings) -> Result<ResolvedFunction> {
    if (!arguments.empty())
      return resolve_parser({"unix_timestamp", Target::seconds}, arguments, settings);
    ResolvedFunction resolved;
    resolved.type = primitive(Kind::int64);
    resolved.is_nullable = false;
    resolved.can_fail = false;
    resolved.kernel = [](const KernelInput& input) -> Result<Column> {
      const std::int64_t seconds = floor_divide(now_micros(input.context), kMicrosPerSecond);
      return repeat_value({seconds}, input.type, input.num_rows, input.context.pool);
    };
    return resolved;
  };
  registry.add(std::move(function));
}

/// `scale` micros a unit of the argument, written by the pattern.
Kernel format_kernel(PatternSource source, std::int64_t scale) {
  return [=](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* zone, session_zone(input.context));
    PatternLookup patterns(source);
    const auto format = [&](std::int64_t count,
                            std::string_view pattern_text) -> Result<std::string> {
      STREAM_TRY(const DateTimePattern* pattern, patterns.find(pattern_text));
      const auto micros = static_cast<std::int64_t>(static_cast<std::uint64_t>(count) *
                                                    static_cast<std::uint64_t>(scale));
      std::string text;
      pattern->append_timestamp(micros, *zone, text);
      return text;
    };
    if (input.arguments.size() == 2) return row_kernel(format)(input);
    return row_kernel([&](std::int64_t count) { return format(count, {}); })(input);
  };
}

Result<ResolvedFunction> resolve_formatter(std::string_view name, Kind kind, std::int64_t scale,
                                           Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  STREAM_TRY(DataType from, implicit_type(name, arguments, 0, primitive(kind), settings));
  resolved.is_nullable = is_any_nullable(arguments) || !(from == arguments[0].type);
  resolved.parameter_types = {std::move(from)};
  resolved.type = primitive(Kind::string);
  if (arguments.size() == 1) {
    resolved.kernel = format_kernel(PatternSource(kDefaultPattern, PatternUse::format), scale);
    return resolved;
  }
  STREAM_TRY(DataType text, implicit_type(name, arguments, 1, primitive(Kind::string), settings));
  resolved.parameter_types.push_back(std::move(text));
  resolved.kernel = format_kernel(PatternSource(arguments[1], PatternUse::format), scale);
  return resolved;
}

}  // namespace

Result<ResolvedFunction> resolve_date_format(Arguments arguments, const SqlSettings& settings) {
  return resolve_formatter("date_format", Kind::timestamp, 1, arguments, settings);
}

void add_datetime_format_functions(FunctionRegistry& registry) {
  add_parser(registry, "to_date", "to_date(text[, pattern]) - the date", Target::date, false);
  add_parser(registry, "try_to_date", "try_to_date(text[, pattern]) - the date, null on failure",
             Target::date, true);
  add_parser(registry, "to_timestamp", "to_timestamp(text[, pattern]) - the time",
             Target::timestamp, false);
  add_parser(registry, "to_timestamp_ltz", "to_timestamp_ltz(text[, pattern]) - the time",
             Target::timestamp, false);
  add_parser(registry, "to_timestamp_ntz", "to_timestamp_ntz(text[, pattern]) - the wall clock",
             Target::timestamp_ntz, false);
  add_parser(registry, "try_to_timestamp",
             "try_to_timestamp(text[, pattern]) - the time, null on failure", Target::timestamp,
             true);
  add_parser(registry, "to_unix_timestamp",
             "to_unix_timestamp(time[, pattern]) - seconds since 1970-01-01 UTC", Target::seconds,
             false);
  add_unix_timestamp(registry);
  ScalarFunction format;
  format.name = "date_format";
  format.family = "datetime";
  format.usage = "date_format(timestamp, pattern) - the time as a text";
  format.min_arguments = format.max_arguments = 2;
  format.resolve = resolve_date_format;
  registry.add(std::move(format));
  ScalarFunction from_unixtime;
  from_unixtime.name = "from_unixtime";
  from_unixtime.family = "datetime";
  from_unixtime.usage = "from_unixtime(seconds[, pattern]) - the time as a text";
  from_unixtime.min_arguments = 1;
  from_unixtime.max_arguments = 2;
  from_unixtime.resolve = [](Arguments arguments, const SqlSettings& settings) {
    return resolve_formatter("from_unixtime", Kind::int64, kMicrosPerSecond, arguments, settings);
  };
  registry.add(std::move(from_unixtime));
}

}  // namespace stream
