#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/utf8.hpp>

#include <algorithm>
#include <limits>

namespace stream {

namespace {

using enum TypeKind;

/// SQL's substring: positions from 1, negative from the end.
std::string_view substring(std::string_view text, std::int32_t position, std::int32_t length) {
  std::int64_t begin = position > 0 ? position - 1 : 0;
  if (position < 0) begin = static_cast<std::int64_t>(count_characters(text)) + position;
  return characters(text, begin, begin + length);
}

std::string_view binary_substring(std::string_view bytes, std::int32_t position,
                                  std::int32_t length) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (position > size) return {};
  std::int64_t begin = position > 0 ? position - 1 : 0;
  if (position < 0) begin = size + position;
  const std::int64_t end = std::min(size, begin + length);
  begin = std::max<std::int64_t>(begin, 0);
  if (begin >= end) return {};
  return bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

std::string_view substring_index(std::string_view text, std::string_view delimiter,
                                 std::int32_t count) {
  if (delimiter.empty() || count == 0) return {};
  if (count > 0) {
    std::size_t found = text.find(delimiter);
    for (; found != std::string_view::npos && --count > 0;) found = text.find(delimiter, found + 1);
    return text.substr(0, found);
  }
  std::size_t found = text.rfind(delimiter);
  for (; found != std::string_view::npos && ++count < 0;)
    found = found == 0 ? std::string_view::npos : text.rfind(delimiter, found - 1);
  return found == std::string_view::npos ? text : text.substr(found + delimiter.size());
}

Result<std::string_view> split_part(std::string_view text, std::string_view delimiter,
                                    std::int32_t number) {
  if (number == 0)
    return runtime_error("INVALID_INDEX_OF_ZERO",
                         "The index 0 is invalid. An index shall be either < 0 or > 0 (the first "
                         "element has index 1).");
  if (delimiter.empty()) return number == 1 || number == -1 ? text : std::string_view();
  if (number > 0) {
    std::size_t begin = 0;
    for (std::int32_t part = 1;; ++part) {
      const std::size_t end = text.find(delimiter, begin);
      if (part == number) return text.substr(begin, end == text.npos ? end : end - begin);
      if (end == text.npos) return std::string_view();
      begin = end + delimiter.size();
    }
  }
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(delimiter, begin);
    parts.push_back(text.substr(begin, end == text.npos ? end : end - begin));
    if (end == text.npos) break;
    begin = end + delimiter.size();
  }
  const std::int64_t index = static_cast<std::int64_t>(parts.size()) + number;
  return index < 0 ? std::string_view() : parts[static_cast<std::size_t>(index)];
}

/// Where `part` first begins at or after character `start` (from 0), from 1 on; 0: nowhere.
std::int32_t position_of(std::string_view part, std::string_view text, std::int32_t start) {
  if (part.empty()) return 1;
  const std::size_t from = offset_of_character(text, static_cast<std::size_t>(start));
  const std::size_t found = text.find(part, from);
  if (found == std::string_view::npos) return 0;
  return start + 1 + static_cast<std::int32_t>(count_characters(text.substr(from, found - from)));
}

/// locate: a null start is 0, whatever the texts are.
Result<Column> locate(const KernelInput& input) {
  ColumnBuilder builder(input.type, input.context.pool);
  const Operand& part = input.arguments[0];
  const Operand& text = input.arguments[1];
  const Operand& start = input.arguments[2];
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (start.is_null(row)) {
      builder.append(std::int32_t{0});
      continue;
    }
    if (part.is_null(row) || text.is_null(row)) {
      builder.append_null();
      continue;
    }
    const std::int32_t from = start.column.data<std::int32_t>()[start.index(row)];
    builder.append(from < 1 ? std::int32_t{0}
                            : position_of(part.column.string_at(part.index(row)),
                                          text.column.string_at(text.index(row)), from - 1));
  }
  return builder.finish();
}

std::string overlay(std::string_view text, std::string_view with, std::int32_t position,
                    std::int32_t length) {
  const std::int32_t replaced =
      length >= 0 ? length : static_cast<std::int32_t>(count_characters(with));
  std::string result(substring(text, 1, position - 1));
  result += with;
  result += substring(text, position + replaced, std::numeric_limits<std::int32_t>::max());
  return result;
}

