// What a program shows of its query on a terminal: a live status line, progress as JSON lines, and
// an end on SIGINT or SIGTERM. Used by the programs' main functions.
#pragma once

#include <libstream/api/streaming_context.hpp>

#include <string>

namespace stream::apps {

struct TerminalOptions {
  std::string progress_file;  ///< JSON lines of every epoch's progress; empty: none
  std::string rejects_file;   ///< records that could not be read: place, reason and bytes
  bool show_status = true;    ///< a status line on standard error, where that is a terminal
};

/// Starts the context and waits for its end. SIGINT and SIGTERM stop it gracefully, a second one at
/// once. Returns the exit code; an error is printed on standard error.
int run_query(StreamingContext& context, const TerminalOptions& options);

/// Runs `body` and turns an Error into a message on standard error and exit code 1.
int report_errors(const std::function<int()>& body);

}  // namespace stream::apps
