#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/column_loop.hpp>

#include <fmt/format.h>

#include <limits>

namespace stream {
namespace {

/// How many micros or months the last field of an interval type stands for.
std::int64_t unit_of(const DataType& type) {
  switch (static_cast<IntervalField>(type.scale)) {
    case IntervalField::year:
      return 12;
    case IntervalField::month:
      return 1;
    case IntervalField::day:
      return kMicrosPerDay;
    case IntervalField::hour:
      return 3600 * kMicrosPerSecond;
    case IntervalField::minute:
      return 60 * kMicrosPerSecond;
    case IntervalField::second:
      return kMicrosPerSecond;
  }
  STREAM_UNREACHABLE("interval field");
}

bool is_months(const DataType& type) { return type.kind == TypeKind::year_month_interval; }

OnFailure interval_failure_of(CastMode mode) {
  return mode == CastMode::attempt ? OnFailure::null : OnFailure::error;
}

template <class Stored>
Kernel interval_to_interval(const DataType& to) {
  // Seconds keep their fraction.
  const bool keeps_all = static_cast<IntervalField>(to.scale) == IntervalField::second ||
                         static_cast<IntervalField>(to.scale) == IntervalField::month;
  return [unit = keeps_all ? 1 : unit_of(to)](const KernelInput& input) -> Result<Column> {
    return map_values<Stored, Stored>(
        input, [unit](Stored value) { return static_cast<Stored>(value - value % unit); });
  };
}

template <class Stored>
Kernel interval_to_number(const DataType& from, const DataType& to, CastMode mode) {
  const std::int64_t unit = unit_of(from);
  const auto describe = [from, to](Stored value) {
    return cast_overflow(fmt::format("{}", value), from, to);
  };
  if (to.kind == TypeKind::decimal) {
    const bool has_fraction = static_cast<IntervalField>(from.scale) == IntervalField::second;
    return [=](const KernelInput& input) {
      return map_checked<Stored, Int128>(
          input, mode == CastMode::ansi ? OnFailure::error : OnFailure::null,
          [=](Stored value, Int128& out) -> std::int32_t {
            const auto unscaled =
                has_fraction ? rescale(value, 6, to.scale) : rescale(value / unit, 0, to.scale);
            if (!unscaled || !fits_precision(*unscaled, to.precision)) return -1;
            out = *unscaled;
            return 0;
          },
          [=](Stored value) {
            std::string text;
            append_decimal(value, has_fraction ? 6 : 0, text);
            return decimal_overflow(text, to);
          });
    };
  }
  return visit_integer(to.kind, [&]<class To>(std::type_identity<To>) -> Kernel {
    return [=](const KernelInput& input) {
      return map_checked<Stored, To>(
          input, interval_failure_of(mode),
          [=](Stored value, To& out) -> std::int32_t {
            const std::int64_t count = value / unit;
            out = static_cast<To>(count);
            return count == out ? 0 : -1;
          },
          describe);
    };
  });
}

/// `scale`: of the number, 0 for integers.
template <class From, class Stored>
Kernel number_to_interval(const DataType& from, const DataType& to, CastMode mode, int scale) {
  const std::int64_t unit = unit_of(to);
  return [=](const KernelInput& input) {
    return map_checked<From, Stored>(
        input, interval_failure_of(mode),
        [=](From value, Stored& out) -> std::int32_t {
          Int128 product = 0;
          if (__builtin_mul_overflow(static_cast<Int128>(value), static_cast<Int128>(unit),
                                     &product))
            return -1;
          const std::optional<Int128> whole = rescale(product, scale, 0);
          out = static_cast<Stored>(*whole);
          return *whole == out ? 0 : -1;
        },
        [=](From value) {
          std::string text;
          append_decimal(static_cast<Int128>(value), scale, text);
          return cast_overflow(text, from, to);
        });
  };
}

template <class Stored>
Kernel any_number_to_interval(const DataType& from, const DataType& to, CastMode mode) {
  if (from.kind == TypeKind::decimal)
    return number_to_interval<Int128, Stored>(from, to, mode, from.scale);
  return visit_integer(from.kind, [&]<class From>(std::type_identity<From>) {
    return number_to_interval<From, Stored>(from, to, mode, 0);
  });
}

}  // namespace

Kernel make_interval_cast(const DataType& from, const DataType& to, CastMode mode) {
  if (is_numeric(from.kind)) {
    return is_months(to) ? any_number_to_interval<std::int32_t>(from, to, mode)
                         : any_number_to_interval<std::int64_t>(from, to, mode);
  }
  if (is_numeric(to.kind)) {
    return is_months(from) ? interval_to_number<std::int32_t>(from, to, mode)
                           : interval_to_number<std::int64_t>(from, to, mode);
  }
  return is_months(to) ? interval_to_interval<std::int32_t>(to)
                       : interval_to_interval<std::int64_t>(to);
}

}  // namespace stream
