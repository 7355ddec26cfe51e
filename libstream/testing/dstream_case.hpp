// Transcripts of DStream programs (*.dcase): parsed, run on a given runner, compared. The format is
// described in tests/cases/README-dstream.md. Used by `streamctl test` and by the test suite.
#pragma once

#include <libstream/plans/runner.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stream::testing {

/// One line of a flow: name = stream.operation(arguments).
struct FlowStep {
  std::string name;
  std::string stream;
  std::string operation;
  std::vector<std::string> arguments;
};

/// The elements of one interval as JSON texts; nullopt: the stream has no value then.
using IntervalValue = std::optional<std::vector<std::string>>;

struct DStreamCase {
  std::vector<std::pair<std::string, std::vector<std::vector<std::string>>>> streams;
  std::vector<FlowStep> flow;
  std::vector<IntervalValue> output;              ///< of intervals 1, 2, …
  std::optional<std::vector<std::string>> slice;  ///< one JSON array a value, sorted within
};

/// Error bad_data naming the line.
Result<DStreamCase> parse_dstream_case(const std::string& text);

/// One way of running a case: all of them must give the same.
struct CaseCell {
  std::shared_ptr<Runner> runner;
  std::string runner_name;
  std::uint32_t parallelism = 1;
  std::size_t batch_rows = 1024;
  bool loses_tasks = false;  ///< all tasks are lost and recovered after every epoch
  bool is_rescaled = false;  ///< it gets another parallelism after every epoch

  std::string name() const;
};

struct DStreamResult {
  std::string diff;  ///< of what was expected and what came; empty: the case passes
  std::string body;  ///< of the output or slice section, as it came
};

Result<DStreamResult> run_dstream_case(const DStreamCase& dstream_case, const CaseCell& cell);

/// The logical and physical plan of the case's flow.
Result<std::string> explain_dstream_case(const DStreamCase& dstream_case,
                                         std::uint32_t parallelism);

}  // namespace stream::testing
