#include <libstream/sql/token_cursor.hpp>

namespace stream::sql {

namespace {

bool is_before_by(const Token& token) {
  for (std::string_view word : {"GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "PARTITION"})
    if (equals_ignoring_case(token.text, word)) return true;
  return false;
}

}  // namespace

Result<void> TokenCursor::expect_symbol(std::string_view symbol) {
  if (accept_symbol(symbol)) return {};
  return unexpected("expected '" + std::string(symbol) + "'");
}

Result<void> TokenCursor::expect_word(std::string_view word) {
  if (accept_word(word)) return {};
  return unexpected("expected " + std::string(word));
}

Result<void> TokenCursor::expect_words(std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) STREAM_TRY(expect_word(word));
  return {};
}

Result<std::string> TokenCursor::expect_name() {
  if (!at_name()) return unexpected("expected a name");
  std::string name = name_value(peek());
  if (name.empty()) return unexpected("a name must not be empty");
  advance();
  return name;
}

Result<std::string> TokenCursor::expect_string() {
  if (peek().kind != TokenKind::string) return unexpected("expected a quoted text");
  std::string value;
  while (peek().kind == TokenKind::string) {
    value += string_value(peek().text);
    advance();
  }
  return value;
}

Result<void> TokenCursor::expect_end() {
  if (is_end()) return {};
  return unexpected();
}

Error TokenCursor::unexpected(std::string_view expected) {
  if (expected.empty() && position_ > 0 && is_before_by(tokens_[position_ - 1]))
    expected = "expected BY";
  Error error =
      syntax_error(text_, peek(), position_ > 0 ? &tokens_[position_ - 1] : nullptr, expected);
  if (!furthest_error_ || position_ > furthest_position_) {
    furthest_error_ = error;
    furthest_position_ = position_;
  }
  return error;
}

Error TokenCursor::error_at(std::size_t position, std::string_view condition,
                            std::string_view message) const {
  const Token& token = tokens_[position];
  return sql::error_at(text_, condition, message, token.offset, token.text.size());
}

std::string_view TokenCursor::text_from(std::size_t first) const {
  const std::uint32_t start = tokens_[first].offset;
  return text_.substr(start, std::max(end_offset(), start) - start);
}

std::uint32_t TokenCursor::end_offset() const {
  if (position_ == 0) return 0;
  const Token& last = tokens_[position_ - 1];
  return last.offset + static_cast<std::uint32_t>(last.text.size());
}

}  // namespace stream::sql
