// Numbers as java.text.DecimalFormat prints them (English symbols, rounding half to even): what
// format_number does. Immutable, any thread.
#pragma once

#include <libstream/data/schema.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace stream {

class NumberFormat {
 public:
  /// "#,###,##0.00" with so many digits after the point.
  static NumberFormat with_fraction(int digits);
  /// Literals around "#,##0.00#%". nullopt: not such a pattern.
  static std::optional<NumberFormat> compile(std::string_view pattern);

  std::string format(double value) const;
  std::string format(Int128 unscaled, int scale) const;

 private:
  std::string print(bool is_negative, std::string integer, std::string fraction) const;

  std::string prefix_;
  std::string suffix_;
  std::size_t min_integer_ = 0;
  std::size_t min_fraction_ = 0;
  std::size_t max_fraction_ = 0;
  std::size_t group_ = 0;  ///< 0: no groups
  int shift_ = 0;          ///< 2 for percents, 3 for per milles
};

}  // namespace stream
