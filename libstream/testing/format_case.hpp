// Transcripts of readers, writers and printed tables (*.case with a read, write, show or console
// section): parsed, run on a given runner, compared. The format is described in
// tests/cases/README-readers.md. Used by `streamctl test` and by the test suite.
#pragma once

#include <libstream/testing/query_case.hpp>

namespace stream::testing {

/// Is the case one of a reader, a writer, show or the console?
bool is_format_case(const Transcript& transcript);

Result<CaseResult> run_format_case(const Transcript& transcript, const CaseCell& cell);

}  // namespace stream::testing
