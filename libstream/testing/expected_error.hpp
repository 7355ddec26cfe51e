// The `error` sections of transcripts: does what came fit? Used by the runners of query and format
// cases. Pure functions.
#pragma once

#include <libstream/base/error.hpp>
#include <libstream/testing/transcript.hpp>

#include <optional>
#include <string>

namespace stream::testing {

/// What differs from the error that `section` expects; empty: nothing. `came` without a value: no
/// error came. A body that begins with a condition, "CONDITION" or "CONDITION < CAUSE", is met by a
/// message that holds one of them in brackets; names of Spark's without a meaning of their own
/// (_LEGACY_ERROR_TEMP_…, Java's classes) by any; with or without a suggestion is the same.
std::string error_diff(const Section& section, const std::optional<Error>& came);

}  // namespace stream::testing
