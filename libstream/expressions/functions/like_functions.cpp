#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/utf8.hpp>

#include <algorithm>
#include <optional>

namespace stream {

namespace {

using enum TypeKind;

/// A LIKE pattern: texts and single wild characters between the % of it.
class LikePattern {
 public:
  static Result<LikePattern> compile(std::string_view pattern, char32_t escape) {
    LikePattern made;
    for (std::size_t offset = 0; offset < pattern.size();) {
      const std::size_t begin = offset;
      const char32_t c = next_code_point(pattern, offset);
      if (c == escape) {
        if (offset == pattern.size())
          return runtime_error("INVALID_FORMAT.ESC_AT_THE_END",
                               "The format is invalid: '" + std::string(pattern) +
                                   "'. The escape character is not allowed to end with.");
        const std::size_t next = offset;
        const char32_t escaped = next_code_point(pattern, offset);
        if (escaped != '_' && escaped != '%' && escaped != escape)
          return runtime_error("INVALID_FORMAT.ESC_IN_THE_MIDDLE",
                               "The format is invalid: '" + std::string(pattern) +
                                   "'. The escape character is not allowed to precede '" +
                                   std::string(pattern.substr(next, offset - next)) + "'.");
        made.add_text(pattern.substr(next, offset - next));
      } else if (c == '%') {
        made.pieces_.push_back({Piece::Kind::any_number, {}});
      } else if (c == '_') {
        made.pieces_.push_back({Piece::Kind::one, {}});
      } else {
        made.add_text(pattern.substr(begin, offset - begin));
      }
    }
    return made;
  }

  bool matches(std::string_view text) const {
    std::size_t piece = 0;
    std::size_t at = 0;
    std::size_t retry_piece = kNone;
    std::size_t retry_at = 0;
    while (piece < pieces_.size() || at < text.size()) {
      if (piece < pieces_.size() && pieces_[piece].kind == Piece::Kind::any_number) {
        // What follows the last % may begin anywhere behind this place.
        if (++piece == pieces_.size()) return true;
        retry_piece = piece;
        retry_at = at;
        continue;
      }
      if (piece < pieces_.size() && step(pieces_[piece], text, at)) {
        ++piece;
        continue;
      }
      if (retry_piece == kNone || retry_at >= text.size()) return false;
      retry_at += utf8_length(text[retry_at]);
      at = std::min(retry_at, text.size());
      piece = retry_piece;
    }
    return true;
  }

 private:
  struct Piece {
    enum class Kind { text, one, any_number };
    Kind kind;
    std::string text;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  void add_text(std::string_view text) {
    if (pieces_.empty() || pieces_.back().kind != Piece::Kind::text)
      pieces_.push_back({Piece::Kind::text, {}});
    pieces_.back().text += text;
  }

  static bool step(const Piece& piece, std::string_view text, std::size_t& at) {
    if (piece.kind == Piece::Kind::one) {
      if (at >= text.size()) return false;
      at = std::min(at + utf8_length(text[at]), text.size());
      return true;
    }
    if (!text.substr(at).starts_with(piece.text)) return false;
    at += piece.text.size();
    return true;
  }

  std::vector<Piece> pieces_;
};

/// like and ilike; `escape` is the third argument.
Kernel like_kernel(bool ignores_case, const std::optional<Value>& pattern, char32_t escape) {
  const auto compile = [=](std::string_view text) {
    return LikePattern::compile(ignores_case ? to_lower(text) : std::string(text), escape);
  };
  std::optional<Result<LikePattern>> compiled;
  if (pattern && !pattern->is_null()) compiled = compile(pattern->as<std::string>());
  return [=](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    std::optional<Result<LikePattern>> current = compiled;
    std::string current_pattern;
    const Operand& texts = input.arguments[0];
    const Operand& patterns = input.arguments[1];
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      if (!compiled) {
        const std::string_view next = patterns.column.string_at(patterns.index(row));
        if (!current || current_pattern != next) {
          current_pattern = next;
          current = compile(next);
        }
      }
      if (!*current) return current->error();
      const std::string_view text = texts.column.string_at(texts.index(row));
      const bool matches =
          ignores_case ? (*current)->matches(to_lower(text)) : (*current)->matches(text);
      builder.append(static_cast<std::uint8_t>(matches));
    }
    return builder.finish();
  };
}

ScalarFunction like(std::string name, std::string usage, bool ignores_case) {
  ScalarFunction made{name, "predicate", std::move(usage), 2, 3, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      STREAM_TRY(DataType type, implicit_type(name, arguments, i, primitive(string), settings));
      resolved.parameter_types.push_back(std::move(type));
    }
    char32_t escape = '\\';
    if (arguments.size() == 3) {
      STREAM_TRY(const Value value, constant_argument(name, arguments, 2));
      const std::string text = value.is_null() ? std::string() : value.as<std::string>();
      std::size_t offset = 0;
      if (!text.empty()) escape = next_code_point(text, offset);
      if (text.empty() || offset != text.size())
        return analysis_error(
            "INVALID_ESCAPE_CHAR",
            "`EscapeChar` should be a string literal of length one, but got '" + text + "'.");
    }
    resolved.type = primitive(boolean);
    const bool is_text = arguments[1].type.kind == string;
    resolved.kernel =
        like_kernel(ignores_case, is_text ? arguments[1].constant : std::nullopt, escape);
    return resolved;
  };
  return made;
}

}  // namespace

void add_like_functions(FunctionRegistry& registry) {
  registry.add(
      like("like", "like(text, pattern[, escape]) - % is any text, _ any character", false));
  registry.add(like("ilike", "ilike(text, pattern[, escape]) - like without regard to case", true));
}

}  // namespace stream
