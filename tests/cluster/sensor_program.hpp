// A script over files for tests of nodes: every reading once to one sink, counts by window and
// sensor to another, so one query with state and one without; and what came out.
#pragma once

#include <tests/cluster/child_process.hpp>

#include <string>
#include <vector>

namespace stream::testing {

/// Lines of a file with readings [from, to), one a second.
std::string readings(int from, int to);
std::string sensor_script(const std::string& input, const std::string& output);

/// Rows of what the sinks' logs name below `output`, sorted, with a header.
std::vector<std::string> copies_in(const std::string& output);
std::vector<std::string> counts_in(const std::string& output);

/// What one process makes of directory/in: in directory/alone.
void run_alone(const TemporaryDirectory& directory);
/// directory/out is the same as directory/alone.
void check_like_alone(const TemporaryDirectory& directory, std::size_t rows);

}  // namespace stream::testing
