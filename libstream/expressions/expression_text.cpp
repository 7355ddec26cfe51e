#include <libstream/base/ascii.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/expression_text.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/window_text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <strings.h>

#include <algorithm>

namespace stream {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Functions that are casts: only what they cast is shown.
bool is_cast_function(std::string_view name) {
  return is_one_of(name, {"boolean", "tinyint", "smallint", "int", "bigint", "float", "double",
                          "decimal", "date", "timestamp", "binary", "string"});
}

/// What can be told of an expression's type without names: literals, casts, some functions.
std::optional<TypeKind> known_kind(const Expression& expression) {
  if (const auto* literal = expression.as<Literal>()) return literal->type.kind;
  if (const auto* cast = expression.as<Cast>()) return cast->type.kind;
  const auto* call = expression.as<Call>();
  if (call == nullptr) return std::nullopt;
  const std::string name = ascii_lower(call->name);
  if (is_one_of(name,
                {"date", "to_date", "current_date", "curdate", "make_date", "date_add", "date_sub",
                 "last_day", "next_day", "trunc", "add_months", "date_from_unix_date"}))
    return TypeKind::date;
  if (is_one_of(name, {"timestamp", "to_timestamp", "current_timestamp", "now", "make_timestamp",
                       "date_trunc", "timestamp_seconds", "timestamp_millis", "timestamp_micros",
                       "timestampadd", "from_utc_timestamp", "to_utc_timestamp"}))
    return TypeKind::timestamp;
  if (is_one_of(name, {"make_dt_interval"})) return TypeKind::day_time_interval;
  if (is_one_of(name, {"make_ym_interval"})) return TypeKind::year_month_interval;
  if (is_one_of(name, {"make_interval"})) return TypeKind::calendar_interval;
  if (is_one_of(name, {"encode", "unhex", "to_binary", "unbase64"})) return TypeKind::binary;
  const bool is_sign = name == "-" && call->arguments.size() == 1;
  if (is_sign) return known_kind(*call->arguments[0]);
  return std::nullopt;
}

bool is_any_interval(std::optional<TypeKind> kind) {
  return kind && (is_interval(*kind) || kind == TypeKind::calendar_interval);
}

bool is_instant(std::optional<TypeKind> kind) {
  return kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz;
}

bool is_days_only(const Expression& expression) {
  const auto* literal = expression.as<Literal>();
  return literal != nullptr && literal->type.kind == TypeKind::day_time_interval &&
         literal->type.scale == static_cast<std::uint8_t>(IntervalField::day);
}

class Printer {
 public:
  std::string text_of(const Expression& expression) {
    return std::visit([this](const auto& kind) { return print(kind); }, expression.kind);
  }

 private:
  std::string print(const Literal& literal) { return literal_text(literal); }

