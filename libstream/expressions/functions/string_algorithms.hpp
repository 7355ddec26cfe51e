// What string functions do to one text, which is UTF-8 where characters count; damaged bytes count
// as characters of their own. Pure functions, any thread.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace stream {

/// Each character that is the nth of `from` becomes the nth of `to`, or goes where `to` is shorter.
std::string translate(std::string_view text, std::string_view from, std::string_view to);
/// An empty `search` is found nowhere.
std::string replace(std::string_view text, std::string_view search, std::string_view with);
/// By characters.
std::string reversed(std::string_view text);
/// Error COLLECTION_SIZE_LIMIT_EXCEEDED: the result is too long for a text.
Result<std::string> repeated(std::string_view text, std::int32_t times);
/// The place, from 1, of the word in a set that is parted by commas; 0: not there.
std::int32_t find_in_set(std::string_view word, std::string_view set);
/// A letter and three digits; a text that begins with no letter comes back.
std::string soundex(std::string_view text);
/// How many characters must be put in, left out or changed to make one of the other.
std::int32_t levenshtein(std::string_view left, std::string_view right);
/// Are these digits whose last one is the checksum of the others (ISO/IEC 7812)?
bool luhn_check(std::string_view text);
/// In single quotes, those in it behind a backslash.
std::string quote(std::string_view text);

}  // namespace stream
