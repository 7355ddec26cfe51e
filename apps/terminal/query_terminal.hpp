// What a program shows of its query on a terminal: a live status line, progress as JSON lines, and
// an end on SIGINT or SIGTERM. Used by the programs' main functions.
#pragma once

#include <libstream/api/streaming_context.hpp>
#include <libstream/api/streaming_query.hpp>

#include <functional>
#include <memory>
#include <string>

namespace stream::apps {

struct TerminalOptions {
  std::string progress_file;           ///< JSON lines of every epoch's progress; empty: none
  std::string rejects_file;            ///< records that could not be read: place, reason and bytes
  std::function<bool()> is_done = {};  ///< asked ten times a second: true ends the query gracefully
  bool show_status = true;  ///< a status line on standard error, where that is a terminal
};

/// Starts the context and waits for its end. SIGINT and SIGTERM stop it gracefully, a second one at
/// once. Returns the exit code; an error is printed on standard error.
int run_query(StreamingContext& context, const TerminalOptions& options);
/// The same for a query of a session, which `start` starts with the options it is given.
int run_query(const std::function<std::shared_ptr<StreamingQuery>(QueryOptions)>& start,
              const TerminalOptions& options);

/// The status line as a listener, which may hear several queries; nullptr where standard error is
/// no terminal.
std::shared_ptr<QueryListener> make_status_line();
/// Appends each progress record to the file, a JSON line each. Throws Error: it cannot be written.
std::shared_ptr<QueryListener> make_progress_file(const std::string& path);
/// Keeps rejected records in the file; empty: names the first ones on standard error.
std::function<void(const Reject&)> make_reject_file(const std::string& path);

/// From now on SIGINT and SIGTERM are only counted, from zero.
void count_stop_signals();
int num_stop_signals();

/// Runs `body` and turns an Error into a message on standard error and exit code 1.
int report_errors(const std::function<int()>& body);

}  // namespace stream::apps
