#include <libstream/base/ascii.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/type_text.hpp>

#include <strings.h>

#include <array>
#include <charconv>
#include <optional>

namespace stream {

namespace {

struct Token {
  enum class Kind { end, word, quoted_word, number, text, symbol };
  Kind kind = Kind::end;
  std::string value;
  std::size_t offset = 0;
};

bool equals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_word_character(char c) {
  return c == '_' || static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') ||
         (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct TypeName {
  std::string_view name;
  TypeKind kind;
};
constexpr std::array kTypeNames = {
    TypeName{"boolean", TypeKind::boolean},
    TypeName{"tinyint", TypeKind::int8},
    TypeName{"byte", TypeKind::int8},
    TypeName{"smallint", TypeKind::int16},
    TypeName{"short", TypeKind::int16},
    TypeName{"int", TypeKind::int32},
    TypeName{"integer", TypeKind::int32},
    TypeName{"bigint", TypeKind::int64},
    TypeName{"long", TypeKind::int64},
    TypeName{"float", TypeKind::float32},
    TypeName{"real", TypeKind::float32},
    TypeName{"double", TypeKind::float64},
    TypeName{"date", TypeKind::date},
    TypeName{"timestamp", TypeKind::timestamp},
    TypeName{"timestamp_ltz", TypeKind::timestamp},
    TypeName{"timestamp_ntz", TypeKind::timestamp_ntz},
    TypeName{"binary", TypeKind::binary},
    TypeName{"void", TypeKind::null},
    TypeName{"null", TypeKind::null},
    TypeName{"variant", TypeKind::variant},
};

/// Recursive descent over the text; `position_` is behind `token_`.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  Result<DataType> type_alone() {
    STREAM_TRY(advance());
    STREAM_TRY(DataType result, type(0));
    if (token_.kind != Token::Kind::end) return unexpected();
    return result;
  }

  Result<Schema> schema() {
    STREAM_TRY(advance());
    Schema result;
    if (token_.kind == Token::Kind::end) return result;
    STREAM_TRY(result.fields, fields(0));
    if (token_.kind != Token::Kind::end) return unexpected();
    return result;
  }

 private:
  Error error(std::string_view condition, const std::string& message) const {
    return analysis_error(condition, message + " (at character " + std::to_string(token_.offset) +
                                         " of the type \"" + std::string(text_.substr(0, 200)) +
                                         "\")");
  }
  Error unexpected() const {
    if (token_.kind == Token::Kind::end)
      return error("PARSE_SYNTAX_ERROR", "Syntax error at or near end of input.");
    return error("PARSE_SYNTAX_ERROR", "Syntax error at or near '" + token_.value + "'.");
  }

  Result<void> advance() {
    while (position_ < text_.size() && static_cast<unsigned char>(text_[position_]) <= ' ')
      ++position_;
    token_ = {Token::Kind::end, "", position_};
    if (position_ == text_.size()) return {};
    const char c = text_[position_];
    if (c == '`' || c == '\'' || c == '"') return quoted(c);
    if (is_word_character(c)) {
      bool is_number = true;
      while (position_ < text_.size() && is_word_character(text_[position_])) {
        is_number = is_number && text_[position_] >= '0' && text_[position_] <= '9';
        token_.value += text_[position_++];
      }
      token_.kind = is_number ? Token::Kind::number : Token::Kind::word;
      return {};
    }
    token_.kind = Token::Kind::symbol;
    token_.value = c;
    ++position_;
    return {};
  }

  Result<void> quoted(char quote) {
    token_.kind = quote == '`' ? Token::Kind::quoted_word : Token::Kind::text;
    for (++position_; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == quote) {
        if (position_ + 1 == text_.size() || text_[position_ + 1] != quote) {
          ++position_;
          return {};
        }
        ++position_;
      } else if (c == '\\' && quote != '`' && position_ + 1 < text_.size()) {
        ++position_;
      }
      token_.value += text_[position_];
    }
    return error("PARSE_SYNTAX_ERROR", std::string("There is no closing ") + quote + ".");
  }

