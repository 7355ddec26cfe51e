// What the operators share: errors for operands that do not go together, and the signs + and -.
#pragma once

#include <libstream/expressions/functions/signature.hpp>

#include <string_view>

namespace stream {

/// [DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES], or BINARY_OP_WRONG_TYPE when both have one type.
Error operand_mismatch(std::string_view symbol, Arguments arguments, std::string_view required);

/// -a, +a; negative(a), positive(a).
Result<ResolvedFunction> resolve_negative(const Argument& argument, const SqlSettings& settings);
Result<ResolvedFunction> resolve_positive(const Argument& argument, const SqlSettings& settings);

/// A kernel that gives its argument back.
Kernel identity_kernel();

}  // namespace stream
