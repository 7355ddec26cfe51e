#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace stream {

namespace {

using enum TypeKind;

using RealFunction = double (*)(double);

FixedFunction real(std::string name, std::string usage, RealFunction function) {
  return {std::move(name), "math",  std::move(usage),
          {float64},       float64, row_kernel([function](double x) { return function(x); })};
}

/// Logarithms: null where x is not above `limit`.
FixedFunction logarithm(std::string name, std::string usage, double limit, RealFunction function) {
  return {std::move(name),
          "math",
          std::move(usage),
          {float64},
          float64,
          row_kernel([=](double x) -> std::optional<double> {
            if (x <= limit) return std::nullopt;
            return function(x);
          }),
          {},
          false,
          true};
}

FixedFunction constant(std::string name, std::string usage, double value) {
  return {std::move(name),  "math",
          std::move(usage), {},
          float64,          row_kernel([value]() { return value; })};
}

double rint(double x) { return std::nearbyint(x); }
double signum(double x) { return std::isnan(x) || x == 0 ? x : std::copysign(1.0, x); }
/// Java's asinh, acosh and atanh as Spark writes them out.
double asinh(double x) {
  if (std::isinf(x)) return x;
  return std::copysign(std::log(std::fabs(x) + std::sqrt(x * x + 1)), x);
}
double acosh(double x) { return std::log(x + std::sqrt(x * x - 1)); }
double atanh(double x) { return 0.5 * (std::log1p(x) - std::log1p(-x)); }
double log2(double x) { return std::log(x) / std::log(2.0); }

std::optional<std::int64_t> factorial(std::int32_t n) {
  if (n < 0 || n > 20) return std::nullopt;
  std::int64_t result = 1;
  for (std::int64_t i = 2; i <= n; ++i) result *= i;
  return result;
}

std::string binary_digits(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (bits == 0) return "0";
  std::string text;
  for (int i = static_cast<int>(std::bit_width(bits)); i-- > 0;)
    text += ((bits >> i) & 1) != 0 ? '1' : '0';
  return text;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

/// conv: digits of one base to another, as unsigned 64 bits; a negative target base means signed.
Result<std::optional<std::string>> convert_base(std::string_view text, std::int32_t from,
                                                std::int32_t to, bool is_ansi) {
  using Answer = std::optional<std::string>;
  if (from < 2 || from > 36 || to < -36 || (to > -2 && to < 2) || to > 36) return Answer();
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty()) return Answer();
  const bool is_negative = text[0] == '-';
  if (is_negative) text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto base = static_cast<std::uint64_t>(from);
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit >= from) break;
    if (value >
        (std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(digit)) / base) {
      if (is_ansi)
        return runtime_error("ARITHMETIC_OVERFLOW",
                             "Overflow in function conv(). If necessary set "
                             "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error.");
      value = std::numeric_limits<std::uint64_t>::max();
      break;
    }
    value = value * base + static_cast<std::uint64_t>(digit);
  }
  bool prints_minus = false;
  if (is_negative && to > 0)
    value = value >> 63 != 0 ? std::numeric_limits<std::uint64_t>::max() : 0 - value;
  if (to < 0) {
    if (is_negative) {
      prints_minus = value != 0;
    } else if (value >> 63 != 0) {
      value = 0 - value;
      prints_minus = true;
    }
  }
  std::string digits;
  const auto target = static_cast<std::uint64_t>(std::abs(to));
  do {
    const std::uint64_t digit = value % target;
    digits.insert(0, 1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit]);
    value /= target;
  } while (value > 0);
  if (prints_minus) digits.insert(0, 1, '-');
  return Answer(std::move(digits));
}

