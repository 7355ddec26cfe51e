// The shell of `streamctl sql`: lines with history and completion, statements until their
// semicolon, commands that begin with a backslash. One thread, owns the terminal.
#pragma once

#include <apps/streamctl/sql_run.hpp>

namespace stream::apps {

/// Until \q or the end of the input; then all queries are stopped. Returns the exit code.
int run_shell(SqlRun& run);

}  // namespace stream::apps
