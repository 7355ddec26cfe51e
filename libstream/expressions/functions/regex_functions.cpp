#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/java_regex.hpp>
#include <libstream/expressions/utf8.hpp>

#include <algorithm>
#include <optional>

namespace stream {

namespace {

using enum TypeKind;

/// The row of a call: what its arguments are.
struct Row {
  const KernelInput& input;
  std::size_t number;

  std::string_view text(std::size_t argument) const {
    const Operand& operand = input.arguments[argument];
    return operand.column.string_at(operand.index(number));
  }
  std::int32_t integer(std::size_t argument) const {
    const Operand& operand = input.arguments[argument];
    return operand.column.data<std::int32_t>()[operand.index(number)];
  }
};

/// Computes one row into the builder.
using RegexRow = Result<void> (*)(const JavaRegex&, const Row&, ColumnBuilder&);

/// A kernel whose argument 1 is the pattern: compiled once when constant, else when it changes.
Kernel regex_kernel(std::string function, const std::optional<Value>& pattern, RegexRow compute) {
  std::optional<Result<JavaRegex>> compiled;
  if (pattern && !pattern->is_null())
    compiled = JavaRegex::compile(pattern->as<std::string>(), function);
  return [=](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    ColumnBuilder& texts = input.type.kind == array ? builder.child(0) : builder;
    for (const Operand& argument : input.arguments) texts.adopt(argument.column.blocks);
    std::optional<Result<JavaRegex>> current = compiled;
    std::string current_pattern;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      const Row arguments{input, row};
      if (!compiled && (!current || current_pattern != arguments.text(1))) {
        current_pattern = arguments.text(1);
        current = JavaRegex::compile(current_pattern, function);
      }
      if (!*current) return current->error();
      STREAM_TRY(compute(**current, arguments, builder));
    }
    return builder.finish();
  };
}

struct RegexFunction {
  std::string name;
  std::string usage;
  std::vector<TypeKind> parameters;
  DataType result;
  RegexRow compute;
  std::vector<Value> defaults = {};
  bool makes_nulls = false;
};

ScalarFunction make_regex(RegexFunction function) {
  ScalarFunction made;
  made.name = function.name;
  made.family = "string";
  made.usage = function.usage;
  made.max_arguments = function.parameters.size();
  made.min_arguments = made.max_arguments - function.defaults.size();
  made.resolve = [function = std::move(function)](
                     Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      STREAM_TRY(DataType type, implicit_type(function.name, arguments, i,
                                              primitive(function.parameters[i]), settings));
      resolved.parameter_types.push_back(std::move(type));
    }
    resolved.type = function.result;
    const bool is_text = arguments[1].type.kind == string;
    resolved.kernel = regex_kernel(function.name, is_text ? arguments[1].constant : std::nullopt,
                                   function.compute);
    if (arguments.size() < function.parameters.size())
      resolved.kernel = with_defaults(std::move(resolved.kernel), function.defaults,
                                      {primitive(function.parameters.back())});
    return resolved;
  };
  return made;
}

Result<void> check_group(const JavaRegex& regex, std::int32_t group, std::string_view function) {
  if (group >= 0 && group <= regex.num_groups()) return {};
  return runtime_error("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
                       "The value of parameter(s) `idx` in `" + std::string(function) +
                           "` is invalid: Expects group index between 0 and " +
                           std::to_string(regex.num_groups()) + ", but got " +
                           std::to_string(group) + ".");
}

std::string_view group_text(const JavaRegex::Groups& groups, std::int32_t group) {
  const std::string_view found = groups[static_cast<std::size_t>(group)];
  return found.data() == nullptr ? std::string_view() : found;
}

std::size_t start_of(std::string_view text, std::string_view match) {
  return static_cast<std::size_t>(match.data() - text.data());
}

Result<void> rlike(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  builder.append(static_cast<std::uint8_t>(regex.is_found_in(row.text(0))));
  return {};
}

Result<void> extract(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  JavaRegex::Groups groups;
  if (!regex.find(row.text(0), 0, groups)) {
    builder.append_string({});
    return {};
  }
  STREAM_TRY(check_group(regex, row.integer(2), "regexp_extract"));
  builder.append_string(group_text(groups, row.integer(2)));
  return {};
}

Result<void> extract_all(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  const std::string_view text = row.text(0);
  JavaRegex::Groups groups;
  for (std::size_t begin = 0; regex.find(text, begin, groups);
       begin = next_search(text, groups[0])) {
    STREAM_TRY(check_group(regex, row.integer(2), "regexp_extract_all"));
    builder.child(0).append_string(group_text(groups, row.integer(2)));
  }
  builder.append_array();
  return {};
}

Result<void> count(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  const std::string_view text = row.text(0);
  JavaRegex::Groups groups;
  std::int32_t matches = 0;
  for (std::size_t begin = 0; regex.find(text, begin, groups); begin = next_search(text, groups[0]))
    ++matches;
  builder.append(matches);
  return {};
}

/// The first match that is not empty; else null.
Result<void> substr(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  JavaRegex::Groups groups;
  if (regex.find(row.text(0), 0, groups) && !groups[0].empty())
    builder.append_string(groups[0]);
  else
    builder.append_null();
  return {};
}

Result<void> instr(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  const std::string_view text = row.text(0);
  JavaRegex::Groups groups;
  std::int32_t position = 0;
  if (regex.find(text, 0, groups))
    position =
        1 + static_cast<std::int32_t>(count_characters(text.substr(0, start_of(text, groups[0]))));
  builder.append(position);
  return {};
}