Result<ResolvedFunction> resolve_conv(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  for (std::size_t i = 0; i < 3; ++i) {
    STREAM_TRY(DataType type,
               implicit_type("conv", arguments, i, primitive(i == 0 ? string : int32), settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = primitive(string);
  resolved.kernel = row_kernel(
      [is_ansi = settings.is_ansi](std::string_view text, std::int32_t from, std::int32_t to) {
        return convert_base(text, from, to, is_ansi);
      });
  return resolved;
}

/// The number of the bucket, from 1 on; 0 and count + 1 are outside. Bounds may fall.
std::optional<std::int64_t> width_bucket(double value, double low, double high,
                                         std::int64_t count) {
  if (count <= 0 || count == std::numeric_limits<std::int64_t>::max() || std::isnan(value) ||
      low == high || !std::isfinite(low) || !std::isfinite(high))
    return std::nullopt;
  const double lower = std::min(low, high);
  const double upper = std::max(low, high);
  if (low < high) {
    if (value < lower) return 0;
    if (value >= upper) return count + 1;
    return static_cast<std::int64_t>(static_cast<double>(count) * (value - lower) /
                                     (upper - lower)) +
           1;
  }
  if (value > upper) return 0;
  if (value <= lower) return count + 1;
  return static_cast<std::int64_t>(static_cast<double>(count) * (upper - value) / (upper - lower)) +
         1;
}

Result<ResolvedFunction> resolve_width_bucket(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  TypeKind kind = float64;
  if (arguments[0].type.kind == year_month_interval || arguments[0].type.kind == day_time_interval)
    kind = arguments[0].type.kind;
  for (std::size_t i = 0; i < 4; ++i) {
    DataType wanted = i == 3 ? primitive(int64) : primitive(kind);
    if (i < 3 && kind != float64) {
      if (arguments[i].type.kind != kind)
        return wrong_argument("width_bucket", arguments, i, "the type of the first");
      wanted = arguments[i].type;
    }
    STREAM_TRY(DataType type, implicit_type("width_bucket", arguments, i, wanted, settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = primitive(int64);
  resolved.can_fail = false;
  if (kind == year_month_interval)
    resolved.kernel =
        row_kernel([](std::int32_t value, std::int32_t low, std::int32_t high, std::int64_t count) {
          return width_bucket(value, low, high, count);
        });
  else if (kind == day_time_interval)
    resolved.kernel =
        row_kernel([](std::int64_t value, std::int64_t low, std::int64_t high, std::int64_t count) {
          return width_bucket(static_cast<double>(value), static_cast<double>(low),
                              static_cast<double>(high), count);
        });
  else
    resolved.kernel = row_kernel([](double value, double low, double high, std::int64_t count) {
      return width_bucket(value, low, high, count);
    });
  return resolved;
}

/// sign of a number, or of an interval.
ScalarFunction sign(std::string name) {
  ScalarFunction made;
  made.name = name;
  made.family = "math";
  made.usage = name + "(number) - -1.0, 0.0 or 1.0";
  made.min_arguments = made.max_arguments = 1;
  made.resolve = [name](Arguments arguments,
                        const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    STREAM_TRY(DataType type,
               implicit_type_of(name, arguments, 0,
                                {float64, year_month_interval, day_time_interval}, settings));
    resolved.type = primitive(float64);
    resolved.is_nullable = arguments[0].is_nullable;
    resolved.can_fail = false;
    if (type.kind == year_month_interval)
      resolved.kernel = row_kernel([](std::int32_t x) { return signum(static_cast<double>(x)); });
    else if (type.kind == day_time_interval)
      resolved.kernel = row_kernel([](std::int64_t x) { return signum(static_cast<double>(x)); });
    else
      resolved.kernel = row_kernel([](double x) { return signum(x); });
    resolved.parameter_types = {std::move(type)};
    return resolved;
  };
  return made;
}

}  // namespace

void add_math_functions(FunctionRegistry& registry) {
  constexpr double kPi = std::numbers::pi;
  add_fixed(
      registry,
      {real("acos", "acos(x) - arc cosine", std::acos),
       real("acosh", "acosh(x) - inverse hyperbolic cosine", acosh),
       real("asin", "asin(x) - arc sine", std::asin),
       real("asinh", "asinh(x) - inverse hyperbolic sine", asinh),
       real("atan", "atan(x) - arc tangent", std::atan),
       real("atanh", "atanh(x) - inverse hyperbolic tangent", atanh),
       real("cbrt", "cbrt(x) - cube root", std::cbrt),
       real("cos", "cos(x) - cosine", std::cos),
       real("cosh", "cosh(x) - hyperbolic cosine", std::cosh),
       real("cot", "cot(x) - cotangent", [](double x) { return 1 / std::tan(x); }),
       real("csc", "csc(x) - cosecant", [](double x) { return 1 / std::sin(x); }),
       real("degrees", "degrees(x) - radians as degrees",
            [](double x) { return x * (180.0 / kPi); }),
       real("exp", "exp(x) - e to the power x", std::exp),
       real("expm1", "expm1(x) - exp(x) - 1", std::expm1),
       real("radians", "radians(x) - degrees as radians",
            [](double x) { return x * (kPi / 180.0); }),
       real("rint", "rint(x) - the nearest whole number, half to even", rint),
       real("sec", "sec(x) - secant", [](double x) { return 1 / std::cos(x); }),
       real("sin", "sin(x) - sine", std::sin),
       real("sinh", "sinh(x) - hyperbolic sine", std::sinh),
       real("sqrt", "sqrt(x) - square root", std::sqrt),
       real("tan", "tan(x) - tangent", std::tan),
       real("tanh", "tanh(x) - hyperbolic tangent", std::tanh),
       logarithm("ln", "ln(x) - natural logarithm", 0, std::log),
       logarithm("log10", "log10(x) - logarithm to base 10", 0, std::log10),
       logarithm("log2", "log2(x) - logarithm to base 2", 0, log2),
       logarithm("log1p", "log1p(x) - ln(1 + x)", -1, std::log1p),
       constant("e", "e() - Euler's number", std::numbers::e),
       constant("pi", "pi() - the number", kPi),
       {"atan2",
        "math",
        "atan2(y, x) - angle of the point (x, y)",
        {float64, float64},
        float64,
        row_kernel([](double y, double x) { return std::atan2(y + 0.0, x + 0.0); })},
       {"hypot",
        "math",
        "hypot(a, b) - sqrt(a² + b²)",
        {float64, float64},
        float64,
        row_kernel([](double a, double b) { return std::hypot(a, b); })},
       {"pow",
        "math",
        "pow(x, y) - x to the power y",
        {float64, float64},
        float64,
        row_kernel([](double x, double y) {
          // Java's pow of ±1 to an infinite or unknown power is not a number.
          if (std::isnan(y) || (std::isinf(y) && std::fabs(x) == 1))
            return std::numeric_limits<double>::quiet_NaN();
          return std::pow(x, y);
        })},
       {"factorial",
        "math",
        "factorial(n) - n!, or null outside of 0 to 20",
        {int32},
        int64,
        row_kernel([](std::int32_t n) { return factorial(n); }),
        {},
        false,
        true},
       {"bin", "math", "bin(n) - in binary digits", {int64}, string, row_kernel([](std::int64_t n) {
          return binary_digits(n);
        })}});
  registry.add_alias("power", "pow");
  registry.add(sign("sign"));
  registry.add(sign("signum"));

  ScalarFunction log;
  log.name = "log";
  log.family = "math";
  log.usage = "log([base, ]x) - logarithm, natural without a base";
  log.min_arguments = 1;
  log.max_arguments = 2;
  log.resolve = [](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      STREAM_TRY(DataType type, implicit_type("log", arguments, i, primitive(float64), settings));
      resolved.parameter_types.push_back(std::move(type));
    }
    resolved.type = primitive(float64);
    resolved.can_fail = false;
    if (arguments.size() == 1)
      resolved.kernel = row_kernel([](double x) -> std::optional<double> {
        if (x <= 0) return std::nullopt;
        return std::log(x);
      });
    else
      resolved.kernel = row_kernel([](double base, double x) -> std::optional<double> {
        if (x <= 0 || base <= 0) return std::nullopt;
        return std::log(x) / std::log(base);
      });
    return resolved;
  };
  registry.add(std::move(log));

  registry.add(ScalarFunction{"conv",
                              "math",
                              "conv(digits, from, to) - a number in another base",
                              3,
                              3,
                              resolve_conv,
                              {},
                              {},
                              true,
                              {}});
  registry.add(ScalarFunction{"width_bucket",
                              "math",
                              "width_bucket(x, low, high, n) - which of n equal buckets",
                              4,
                              4,
                              resolve_width_bucket,
                              {},
                              {},
                              true,
                              {}});
}

}  // namespace stream
