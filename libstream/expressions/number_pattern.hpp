// The patterns of to_char and to_number ("$99,999.00S"): digits 0 and 9, point (. D), groups (, G),
// $ and signs (S, MI, PR). Immutable, any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/schema.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

class NumberPattern {
 public:
  /// Error [INVALID_FORMAT.…] of class bad_plan.
  static Result<NumberPattern> compile(std::string_view pattern);

  int precision() const { return precision_; }
  int scale() const { return scale_; }
  /// At the pattern's scale; nullopt: the text does not fit.
  std::optional<Int128> parse(std::string_view text) const;
  /// Digits become # where the number has too many.
  std::string format(Int128 unscaled, int scale) const;

 private:
  struct Token {
    enum class Kind { digits, point, dollar, sign, minus, open, close, unknown };
    Kind kind;
    /// Of digits: the widths of its groups from left to right; whether each begins with 0.
    std::vector<int> widths;
    std::vector<bool> are_exact;
  };

  static Result<std::vector<Token>> tokens_of(std::string_view pattern);
  Result<void> check(std::string_view pattern) const;
  bool parse_digits(const Token& token, std::string_view text, std::size_t& at,
                    std::string& digits) const;
  void format_digits(const Token& token, std::string_view digits, std::size_t& at, bool after_point,
                     std::string& out) const;

  std::vector<Token> tokens_;
  int precision_ = 0;
  int scale_ = 0;
};

}  // namespace stream
