// Transcripts of queries (*.case, *.cases): parsed, run on a given runner, compared. The format is
// described in tests/cases/README.md. Used by `streamctl test` and by the test suite.
#pragma once

#include <libstream/testing/dstream_case.hpp>
#include <libstream/testing/transcript.hpp>

namespace stream::testing {

/// What came of a case in one cell.
struct CaseResult {
  std::string diff;       ///< empty: as expected
  std::string name_diff;  ///< column names that differ; they do not fail a case
};

/// Runs a query case. Error bad_data: the transcript itself is wrong.
Result<CaseResult> run_query_case(const Transcript& transcript, const CaseCell& cell);

/// Does the case hold a stream (so that losing tasks means something)?
bool is_streaming_case(const Transcript& transcript);

}  // namespace stream::testing
