// Finds the characters that CSV is made of: separators, quotes and line ends. 64 bytes a step with
// SSE, a portable loop elsewhere. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stream {

struct CsvStructure {
  std::size_t count = 0;      ///< places found
  std::size_t num_lines = 0;  ///< of these with a '\n'
  bool is_plain = true;       ///< no quote and no '\r' among them
  bool is_ascii = true;       ///< no byte over 127 among those looked at
};

/// Writes the places of `separator`, `quote`, '\n' and '\r' in block[begin, end), counted from
/// `block`. `places` has room for end - begin + 64 of them. Requires 64 readable bytes after `end`.
CsvStructure scan_csv(const char* block, std::size_t begin, std::size_t end, char separator,
                      char quote, std::uint32_t* places);
CsvStructure scan_csv_portable(const char* block, std::size_t begin, std::size_t end,
                               char separator, char quote, std::uint32_t* places);

}  // namespace stream
