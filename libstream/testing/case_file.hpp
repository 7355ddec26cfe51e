// Files of transcripts of every kind (*.case, *.cases, *.dcase): run in given cells, and rewritten
// with what came. Used by `streamctl test` and by the test suite.
#pragma once

#include <libstream/testing/query_case.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace stream::testing {

/// What came of one case of a file.
struct CaseOutcome {
  std::string name;       ///< the file's path, with ":NAME" where it holds many
  std::string reason;     ///< cell and diff; empty: passed in every cell
  std::string name_diff;  ///< column names that differ, which does not fail a case
};

bool is_case_file(std::string_view path);

/// The transcripts at and below `path`, sorted; `path` itself if it is a file.
Result<std::vector<std::string>> find_case_files(const std::string& path);

/// {local, `actors`} x parallelism {1, 3} x batches of {1024, 1} x {as written, tasks lost after
/// every epoch}, and one more in which queries are rescaled after every epoch. The first is the
/// plain one, which every case runs in; those that change what runs come last. Each runner's name
/// is in its cells.
std::vector<CaseCell> all_case_cells(const std::shared_ptr<Runner>& local,
                                     const std::shared_ptr<Runner>& actors);

/// Runs the cases whose name holds `only` in all cells, those that lose tasks for streams alone. A
/// file that cannot be parsed is one case that fails.
std::vector<CaseOutcome> run_case_file(const std::string& path, std::string_view text,
                                       const std::vector<CaseCell>& cells,
                                       std::string_view only = {});

/// The file's text with its output, progress, schema, text and file sections as they come out in
/// `cell`; what agrees stays as it is written, and so does everything else. Error bad_data: the
/// file cannot be parsed, or a case does not run.
Result<std::string> update_case_file(std::string_view text, bool is_dstream, const CaseCell& cell,
                                     std::string_view only = {});

}  // namespace stream::testing
