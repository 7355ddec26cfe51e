#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/java_format.hpp>
#include <libstream/expressions/utf8.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace stream {

namespace {

constexpr std::size_t kMaxWidth = 1 << 20;

struct Directive {
  std::size_t argument = 0;  ///< its number, from 1 on; 0: the next
  bool is_previous = false;  ///< %<s
  std::string flags;
  std::size_t width = 0;
  std::optional<std::size_t> precision;
  char conversion = 0;

  bool has(char flag) const { return flags.find(flag) != std::string::npos; }
};

Error broken(std::string_view format, std::string_view why) {
  return runtime_error("INVALID_FORMAT_STRING",
                       fmt::format("The format string '{}' {}.", format, why));
}

/// The digits of a finite number without its sign: 0.DIGITS times 10^exponent.
struct Digits {
  std::string digits;
  int exponent = 0;
};

Digits shortest_digits(double value) {
  char text[40];
  const auto end =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view written(text, static_cast<std::size_t>(end - text));
  const std::size_t e = written.find('e');
  Digits result;
  for (const char c : written.substr(0, e))
    if (c != '.') result.digits += c;
  result.exponent = std::atoi(std::string(written.substr(e + 1)).c_str()) + 1;
  if (value == 0) result.exponent = 1;
  return result;
}

/// Keeps `count` digits (may be negative or more than there are), rounded half up.
void round_digits(Digits& number, int count) {
  if (count < 0) {
    number.digits.clear();
    return;
  }
  const auto keep = static_cast<std::size_t>(count);
  if (keep >= number.digits.size()) {
    number.digits.resize(keep, '0');
    return;
  }
  const bool is_up = number.digits[keep] >= '5';
  number.digits.resize(keep);
  if (!is_up) return;
  std::size_t at = keep;
  while (at > 0 && number.digits[at - 1] == '9') number.digits[--at] = '0';
  if (at > 0) {
    ++number.digits[at - 1];
  } else {
    number.digits.insert(0, 1, '1');
    ++number.exponent;
  }
}

std::string fixed_text(double value, std::size_t precision) {
  Digits number = shortest_digits(value);
  round_digits(number, number.exponent + static_cast<int>(precision));
  std::string digits = number.digits;
  const auto wanted = static_cast<std::size_t>(std::max(number.exponent, 0)) + precision;
  if (digits.size() < wanted) digits.insert(0, wanted - digits.size(), '0');
  std::string integer = digits.substr(0, digits.size() - precision);
  if (integer.empty()) integer = "0";
  if (precision == 0) return integer;
  return integer + "." + digits.substr(digits.size() - precision);
}

std::string scientific_text(double value, std::size_t precision) {
  Digits number = shortest_digits(value);
  round_digits(number, static_cast<int>(precision) + 1);
  if (number.digits.size() > precision + 1) number.digits.resize(precision + 1);
  const int exponent = value == 0 ? 0 : number.exponent - 1;
  std::string text(1, number.digits[0]);
  if (precision > 0) text += "." + number.digits.substr(1);
  return text + fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
}

std::string general_text(double value, std::size_t precision) {
  if (precision == 0) precision = 1;
  Digits number = shortest_digits(value);
  round_digits(number, static_cast<int>(precision));
  if (value == 0) return fixed_text(0, precision - 1);
  if (number.exponent - 1 >= -4 && number.exponent <= static_cast<int>(precision))
    return fixed_text(value,
                      static_cast<std::size_t>(static_cast<int>(precision) - number.exponent));
  return scientific_text(value, precision - 1);
}

void group_thousands(std::string& digits) {
  const std::size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
  for (std::size_t at = end; at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
}

std::string aligned(std::string text, const Directive& directive) {
  const std::size_t length = count_characters(text);
  if (length >= directive.width) return text;
  const std::string fill(directive.width - length, ' ');
  return directive.has('-') ? text + fill : fill + text;
}

/// Sign, zeros and width around the digits of a number.
std::string signed_number(bool is_negative, std::string digits, const Directive& directive,
                          bool is_finite = true) {
  if (is_finite && directive.has(',')) group_thousands(digits);
  std::string sign = is_negative          ? (directive.has('(') ? "(" : "-")
                     : directive.has('+') ? "+"
                     : directive.has(' ') ? " "
                                          : "";
  const std::string end = is_negative && directive.has('(') ? ")" : "";
  const std::size_t length = sign.size() + digits.size() + end.size();
  if (is_finite && directive.has('0') && length < directive.width)
    digits.insert(0, directive.width - length, '0');
  return aligned(sign + digits + end, directive);
}

std::optional<std::int64_t> integer_of(const FormatArgument& argument, int& bits) {
  const auto of = [&](auto value, int width) {
    bits = width;
    return std::optional<std::int64_t>(value);
  };
  switch (argument.value.content.index()) {
    case 2:
      return of(argument.value.as<std::int8_t>(), 8);
    case 3:
      return of(argument.value.as<std::int16_t>(), 16);
    case 4:
      return of(argument.value.as<std::int32_t>(), 32);
    case 5:
      return of(argument.value.as<std::int64_t>(), 64);
    default:
      return std::nullopt;
  }
}

std::string plain_text(const FormatArgument& argument) {
  std::string out;
  int bits = 0;
  if (argument.value.is_null()) return "null";
  if (const auto integer = integer_of(argument, bits)) return std::to_string(*integer);
  if (const auto* flag = std::get_if<bool>(&argument.value.content))
    return *flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&argument.value.content)) return *text;
  if (const auto* number = std::get_if<double>(&argument.value.content)) {
    append_double(*number, out);
  } else if (const auto* real = std::get_if<float>(&argument.value.content)) {
    append_float(*real, out);
  } else {
    BlockPool pool;
    append_value(repeat_value(argument.value, argument.type, 1, pool), 0, TextStyle::tuple, out);
  }
  return out;
}

