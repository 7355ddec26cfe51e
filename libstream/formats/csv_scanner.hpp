// Finds the characters that CSV is made of: separators, quotes and line ends. 64 bytes a step with
// what the processor has (AVX-512, AVX2, SSE), a portable loop elsewhere. Pure functions, any
// thread. Used by CsvReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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

using CsvScan = CsvStructure (*)(const char* block, std::size_t begin, std::size_t end,
                                 char separator, char quote, std::uint32_t* places);
/// Every way that this machine has, the portable one first, the one of scan_csv last.
std::vector<CsvScan> csv_scans();

}  // namespace stream
