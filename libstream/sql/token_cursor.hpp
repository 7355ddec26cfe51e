// The parser's place in the tokens: looking ahead, accepting words and symbols, errors at tokens,
// and the bound on nesting. Used by the parser alone.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/sql/lexer.hpp>
#include <libstream/sql/syntax_error.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream::sql {

class TokenCursor {
 public:
  TokenCursor(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  std::string_view text() const { return text_; }
  std::size_t position() const { return position_; }
  void move_to(std::size_t position) { position_ = position; }
  void advance() {
    if (position_ + 1 < tokens_.size()) ++position_;
  }

  /// The token `ahead` of the present one; the end when there are fewer.
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
  }
  const Token& token_at(std::size_t position) const { return tokens_[position]; }
  bool symbol_is_at(std::size_t position, std::string_view symbol) const {
    return position < tokens_.size() && tokens_[position].kind == TokenKind::symbol &&
           tokens_[position].text == symbol;
  }

  bool is_end() const { return peek().kind == TokenKind::end; }
  bool at_symbol(std::string_view symbol, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::symbol && peek(ahead).text == symbol;
  }
  bool at_word(std::string_view word, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::word && equals_ignoring_case(peek(ahead).text, word);
  }
  bool at_any_word(std::initializer_list<std::string_view> words, std::size_t ahead = 0) const {
    for (std::string_view word : words)
      if (at_word(word, ahead)) return true;
    return false;
  }
  bool at_words(std::initializer_list<std::string_view> words) const {
    std::size_t ahead = 0;
    for (std::string_view word : words)
      if (!at_word(word, ahead++)) return false;
    return true;
  }
  /// A word, quoted or not: something that can be a name.
  bool at_name(std::size_t ahead = 0) const {
    const TokenKind kind = peek(ahead).kind;
    return kind == TokenKind::word || kind == TokenKind::quoted_word;
  }

  bool accept_symbol(std::string_view symbol) { return at_symbol(symbol) && (advance(), true); }
  bool accept_word(std::string_view word) { return at_word(word) && (advance(), true); }
  /// Takes all of them or none.
  bool accept_words(std::initializer_list<std::string_view> words) {
    if (!at_words(words)) return false;
    position_ += words.size();
    return true;
  }
  Result<void> expect_symbol(std::string_view symbol);
  Result<void> expect_word(std::string_view word);
  Result<void> expect_words(std::initializer_list<std::string_view> words);
  Result<std::string> expect_name();
  /// One string, or several beside one another.
  Result<std::string> expect_string();
  Result<void> expect_end();

  /// The error at the present token. Of several attempts the one that came furthest is remembered.
  Error unexpected(std::string_view expected = {});
  /// The furthest syntax error so far.
  const std::optional<Error>& furthest_error() const { return furthest_error_; }
  Error error_at(std::size_t position, std::string_view condition, std::string_view message) const;

  /// The text from token `first` to the last one taken.
  std::string_view text_from(std::size_t first) const;
  std::uint32_t end_offset() const;

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  std::optional<Error> furthest_error_;
  std::size_t furthest_position_ = 0;
};

}  // namespace stream::sql
