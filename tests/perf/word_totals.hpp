// Reads what word_count wrote and compares it with what the hand-written program counted. Used by
// the workloads, in children of their own.
#pragma once

#include <tests/perf/hand_word_count.hpp>

namespace stream::perf {

/// The last totals in a directory of lines `word<TAB>total`: they only grow, so the largest one of
/// each word. Sorted by word. `num_rows` gets the number of lines.
Result<std::vector<WordTotal>> read_totals(const std::string& directory, std::int64_t& num_rows);

/// Error when the words of `input`, counted `laps` times over, are not what `directory` holds,
/// naming the first difference. `is_final`: each word must be there once.
Result<void> check_totals(const std::string& input, std::int64_t laps, const std::string& directory,
                          bool is_final);

}  // namespace stream::perf