  bool is_symbol(char c) const {
    return token_.kind == Token::Kind::symbol && token_.value[0] == c;
  }
  bool is_word(std::string_view word) const {
    return token_.kind == Token::Kind::word && equals(token_.value, word);
  }
  Result<void> expect(char symbol) {
    if (!is_symbol(symbol)) return unexpected();
    return advance();
  }
  Result<bool> accept(char symbol) {
    if (!is_symbol(symbol)) return false;
    STREAM_TRY(advance());
    return true;
  }
  Result<bool> accept(std::string_view word) {
    if (!is_word(word)) return false;
    STREAM_TRY(advance());
    return true;
  }

  Result<std::uint32_t> number() {
    std::uint32_t value = 0;
    const char* end = token_.value.data() + token_.value.size();
    if (token_.kind != Token::Kind::number ||
        std::from_chars(token_.value.data(), end, value).ec != std::errc())
      return unexpected();
    STREAM_TRY(advance());
    return value;
  }

  Result<std::vector<Field>> fields(int depth) {
    std::vector<Field> result;
    for (;;) {
      STREAM_TRY(Field next, field(depth));
      result.push_back(std::move(next));
      STREAM_TRY(const bool goes_on, accept(','));
      if (!goes_on) return result;
    }
  }

  Result<Field> field(int depth) {
    if (token_.kind != Token::Kind::word && token_.kind != Token::Kind::quoted_word)
      return unexpected();
    Field result{token_.value, {}, true};
    STREAM_TRY(advance());
    STREAM_TRY(accept(':'));
    STREAM_TRY(result.type, type(depth));
    for (;;) {
      if (is_word("not")) {
        STREAM_TRY(advance());
        if (!is_word("null")) return unexpected();
        STREAM_TRY(advance());
        result.is_nullable = false;
      } else if (is_word("comment")) {
        STREAM_TRY(advance());
        if (token_.kind != Token::Kind::text) return unexpected();
        STREAM_TRY(advance());
      } else {
        return result;
      }
    }
  }

  Result<DataType> type(int depth) {
    if (depth > kMaxTypeDepth)
      return error("PARSE_SYNTAX_ERROR",
                   "Types are nested more than " + std::to_string(kMaxTypeDepth) + " deep.");
    if (token_.kind != Token::Kind::word) return unexpected();
    const std::string name = token_.value;
    const Token first = token_;
    STREAM_TRY(advance());
    if (equals(name, "array") || equals(name, "map") || equals(name, "struct"))
      return nested(name, depth);
    if (equals(name, "decimal") || equals(name, "dec") || equals(name, "numeric")) return decimal();
    if (equals(name, "interval")) return interval();
    if (equals(name, "string")) return string();
    if (equals(name, "char") || equals(name, "character") || equals(name, "varchar"))
      return bounded_string(name);
    for (const TypeName& known : kTypeNames)
      if (equals(name, known.name) && !is_symbol('(')) return primitive(known.kind);
    token_ = first;
    return error("UNSUPPORTED_DATATYPE", "Unsupported data type \"" + ascii_upper(name) + "\".");
  }

  Result<DataType> nested(const std::string& name, int depth) {
    if (!is_symbol('<'))
      return error("INCOMPLETE_TYPE_DEFINITION." + ascii_upper(name),
                   "The definition of \"" + ascii_upper(name) +
                       "\" type is incomplete. You must provide what it holds, for example \"" +
                       (equals(name, "array") ? "ARRAY<INT>"
                        : equals(name, "map") ? "MAP<STRING, INT>"
                                              : "STRUCT<name: INT>") +
                       "\".");
    STREAM_TRY(advance());
    DataType result;
    if (equals(name, "array")) {
      STREAM_TRY(DataType element, type(depth + 1));
      result = array_of(std::move(element), true);
    } else if (equals(name, "map")) {
      STREAM_TRY(DataType key, type(depth + 1));
      STREAM_TRY(expect(','));
      STREAM_TRY(DataType value, type(depth + 1));
      result = map_of(std::move(key), std::move(value), true);
    } else {
      result = struct_of({});
      if (!is_symbol('>')) {
        STREAM_TRY(result.children, fields(depth + 1));
      }
    }
    STREAM_TRY(expect('>'));
    return result;
  }