std::string binary_overlay(std::string_view bytes, std::string_view with, std::int32_t position,
                           std::int32_t length) {
  constexpr std::int32_t kAll = std::numeric_limits<std::int32_t>::max();
  const std::int32_t replaced = length >= 0 ? length : static_cast<std::int32_t>(with.size());
  std::string result(binary_substring(bytes, 1, position - 1));
  result += with;
  result += binary_substring(bytes, position + replaced, kAll);
  return result;
}

enum class Side { left, right };

template <bool IsText, Side side>
Result<std::string> pad(std::string_view text, std::int32_t length, std::string_view with) {
  const auto count = [](std::string_view s) {
    return static_cast<std::int64_t>(IsText ? count_characters(s) : s.size());
  };
  const auto first = [](std::string_view s, std::int64_t n) {
    return IsText ? characters(s, 0, n)
                  : s.substr(0, static_cast<std::size_t>(std::max<std::int64_t>(n, 0)));
  };
  const std::int64_t missing = length - count(text);
  if (missing <= 0 || with.empty()) return std::string(first(text, length));
  const std::int64_t num_with = count(with);
  const std::size_t bytes = static_cast<std::size_t>(missing / num_with + 1) * with.size();
  if (bytes + text.size() > kMaxTextBytes)
    return runtime_error(
        "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
        "The padded text would have more than " + std::to_string(kMaxTextBytes) + " bytes.");
  std::string padding;
  for (std::int64_t i = 0; i < missing / num_with; ++i) padding += with;
  padding += first(with, missing % num_with);
  return side == Side::left ? padding.append(text) : std::string(text).append(padding);
}

/// Signature of functions that take STRING or BINARY in their first `num_texts` arguments and give
/// the same; the others are INT.
struct TextOrBinary {
  std::string name;
  std::string usage;
  std::size_t num_texts = 1;
  std::size_t num_numbers = 0;
  Value text_default = {};
  Value binary_default = {};
  bool takes_numbers_last = true;  ///< lpad: text, number, text
  bool can_fail = false;
};

Result<ResolvedFunction> resolve_text_or_binary(const TextOrBinary& function, Arguments arguments,
                                                const SqlSettings& settings, TypeKind result,
                                                const Kernel& text_kernel,
                                                const Kernel& binary_kernel) {
  ResolvedFunction resolved;
  const auto is_text_at = [&](std::size_t i) {
    return function.takes_numbers_last ? i < function.num_texts : i != 1;
  };
  bool is_binary = true;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (is_text_at(i) && arguments[i].type.kind != binary) is_binary = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const TypeKind wanted = !is_text_at(i) ? int32 : is_binary ? binary : string;
    STREAM_TRY(DataType type,
               implicit_type(function.name, arguments, i, primitive(wanted), settings));
    resolved.parameter_types.push_back(std::move(type));
  }
  resolved.type = result == null ? primitive(is_binary ? binary : string) : primitive(result);
  resolved.is_nullable = true;
  resolved.can_fail = function.can_fail;
  resolved.kernel = is_binary ? binary_kernel : text_kernel;
  const std::size_t num_parameters = function.num_texts + function.num_numbers;
  if (arguments.size() < num_parameters) {
    const TypeKind kind = !is_text_at(num_parameters - 1) ? int32 : is_binary ? binary : string;
    resolved.kernel = with_defaults(std::move(resolved.kernel),
                                    {is_binary ? function.binary_default : function.text_default},
                                    {primitive(kind)});
  }
  return resolved;
}

ScalarFunction text_or_binary(TextOrBinary function, TypeKind result, Kernel text_kernel,
                              Kernel binary_kernel) {
  ScalarFunction made;
  made.name = function.name;
  made.family = "string";
  made.usage = function.usage;
  made.max_arguments = function.num_texts + function.num_numbers;
  made.min_arguments = made.max_arguments - (function.text_default.is_null() ? 0 : 1);
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) {
    return resolve_text_or_binary(function, arguments, settings, result, text_kernel,
                                  binary_kernel);
  };
  return made;
}

ScalarFunction comparison(std::string name, std::string usage,
                          bool (*matches)(std::string_view, std::string_view)) {
  const Kernel kernel = row_kernel(
      [matches](std::string_view text, std::string_view part) { return matches(text, part); });
  return text_or_binary({std::move(name), std::move(usage), 2, 0}, boolean, kernel, kernel);
}

}  // namespace