/// Parses what is behind a %; `at` moves behind the conversion.
std::optional<Directive> parse_directive(std::string_view format, std::size_t& at) {
  Directive result;
  const auto number = [&]() -> std::optional<std::size_t> {
    std::size_t value = 0;
    const std::size_t begin = at;
    for (; at < format.size() && format[at] >= '0' && format[at] <= '9' && value < kMaxWidth; ++at)
      value = value * 10 + static_cast<std::size_t>(format[at] - '0');
    if (at == begin || value >= kMaxWidth) return std::nullopt;
    return value;
  };
  if (at < format.size() && format[at] == '<') {
    result.is_previous = true;
    ++at;
  } else {
    const std::size_t begin = at;
    const std::optional<std::size_t> argument = number();
    if (argument && at < format.size() && format[at] == '$') {
      result.argument = *argument;
      ++at;
    } else {
      at = begin;
    }
  }
  while (at < format.size() &&
         std::string_view("-#+ 0,(").find(format[at]) != std::string_view::npos)
    result.flags += format[at++];
  if (const auto width = number()) result.width = *width;
  if (at < format.size() && format[at] == '.') {
    ++at;
    result.precision = number();
    if (!result.precision) return std::nullopt;
  }
  if (at == format.size()) return std::nullopt;
  result.conversion = format[at++];
  return result;
}

Result<std::string> integer_text(std::string_view format, const Directive& directive,
                                 const FormatArgument& argument) {
  int bits = 0;
  const std::optional<std::int64_t> value = integer_of(argument, bits);
  if (!value)
    return broken(format, fmt::format("has %{} for a value of type {}", directive.conversion,
                                      argument.type.to_string()));
  if (directive.conversion == 'd') {
    const bool is_negative = *value < 0;
    const std::uint64_t size =
        is_negative ? 0 - static_cast<std::uint64_t>(*value) : static_cast<std::uint64_t>(*value);
    return signed_number(is_negative, std::to_string(size), directive);
  }
  std::uint64_t raw = static_cast<std::uint64_t>(*value);
  if (bits < 64) raw &= (std::uint64_t{1} << bits) - 1;
  std::string digits =
      directive.conversion == 'o' ? fmt::format("{:o}", raw) : fmt::format("{:x}", raw);
  if (directive.has('#')) digits.insert(0, directive.conversion == 'o' ? "0" : "0x");
  if (directive.has('0') && digits.size() < directive.width)
    digits.insert(0, directive.width - digits.size(), '0');
  return aligned(std::move(digits), directive);
}