  Result<DataType> decimal() {
    if (!is_symbol('(')) return decimal_of(10, 0);
    STREAM_TRY(advance());
    STREAM_TRY(const std::uint32_t precision, number());
    std::uint32_t scale = 0;
    STREAM_TRY(const bool has_scale, accept(','));
    if (has_scale) {
      STREAM_TRY(scale, number());
    }
    if (precision > kMaxDecimalPrecision)
      return error("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                   "Decimal precision " + std::to_string(precision) + " exceeds max precision 38.");
    if (scale > precision || precision == 0)
      return error("PARSE_SYNTAX_ERROR", "Decimal scale (" + std::to_string(scale) +
                                             ") cannot be greater than precision (" +
                                             std::to_string(precision) + ").");
    STREAM_TRY(expect(')'));
    return decimal_of(static_cast<int>(precision), static_cast<int>(scale));
  }

  Result<DataType> string() {
    if (!is_word("collate")) return primitive(TypeKind::string);
    STREAM_TRY(advance());
    if (!equals(token_.value, "UTF8_BINARY"))
      return error("UNSUPPORTED_FEATURE.COLLATION", "The feature is not supported: collation " +
                                                        token_.value +
                                                        "; use UTF8_BINARY, which is the default.");
    STREAM_TRY(advance());
    return primitive(TypeKind::string);
  }

  Result<DataType> bounded_string(const std::string& name) {
    if (!is_symbol('('))
      return error("DATATYPE_MISSING_SIZE", "DataType \"" + ascii_upper(name) +
                                                "\" requires a length parameter, for example \"" +
                                                ascii_upper(name) + "\"(10).");
    STREAM_TRY(advance());
    STREAM_TRY(const std::uint32_t length, number());
    if (length == 0) return error("PARSE_SYNTAX_ERROR", "The length must be at least 1.");
    STREAM_TRY(expect(')'));
    DataType result = primitive(TypeKind::string);
    result.max_characters = length;
    result.is_padded = !equals(name, "varchar");
    return result;
  }

  std::optional<IntervalField> interval_field() const {
    constexpr std::string_view kNames[] = {"year", "month", "day", "hour", "minute", "second"};
    for (std::size_t i = 0; i < std::size(kNames); ++i)
      if (is_word(kNames[i])) return static_cast<IntervalField>(i);
    return std::nullopt;
  }

  Result<DataType> interval() {
    const std::optional<IntervalField> first = interval_field();
    if (!first) return primitive(TypeKind::calendar_interval);
    STREAM_TRY(advance());
    IntervalField last = *first;
    STREAM_TRY(const bool has_last, accept("to"));
    if (has_last) {
      const std::optional<IntervalField> field = interval_field();
      const bool is_month = *first <= IntervalField::month;
      if (!field || *field <= *first || (*field <= IntervalField::month) != is_month)
        return error("PARSE_SYNTAX_ERROR",
                     "An interval goes from YEAR TO MONTH, or from one of DAY, HOUR, MINUTE to a "
                     "smaller one.");
      last = *field;
      STREAM_TRY(advance());
    }
    if (*first <= IntervalField::month) return year_month_interval(*first, last);
    return day_time_interval(*first, last);
  }

  std::string_view text_;
  std::size_t position_ = 0;
  Token token_;
};

}  // namespace

Result<DataType> parse_data_type(std::string_view text) { return TypeParser(text).type_alone(); }

Result<Schema> parse_schema(std::string_view text) { return TypeParser(text).schema(); }

Result<DataType> parse_type_or_schema(std::string_view text) {
  Result<DataType> type = parse_data_type(text);
  if (type) return type;
  STREAM_TRY(Schema schema, parse_schema(text));
  return struct_of(std::move(schema.fields));
}

DataType as_nullable(DataType type) {
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    type.children[i].type = as_nullable(std::move(type.children[i].type));
    type.children[i].is_nullable = type.kind != TypeKind::map || i > 0;
  }
  return type;
}

}  // namespace stream