void add_substring_functions(FunctionRegistry& registry) {
  const Value everything{std::numeric_limits<std::int32_t>::max()};
  registry.add(text_or_binary(
      {"substring", "substring(text, position[, length]) - the part from position, from 1 on", 1, 2,
       everything, everything},
      null, row_kernel([](std::string_view text, std::int32_t position, std::int32_t length) {
        return substring(text, position, length);
      }),
      row_kernel([](std::string_view bytes, std::int32_t position, std::int32_t length) {
        return binary_substring(bytes, position, length);
      })));
  registry.add_alias("substr", "substring");
  registry.add(text_or_binary(
      {"left", "left(text, n) - the first n characters", 1, 1}, null,
      row_kernel([](std::string_view text, std::int32_t n) { return substring(text, 1, n); }),
      row_kernel(
          [](std::string_view bytes, std::int32_t n) { return binary_substring(bytes, 1, n); })));
  registry.add(text_or_binary(
      {"overlay", "overlay(text, with, position[, length]) - with in place of a part of text", 2, 2,
       Value{std::int32_t{-1}}, Value{std::int32_t{-1}}},
      null,
      row_kernel([](std::string_view text, std::string_view with, std::int32_t position,
                    std::int32_t length) { return overlay(text, with, position, length); }),
      row_kernel(
          [](std::string_view text, std::string_view with, std::int32_t position,
             std::int32_t length) { return binary_overlay(text, with, position, length); })));
  const auto add_padding = [&]<Side side>(std::string name, std::string usage,
                                          std::integral_constant<Side, side>) {
    registry.add(text_or_binary(
        {std::move(name), std::move(usage), 2, 1, Value{std::string(" ")},
         Value{std::string(1, '\0')}, false, true},
        null, row_kernel([](std::string_view text, std::int32_t length, std::string_view with) {
          return pad<true, side>(text, length, with);
        }),
        row_kernel([](std::string_view text, std::int32_t length, std::string_view with) {
          return pad<false, side>(text, length, with);
        })));
  };
  add_padding("lpad", "lpad(text, n[, pad]) - padded on the left, or cut, to n characters",
              std::integral_constant<Side, Side::left>());
  add_padding("rpad", "rpad(text, n[, pad]) - padded on the right, or cut, to n characters",
              std::integral_constant<Side, Side::right>());

  registry.add(comparison("contains", "contains(text, part) - is part in it",
                          [](std::string_view text, std::string_view part) {
                            return text.find(part) != std::string_view::npos;
                          }));
  registry.add(comparison(
      "startswith", "startswith(text, part) - does it begin so",
      [](std::string_view text, std::string_view part) { return text.starts_with(part); }));
  registry.add(comparison(
      "endswith", "endswith(text, part) - does it end so",
      [](std::string_view text, std::string_view part) { return text.ends_with(part); }));

  add_fixed(registry,
            {{"right",
              "string",
              "right(text, n) - the last n characters",
              {string, int32},
              string,
              row_kernel([](std::string_view text, std::int32_t n) {
                if (n <= 0) return std::string_view();
                return substring(text, -n, std::numeric_limits<std::int32_t>::max());
              })},
             {"substring_index",
              "string",
              "substring_index(text, delimiter, n) - what is before the nth delimiter",
              {string, string, int32},
              string,
              row_kernel([](std::string_view text, std::string_view delimiter, std::int32_t count) {
                return substring_index(text, delimiter, count);
              })},
             {"split_part",
              "string",
              "split_part(text, delimiter, n) - the nth part, from 1 on",
              {string, string, int32},
              string,
              row_kernel([](std::string_view text, std::string_view delimiter,
                            std::int32_t number) { return split_part(text, delimiter, number); }),
              {},
              true},
             {"instr",
              "string",
              "instr(text, part) - where part begins, from 1 on, or 0",
              {string, string},
              int32,
              row_kernel([](std::string_view text, std::string_view part) {
                return position_of(part, text, 0);
              })},
             {"locate",
              "string",
              "locate(part, text[, start]) - where part begins, from 1 on, or 0",
              {string, string, int32},
              int32,
              locate,
              {Value{std::int32_t{1}}},
              false,
              false,
              NullHandling::custom}});
  registry.add_alias("position", "locate");
  registry.add_alias("charindex", "locate");
}

}  // namespace stream
