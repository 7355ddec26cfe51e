// The time of the epoch and time zones: current_timestamp, from_utc_timestamp, convert_timezone.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/datetime_kernel.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <functional>

namespace stream {
namespace {

using Kind = TypeKind;

/// Zones of a column of names, the last one kept.
class ZoneLookup {
 public:
  Result<const TimeZone*> find(std::string_view name) {
    if (!zone_ || name != name_) {
      STREAM_TRY(zone_, find_time_zone(name));
      name_ = name;
    }
    return zone_;
  }

 private:
  std::string name_;
  const TimeZone* zone_ = nullptr;
};

using Move = std::int64_t (*)(const TimeZone& zone, std::int64_t micros);

Kernel shift_kernel(Move move) {
  return [move](const KernelInput& input) -> Result<Column> {
    ZoneLookup zones;
    return row_kernel(
        [move, &zones](std::int64_t micros, std::string_view name) -> Result<std::int64_t> {
          STREAM_TRY(const TimeZone* zone, zones.find(name));
          return move(*zone, micros);
        })(input);
  };
}

Kernel convert_kernel() {
  return [](const KernelInput& input) -> Result<Column> {
    ZoneLookup sources;
    ZoneLookup targets;
    return row_kernel([&](std::string_view source, std::string_view target,
                          std::int64_t micros) -> Result<std::int64_t> {
      STREAM_TRY(const TimeZone* from, sources.find(source));
      STREAM_TRY(const TimeZone* to, targets.find(target));
      return to_local_micros(*to, to_utc_micros(*from, micros));
    })(input);
  };
}
Kernel convert_from_session_kernel() {
  return [](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const TimeZone* from, session_zone(input.context));
    ZoneLookup targets;
    return row_kernel([&](std::string_view target, std::int64_t micros) -> Result<std::int64_t> {
      STREAM_TRY(const TimeZone* to, targets.find(target));
      return to_local_micros(*to, to_utc_micros(*from, micros));
    })(input);
  };
}

Result<ResolvedFunction> resolve_convert(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  const std::size_t last = arguments.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const Kind kind = i == last ? Kind::timestamp_ntz : Kind::string;
    STREAM_TRY(DataType type,
               implicit_type("convert_timezone", arguments, i, primitive(kind), settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = primitive(Kind::timestamp_ntz);
  resolved.is_nullable = is_any_nullable(arguments);
  resolved.kernel = last == 1 ? convert_from_session_kernel() : convert_kernel();
  return resolved;
}

/// A function without arguments: one value an epoch.
template <class Make>
void add_clock(FunctionRegistry& registry, std::string name, std::string usage, Kind result,
               Make make) {
  registry.add(make_fixed({.name = std::move(name),
                           .family = "datetime",
                           .usage = std::move(usage),
                           .parameters = {},
                           .result = result,
                           .kernel = [make](const KernelInput& input) -> Result<Column> {
                             STREAM_TRY(const TimeZone* zone, session_zone(input.context));
                             return repeat_value({make(*zone, input.context)}, input.type,
                                                 input.num_rows, input.context.pool);
                           }}));
}

std::int32_t today(const TimeZone& zone, const EvaluationContext& context) {
  return static_cast<std::int32_t>(
      floor_divide(to_local_micros(zone, now_micros(context)), kMicrosPerDay));
}

}  // namespace

void add_clock_functions(FunctionRegistry& registry) {
  const auto now = [](const TimeZone&, const EvaluationContext& context) {
    return now_micros(context);
  };
  add_clock(registry, "current_timestamp", "current_timestamp() - the time the epoch began",
            Kind::timestamp, now);
  add_clock(registry, "now", "now() - the time the epoch began", Kind::timestamp, now);
  add_clock(registry, "localtimestamp", "localtimestamp() - the wall clock when the epoch began",
            Kind::timestamp_ntz, [](const TimeZone& zone, const EvaluationContext& context) {
              return to_local_micros(zone, now_micros(context));
            });
  add_clock(registry, "current_date", "current_date() - the day the epoch began", Kind::date,
            today);
  add_clock(registry, "curdate", "curdate() - the day the epoch began", Kind::date, today);
  add_clock(
      registry, "current_timezone", "current_timezone() - the session's time zone", Kind::string,
      [](const TimeZone&, const EvaluationContext& context) { return context.settings.time_zone; });
  add_fixed(registry,
            {{.name = "from_utc_timestamp",
              .family = "datetime",
              .usage = "from_utc_timestamp(timestamp, zone) - UTC as the zone's wall clock",
              .parameters = {Kind::timestamp, Kind::string},
              .result = Kind::timestamp,
              .kernel = shift_kernel(to_local_micros),
              .can_fail = true},
             {.name = "to_utc_timestamp",
              .family = "datetime",
              .usage = "to_utc_timestamp(timestamp, zone) - the zone's wall clock as UTC",
              .parameters = {Kind::timestamp, Kind::string},
              .result = Kind::timestamp,
              .kernel = shift_kernel(to_utc_micros),
              .can_fail = true}});
  ScalarFunction convert;
  convert.name = "convert_timezone";
  convert.family = "datetime";
  convert.usage = "convert_timezone([from, ]to, timestamp_ntz) - a wall clock in another zone";
  convert.min_arguments = 2;
  convert.max_arguments = 3;
  convert.resolve = resolve_convert;
  registry.add(std::move(convert));
}

}  // namespace stream