/// Appends `with` for a match: $1 and ${name} stand for groups, a backslash quotes. False: no such
/// group.
bool append_replacement(const JavaRegex& regex, const JavaRegex::Groups& groups,
                        std::string_view with, std::string& out) {
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (with[i] == '\\') {
      if (++i == with.size()) return false;
      out += with[i];
      continue;
    }
    if (with[i] != '$') {
      out += with[i];
      continue;
    }
    if (++i == with.size()) return false;
    if (with[i] == '{') {
      const std::size_t end = with.find('}', i);
      if (end == std::string_view::npos) return false;
      const int group = regex.group_number(std::string(with.substr(i + 1, end - i - 1)));
      if (group < 0) return false;
      out += group_text(groups, group);
      i = end;
      continue;
    }
    const auto digit = [&](std::size_t at) {
      return at < with.size() && with[at] >= '0' && with[at] <= '9' ? with[at] - '0' : -1;
    };
    int group = digit(i);
    if (group < 0 || group > regex.num_groups()) return false;
    while (digit(i + 1) >= 0 && group * 10 + digit(i + 1) <= regex.num_groups())
      group = group * 10 + digit(++i);
    out += group_text(groups, group);
  }
  return true;
}

Result<void> replace(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  const std::string_view whole = row.text(0);
  const std::int32_t position = row.integer(3);
  if (position < 1)
    return runtime_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                         "regexp_replace: the position must be at least 1, but it is " +
                             std::to_string(position) + ".");
  const std::size_t offset = offset_of_character(whole, static_cast<std::size_t>(position - 1));
  const std::string_view text = whole.substr(offset);
  JavaRegex::Groups groups;
  if ((offset > 0 && text.empty()) || !regex.find(text, 0, groups)) {
    builder.append_string(whole);
    return {};
  }
  std::string result(whole.substr(0, offset));
  std::size_t copied = 0;
  std::size_t begin = 0;
  do {
    const std::size_t start = start_of(text, groups[0]);
    result += text.substr(copied, start - copied);
    if (!append_replacement(regex, groups, row.text(2), result))
      return runtime_error("INVALID_REGEXP_REPLACE",
                           "Could not perform regexp_replace for source = \"" + std::string(whole) +
                               "\", pattern = \"" + std::string(row.text(1)) +
                               "\", replacement = \"" + std::string(row.text(2)) + "\".");
    copied = start + groups[0].size();
    begin = next_search(text, groups[0]);
  } while (regex.find(text, begin, groups));
  result += text.substr(copied);
  builder.append_string(result);
  return {};
}

void split_characters(std::string_view text, std::int32_t limit, ColumnBuilder& parts) {
  for (std::int32_t n = 1; !text.empty() && n != limit; ++n) {
    const std::size_t length = std::min(utf8_length(text[0]), text.size());
    parts.append_string(text.substr(0, length));
    text.remove_prefix(length);
  }
  if (!text.empty()) parts.append_string(text);
}

/// At most `limit` parts when it is positive; empty ones at the end are kept.
Result<void> split(const JavaRegex& regex, const Row& row, ColumnBuilder& builder) {
  const std::string_view text = row.text(0);
  const std::int32_t limit = row.integer(2);
  ColumnBuilder& parts = builder.child(0);
  if (!text.empty() && row.text(1).empty()) {
    split_characters(text, limit, parts);
    builder.append_array();
    return {};
  }
  std::size_t copied = 0;
  JavaRegex::Groups groups;
  std::int32_t n = 1;
  for (std::size_t begin = 0; (limit <= 0 || n < limit) && regex.find(text, begin, groups);
       begin = next_search(text, groups[0])) {
    const std::size_t start = start_of(text, groups[0]);
    if (start == 0 && groups[0].empty()) continue;
    parts.append_string(text.substr(copied, start - copied));
    copied = start + groups[0].size();
    ++n;
  }
  parts.append_string(text.substr(copied));
  builder.append_array();
  return {};
}

}  // namespace

void add_regex_functions(FunctionRegistry& registry) {
  const DataType texts = array_of(primitive(string), false);
  const Value one{std::int32_t{1}};
  registry.add(make_regex({"rlike",
                           "rlike(text, regex) - is the regular expression found in it",
                           {string, string},
                           primitive(boolean),
                           rlike}));
  registry.add_alias("regexp", "rlike");
  registry.add_alias("regexp_like", "rlike");
  registry.add(make_regex({"regexp_extract",
                           "regexp_extract(text, regex[, group]) - a group of the first match",
                           {string, string, int32},
                           primitive(string),
                           extract,
                           {one}}));
  registry.add(make_regex({"regexp_extract_all",
                           "regexp_extract_all(text, regex[, group]) - a group of each match",
                           {string, string, int32},
                           texts,
                           extract_all,
                           {one}}));
  registry.add(make_regex({"regexp_count",
                           "regexp_count(text, regex) - how many matches",
                           {string, string},
                           primitive(int32),
                           count}));
  registry.add(make_regex({"regexp_substr",
                           "regexp_substr(text, regex) - the first match",
                           {string, string},
                           primitive(string),
                           substr,
                           {},
                           true}));
  registry.add(make_regex({"regexp_instr",
                           "regexp_instr(text, regex) - where the first match begins, or 0",
                           {string, string, int32},
                           primitive(int32),
                           instr,
                           {Value{std::int32_t{0}}}}));
  registry.add(make_regex({"regexp_replace",
                           "regexp_replace(text, regex, with[, position]) - every match replaced",
                           {string, string, string, int32},
                           primitive(string),
                           replace,
                           {one}}));
  registry.add(make_regex({"split",
                           "split(text, regex[, limit]) - the parts between matches",
                           {string, string, int32},
                           texts,
                           split,
                           {Value{std::int32_t{-1}}}}));
}

}  // namespace stream
