// Transcripts of queries (*.case, *.cases): parsed, run on a given runner, compared. The format is
// described in tests/cases/README.md. Used by `streamctl test` and by the test suite.
#pragma once

#include <libstream/testing/dstream_case.hpp>
#include <libstream/testing/transcript.hpp>

#include <optional>
#include <string>
#include <vector>

namespace stream::testing {

/// A section's body as it came out.
struct SectionUpdate {
  std::size_t line = 0;  ///< of the section's line, from 1
  /// Not given: the body stays.
  std::optional<std::string> body;
  bool is_gone = false;  ///< the section's epoch did not run
  /// Sections to put behind this one: epochs that ran and are not in the transcript.
  std::string sections_after;
};

/// What came of a case in one cell.
struct CaseResult {
  std::string diff;                    ///< empty: as expected
  std::string name_diff;               ///< column names that differ; they do not fail a case
  std::vector<SectionUpdate> updates;  ///< of the sections that differ
};

/// Runs a query case. Error bad_data: the transcript itself is wrong.
Result<CaseResult> run_query_case(const Transcript& transcript, const CaseCell& cell);

/// Does the case hold a stream (so that losing tasks means something)?
bool is_streaming_case(const Transcript& transcript);

}  // namespace stream::testing
