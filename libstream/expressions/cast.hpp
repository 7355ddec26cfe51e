// CAST between all types, by Spark's rules, ANSI and not.
#pragma once

#include <libstream/expressions/evaluate.hpp>

namespace stream {

enum class CastMode {
  ansi,     ///< errors for what does not fit
  legacy,   ///< null for what does not parse, wrap-around for what does not fit
  attempt,  ///< TRY_CAST: the ANSI rules, null in place of errors
};

/// Error [DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION] and its like: no such cast. The kernel skips
/// nulls. `can_fail` of the call: see can_cast_fail.
Result<Kernel> make_cast(const DataType& from, const DataType& to, CastMode mode);
bool can_cast_fail(const DataType& from, const DataType& to, CastMode mode);

/// `child` cast to `to`; child itself when it has that type.
Result<TypedExpr> cast_expression(TypedExpr child, const DataType& to, CastMode mode);

/// The text that CAST(x AS STRING) makes of row `row`; show() prints it too. Not null.
void append_cast_text(const Column& column, std::size_t row, const SqlSettings& settings,
                      std::string& out);

}  // namespace stream
