// The common layout of transcripts (*.case, *.cases): sections "--- word …" with a body, "==="
// lines between the cases of one file. Pure functions.
#pragma once

#include <libstream/base/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace stream::testing {

struct Section {
  std::string word;      ///< "source", "query", …
  std::string argument;  ///< the rest of the section line
  std::string body;      ///< as it stands, with its line ends
  std::size_t line = 0;  ///< of the section line, from 1
};

/// One case: its sections, those before the first "===" in front.
struct Transcript {
  std::string name;  ///< empty in a file with one case
  bool is_core = false;
  std::vector<Section> sections;
};

/// Error bad_data with the line.
Result<std::vector<Transcript>> parse_transcripts(std::string_view text);

/// The lines of a body that say something: no comments, no blank ones.
std::vector<std::string> content_lines(std::string_view body);

}  // namespace stream::testing