Result<std::string> floating_text(std::string_view format, const Directive& directive,
                                  const FormatArgument& argument) {
  double value = 0;
  if (const auto* number = std::get_if<double>(&argument.value.content))
    value = *number;
  else if (const auto* real = std::get_if<float>(&argument.value.content))
    value = static_cast<double>(*real);
  else
    return broken(format, fmt::format("has %{} for a value of type {}", directive.conversion,
                                      argument.type.to_string()));
  if (std::isnan(value)) return aligned("NaN", directive);
  if (std::isinf(value)) return signed_number(value < 0, "Infinity", directive, false);
  const std::size_t precision = directive.precision.value_or(6);
  if (precision > 1100) return broken(format, "has a precision of more than 1100 digits");
  const std::string digits = directive.conversion == 'f'   ? fixed_text(value, precision)
                             : directive.conversion == 'e' ? scientific_text(value, precision)
                                                           : general_text(value, precision);
  return signed_number(std::signbit(value), digits, directive);
}

Result<std::string> character_text(std::string_view format, const Directive& directive,
                                   const FormatArgument& argument) {
  int bits = 0;
  const std::optional<std::int64_t> code = integer_of(argument, bits);
  if (!code || bits == 64 || *code < 0 || *code > 0x10FFFF)
    return broken(format, "has %c for a value that is not a code point");
  std::string text;
  append_code_point(static_cast<char32_t>(*code), text);
  return aligned(std::move(text), directive);
}

Result<std::string> converted(std::string_view format, Directive directive,
                              const FormatArgument& argument) {
  const bool is_upper = directive.conversion >= 'A' && directive.conversion <= 'Z';
  if (is_upper && std::string_view("SBXEGC").find(directive.conversion) != std::string_view::npos)
    directive.conversion = static_cast<char>(directive.conversion + 32);
  const auto limited = [&](std::string text) {
    if (directive.precision)
      text = std::string(characters(text, 0, static_cast<std::int64_t>(*directive.precision)));
    return aligned(std::move(text), directive);
  };
  std::string text;
  switch (directive.conversion) {
    case 's':
      text = limited(plain_text(argument));
      break;
    case 'b': {
      const auto* flag = std::get_if<bool>(&argument.value.content);
      text = limited((flag != nullptr ? *flag : !argument.value.is_null()) ? "true" : "false");
      break;
    }
    case 'c':
    case 'd':
    case 'e':
    case 'f':
    case 'g':
    case 'o':
    case 'x': {
      if (argument.value.is_null()) {
        text = limited("null");
        break;
      }
      const char c = directive.conversion;
      Result<std::string> number = c == 'c' ? character_text(format, directive, argument)
                                   : c == 'd' || c == 'o' || c == 'x'
                                       ? integer_text(format, directive, argument)
                                       : floating_text(format, directive, argument);
      if (!number) return number;
      text = std::move(*number);
      break;
    }
    default:
      return broken(format, fmt::format("has the unknown conversion %{}", directive.conversion));
  }
  return is_upper ? to_upper(text) : text;
}

}  // namespace

Result<std::string> java_format(std::string_view format,
                                std::span<const FormatArgument> arguments) {
  std::string out;
  std::size_t next = 0;
  std::size_t previous = 0;  // from 1 on
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      const std::size_t end = std::min(format.find('%', at), format.size());
      out += format.substr(at, end - at);
      at = end;
      continue;
    }
    ++at;
    const std::optional<Directive> directive = parse_directive(format, at);
    if (!directive)
      return broken(format, "ends amid a conversion or has a number that is too large");
    if (directive->conversion == 'n') {
      out += '\n';
      continue;
    }
    if (directive->conversion == '%') {
      out += aligned("%", *directive);
      continue;
    }
    const std::size_t number = directive->is_previous    ? previous
                               : directive->argument > 0 ? directive->argument
                                                         : ++next;
    if (number == 0 || number > arguments.size())
      return broken(format, fmt::format("asks for argument {} of {}", number, arguments.size()));
    previous = number;
    STREAM_TRY(const std::string text, converted(format, *directive, arguments[number - 1]));
    out += text;
    if (out.size() > (std::size_t{1} << 30))
      return broken(format, "makes a text of more than 1 GiB");
  }
  return out;
}

}  // namespace stream
