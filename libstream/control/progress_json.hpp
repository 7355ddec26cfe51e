// Reads a progress record from the text that to_json makes: for programs whose query runs
// elsewhere. Pure.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/control/progress.hpp>

#include <string>

namespace stream {

/// What to_json leaves out (sums of event times, names of metrics) is empty. Error bad_data: it is
/// no such record.
Result<QueryProgress> parse_progress(const std::string& json);

}  // namespace stream
