// Bytes as text and back: base64, hexadecimal, character sets. Pure functions, any thread.
#pragma once

#include <libstream/base/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace stream {

std::string encode_base64(std::string_view bytes);
/// Java's MIME decoder: other characters are skipped. nullopt: the text ends amid a byte.
std::optional<std::string> decode_base64(std::string_view text);
/// Digits, one blank-free text with proper padding: what to_binary wants.
bool is_strict_base64(std::string_view text);

/// In upper case.
std::string encode_hex(std::string_view bytes);
/// An odd first digit stands for itself. nullopt: not hexadecimal.
std::optional<std::string> decode_hex(std::string_view text);

/// UTF-8 to bytes of the character set, and back. Errors [INVALID_PARAMETER_VALUE.CHARSET] and
/// [MALFORMED_CHARACTER_CODING], which name `function`.
Result<std::string> encode_charset(std::string_view text, std::string_view charset,
                                   std::string_view function);
Result<std::string> decode_charset(std::string_view bytes, std::string_view charset,
                                   std::string_view function);

}  // namespace stream