  std::string print(const ColumnName& column) {
    for (const std::vector<std::string>& names : lambda_names_) {
      const bool is_parameter =
          std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            return strcasecmp(name.c_str(), column.parts[0].c_str()) == 0;
          });
      if (is_parameter) return joined("namedlambdavariable()", column.parts);
    }
    // What stands in front of a column is its table, but for the windows' structs.
    const bool is_window = column.parts[0] == "window" || column.parts[0] == "session_window";
    if (is_window) return joined(column.parts[0], column.parts);
    return column.parts.back();
  }

  static std::string joined(std::string text, const std::vector<std::string>& parts) {
    for (std::size_t i = 1; i < parts.size(); ++i) text += "." + parts[i];
    return text;
  }

  std::string print(const Star& star) {
    std::string text;
    for (const std::string& part : star.qualifier) text += part + ".";
    return text + "*";
  }

  std::string print(const Cast& cast) {
    const std::string child = text_of(*cast.child);
    const TypeKind kind = cast.type.kind;
    if (kind == TypeKind::array || kind == TypeKind::map || kind == TypeKind::structure)
      return child;
    const std::string type = kind == TypeKind::string ? "STRING" : cast.type.to_string();
    return fmt::format("{}({} AS {})", cast.is_try ? "TRY_CAST" : "CAST", child, type);
  }

  std::string print(const Lambda& lambda) {
    lambda_names_.push_back(lambda.parameters);
    std::string text = "lambdafunction(" + text_of(*lambda.body);
    lambda_names_.pop_back();
    for (std::size_t i = 0; i < lambda.parameters.size(); ++i) text += ", namedlambdavariable()";
    return text + ")";
  }

  std::string print(const Alias& alias) { return text_of(*alias.child) + " AS " + alias.names[0]; }

  std::string print(const Subquery& subquery) {
    switch (subquery.kind) {
      case Subquery::Kind::scalar:
        return "scalarsubquery()";
      case Subquery::Kind::exists:
        return "exists()";
      case Subquery::Kind::in:
        break;
    }
    if (subquery.values.size() == 1)
      return fmt::format("({} IN (listquery()))", text_of(*subquery.values[0]));
    std::string values;
    for (std::size_t i = 0; i < subquery.values.size(); ++i)
      values += fmt::format("{}{}, {}", i > 0 ? ", " : "", text_of(*subquery.values[i]),
                            text_of(*subquery.values[i]));
    return fmt::format("(named_struct({}) IN (listquery()))", values);
  }

  std::string print(const Call& call) {
    const std::string name = ascii_lower(call.name);
    std::string text = is_rank_function(name) && call.over != nullptr ? ascii_upper(name) + "()"
                                                                      : call_text(name, call);
    if (!call.within_group.empty()) text += within_group(name, call);
    if (call.filter) text += fmt::format(" FILTER (WHERE {})", text_of(*call.filter));
    if (call.over) {
      text += " OVER " + window_text(name, call, [this](const Expression& expression) {
                return text_of(expression);
              });
    }
    return text;
  }

  std::string within_group(std::string_view name, const Call& call) {
    std::string keys;
    const bool is_list = name == "listagg" || name == "string_agg";
    for (const SortKey& key : call.within_group) {
      if (!keys.empty()) keys += ", ";
      keys += is_list ? sort_key_text(key, text_of(*key.expression)) : text_of(*key.expression);
      // mode takes the least for DESC: Spark keeps the opposite order.
      const bool is_descending = name == "mode" ? !key.is_descending : key.is_descending;
      if (!is_list && is_descending) keys += " DESC";
    }
    return fmt::format(" WITHIN GROUP (ORDER BY {})", keys);
  }

  std::string call_text(const std::string& name, const Call& call) {
    const Exprs& arguments = call.arguments;
    const std::size_t count = arguments.size();
    if (count == 2) {
      if (std::optional<std::string> text = binary_text(name, call)) return std::move(*text);
    }
    if (count == 1) {
      if (std::optional<std::string> text = unary_text(name, *arguments[0]))
        return std::move(*text);
    }
    if (name == "in" && count > 1) {
      return fmt::format("({} IN ({}))", text_of(*arguments[0]), list(arguments, 1));
    }
    if (name == "case" || name == "when") return case_text(arguments);
    if (name == "if") return fmt::format("(IF({}))", list(arguments, 0));
    if (name == "like" && count >= 2) return like_text(arguments);
    if (name == "ilike" && count > 2)
      return fmt::format("ilike({}, {})", text_of(*arguments[0]), text_of(*arguments[1]));
    if ((name == "window" || name == "session_window") && count >= 2) return name;
    return function_call_text(name, call);
  }

  std::string like_text(const Exprs& arguments) {
    const std::string text =
        fmt::format("{} LIKE {}", text_of(*arguments[0]), text_of(*arguments[1]));
    const std::string escape = arguments.size() > 2 ? text_of(*arguments[2]) : "\\";
    return escape == "\\" ? text : fmt::format("{} ESCAPE '{}'", text, escape);
  }

  std::string case_text(const Exprs& arguments) {
    std::string text = "CASE";
    std::size_t i = 0;
    for (; i + 1 < arguments.size(); i += 2)
      text += fmt::format(" WHEN {} THEN {}", text_of(*arguments[i]), text_of(*arguments[i + 1]));
    if (i < arguments.size()) text += " ELSE " + text_of(*arguments[i]);
    return text + " END";
  }

  std::optional<std::string> unary_text(std::string_view name, const Expression& argument) {
    const auto* unknown = argument.as<Call>();
    if (name == "not" && unknown != nullptr && unknown->name == "<=>" &&
        is_unknown(*unknown->arguments[1]))
      return fmt::format("({} IS NOT NULL)", text_of(*unknown->arguments[0]));
    const std::string text = text_of(argument);
    if (name == "not" || name == "!") return fmt::format("(NOT {})", text);
    if (name == "-") return fmt::format("(- {})", text);
    if (name == "+" || name == "positive") return fmt::format("(+ {})", text);
    if (name == "~") return "~" + text;
    if (name == "isnull") return fmt::format("({} IS NULL)", text);
    if (name == "isnotnull") return fmt::format("({} IS NOT NULL)", text);
    if (is_cast_function(name)) return text;
    if (name == "ceil" || name == "floor") return fmt::format("{}({})", ascii_upper(name), text);
    if (name == "log") return fmt::format("LOG(E(), {})", text);
    if (name == "assert_true") return fmt::format("assert_true({}, '{}' is not true!)", text, text);
    if (name == "raise_error")
      return fmt::format("raise_error(USER_RAISED_EXCEPTION, map(errorMessage, {}))", text);
    return std::nullopt;
  }

  std::optional<std::string> binary_text(std::string_view name, const Call& call) {
    const Expression& left = *call.arguments[0];
    const Expression& right = *call.arguments[1];
    if (name == "and") {
      if (std::optional<std::string> text = between_text(left, right)) return text;
    }
    if (name == "+" || name == "-") {
      if (std::optional<std::string> text = time_text(name, left, right)) return text;
    }
    if (name == "*" || name == "/") return product_text(name, left, right);
    if (is_one_of(name, {"<", "<=", ">", ">="})) {
      if (std::optional<std::string> text = narrowed_comparison(name, left, right)) return text;
    }
    if (name == "<=>" && is_unknown(right)) return fmt::format("({} IS NULL)", text_of(left));
    if (is_one_of(name, {"+", "-", "%", "&", "|", "^", "<<", ">>", ">>>", "=", "<=>", "<",
                         "<=", ">", ">=", "div"}))
      return infix(name, left, right);
    if (name == "and" || name == "or") return infix(ascii_upper(name), left, right);
    if (name == "==") return infix("=", left, right);
    if (name == "<>" || name == "!=") return fmt::format("(NOT {})", infix("=", left, right));
    if (name == "||") return fmt::format("concat({}, {})", text_of(left), text_of(right));
    if (name == "[]") return fmt::format("{}[{}]", text_of(left), text_of(right));
    if (name == ".") return fmt::format("{}.{}", text_of(left), text_of(right));
    if (name == "extract") return fmt::format("extract({} FROM {})", text_of(left), text_of(right));
    if (name == "datepart")
      return fmt::format("datepart({} FROM {})", text_of(left), text_of(right));
    if (name == "trim") return fmt::format("TRIM(BOTH {} FROM {})", text_of(left), text_of(right));
    if (name == "ltrim")
      return fmt::format("TRIM(LEADING {} FROM {})", text_of(left), text_of(right));
    if (name == "rtrim")
      return fmt::format("TRIM(TRAILING {} FROM {})", text_of(left), text_of(right));
    if (name == "to_char" || name == "to_varchar") return to_char_text(name, left, right);
    return std::nullopt;
  }

  /// What the parser writes for `IS UNKNOWN`: a NULL of type BOOLEAN.
  static bool is_unknown(const Expression& expression) {
    const auto* literal = expression.as<Literal>();
    return literal != nullptr && literal->type.kind == TypeKind::boolean &&
           literal->value.is_null();
  }

  std::string infix(std::string_view symbol, const Expression& left, const Expression& right) {
    return fmt::format("({} {} {})", text_of(left), symbol, text_of(right));
  }

  /// The parser writes BETWEEN as two comparisons of one shared expression.
  std::optional<std::string> between_text(const Expression& left, const Expression& right) {
    const auto* low = left.as<Call>();
    const auto* high = right.as<Call>();
    if (low == nullptr || high == nullptr || low->name != ">=" || high->name != "<=" ||
        low->arguments[0] != high->arguments[0])
      return std::nullopt;
    return fmt::format("between({}, {}, {})", text_of(*low->arguments[0]),
                       text_of(*low->arguments[1]), text_of(*high->arguments[1]));
  }

  /// Dates and timestamps moved by intervals and days.
  std::optional<std::string> time_text(std::string_view name, const Expression& left,
                                       const Expression& right) {
    const std::optional<TypeKind> a = known_kind(left);
    const std::optional<TypeKind> b = known_kind(right);
    const bool is_second =
        is_any_interval(a) ? !is_any_interval(b) : a == TypeKind::null && is_instant(b);
    if (name == "+" && is_second) return time_text(name, right, left);
    if (a == TypeKind::null) return std::nullopt;
    if (name == "+" && b == TypeKind::null && is_instant(a))
      return fmt::format("{} + NULL", text_of(left));
    if (is_any_interval(b) && !is_any_interval(a)) {
      if (a == TypeKind::date && is_days_only(right)) {
        const std::string days = fmt::format("extractansiintervaldays({})", text_of(right));
        return name == "+" ? fmt::format("date_add({}, {})", text_of(left), days)
                           : fmt::format("date_add({}, (- {}))", text_of(left), days);
      }
      return fmt::format("{} {} {}", text_of(left), name, text_of(right));
    }
    const auto is_integer = [](std::optional<TypeKind> kind) { return kind && is_integral(*kind); };
    if (a == TypeKind::date && is_integer(b))
      return fmt::format("{}({}, {})", name == "+" ? "date_add" : "date_sub", text_of(left),
                         text_of(right));
    if (b == TypeKind::date && is_integer(a) && name == "+")
      return fmt::format("date_add({}, {})", text_of(right), text_of(left));
    return std::nullopt;
  }

  /// Intervals times and by numbers: the interval comes first, calendar intervals have functions.
  std::string product_text(std::string_view name, const Expression& left, const Expression& right) {
    const std::optional<TypeKind> kind = known_kind(left);
    if (name == "*" && !is_any_interval(kind) && is_any_interval(known_kind(right)))
      return product_text(name, right, left);
    if (kind == TypeKind::calendar_interval)
      return fmt::format("{}_interval({}, {})", name == "*" ? "multiply" : "divide", text_of(left),
                         text_of(right));
    return infix(name, left, right);
  }

  /// An integer compared with a decimal literal is compared with the integer next to it.
  std::optional<std::string> narrowed_comparison(std::string_view symbol, const Expression& left,
                                                 const Expression& right) {
    const auto* a = left.as<Literal>();
    const auto* b = right.as<Literal>();
    if (a == nullptr || b == nullptr || a->value.is_null() || b->value.is_null())
      return std::nullopt;
    const bool is_right = b->type.kind == TypeKind::decimal && is_integral(a->type.kind);
    const bool is_left = a->type.kind == TypeKind::decimal && is_integral(b->type.kind);
    if (!is_right && !is_left) return std::nullopt;
    const Literal& literal = is_right ? *b : *a;
    // a > d: floor; a >= d: ceiling; and so on; on the other side the opposite.
    const bool is_floor = (symbol == ">" || symbol == "<=") == is_right;
    const Int128 unit = power_of_ten(literal.type.scale);
    const auto value = literal.value.as<Int128>();
    Int128 whole = value / unit;
    if (value % unit != 0 && (value < 0) == is_floor) whole += is_floor ? -1 : 1;
    std::string number;
    append_decimal(whole, 0, number);
    return is_right ? fmt::format("({} {} {})", text_of(left), symbol, number)
                    : fmt::format("({} {} {})", number, symbol, text_of(right));
  }

  std::string to_char_text(std::string_view name, const Expression& value,
                           const Expression& format) {
    const std::optional<TypeKind> kind = known_kind(value);
    if (kind == TypeKind::date || kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz)
      return fmt::format("date_format({}, {})", text_of(value), text_of(format));
    if (kind == TypeKind::binary) {
      const std::string encoding = ascii_lower(text_of(format));
      if (encoding == "hex" || encoding == "base64")
        return fmt::format("{}({})", name == "to_char" ? encoding : name, text_of(value));
      return fmt::format("{}({}, {})", name == "to_char" ? "decode" : name, text_of(value),
                         text_of(format));
    }
    return fmt::format("to_char({}, {})", text_of(value), text_of(format));
  }

  std::string function_call_text(const std::string& name, const Call& call) {
    const std::size_t count = call.arguments.size();
    const std::optional<FunctionText> shown = function_text(name);
    std::vector<std::string> arguments = argument_texts(name, call, shown);
    if (name == "count" && count == 1 && call.arguments[0]->as<Star>() != nullptr &&
        call.arguments[0]->as<Star>()->qualifier.empty())
      arguments = {"1"};
    if ((name == "aggregate" || name == "reduce") && count == 3)
      arguments.emplace_back("lambdafunction(namedlambdavariable(), namedlambdavariable())");
    if (name == "convert_timezone" && count == 2)
      arguments.insert(arguments.begin(), "current_timezone()");
    if (name == "mode" && count == 2 && arguments[1] == "true")
      return fmt::format("mode() WITHIN GROUP (ORDER BY {} DESC)", arguments[0]);
    if (name == "array_sort" && count == 1) arguments.emplace_back(kDefaultComparatorText);
    return fmt::format("{}({}{})", shown ? shown->name : std::string_view(name),
                       call.is_distinct ? "DISTINCT " : "", fmt::join(arguments, ", "));
  }

  /// In the order of the parameters, with Spark's defaults for those that were left out.
  std::vector<std::string> argument_texts(const std::string& name, const Call& call,
                                          const std::optional<FunctionText>& shown) {
    std::vector<std::string> texts;
    std::vector<bool> is_given;
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      const std::size_t place = parameter_place(name, call, i);
      if (texts.size() <= place) {
        texts.resize(place + 1, "NULL");
        is_given.resize(place + 1, false);
      }
      texts[place] = text_of(*call.arguments[i]);
      is_given[place] = true;
    }
    if (!shown) return texts;
    const std::size_t num_required = shown->num_parameters - shown->defaults.size();
    for (std::size_t i = num_required; i < shown->num_parameters; ++i) {
      if (i < texts.size() && is_given[i]) continue;
      if (texts.size() <= i) texts.resize(i + 1);
      texts[i] = shown->defaults[i - num_required];
      if (is_given.size() <= i) is_given.resize(i + 1, true);
    }
    if (texts.size() > shown->num_shown) texts.resize(shown->num_shown);
    return texts;
  }

  /// Which parameter argument `index` is for.
  static std::size_t parameter_place(const std::string& name, const Call& call, std::size_t index) {
    if (index >= call.argument_names.size() || call.argument_names[index].empty()) return index;
    const ScalarFunction* function = builtin_functions().scalar(name);
    if (function == nullptr) return index;
    const std::vector<std::string>& names = function->parameter_names;
    const auto found = std::find_if(names.begin(), names.end(), [&](const std::string& known) {
      return strcasecmp(known.c_str(), call.argument_names[index].c_str()) == 0;
    });
    return found == names.end() ? index : static_cast<std::size_t>(found - names.begin());
  }

  std::string list(const Exprs& expressions, std::size_t first,
                   std::size_t end = static_cast<std::size_t>(-1)) {
    std::string text;
    for (std::size_t i = first; i < std::min(end, expressions.size()); ++i) {
      if (i > first) text += ", ";
      text += text_of(*expressions[i]);
    }
    return text;
  }

  std::vector<std::vector<std::string>> lambda_names_;
};

}  // namespace

std::string pretty_text(const Expression& expression) { return Printer().text_of(expression); }

}  // namespace stream
