// What is done to WindowProgram and its servers, and what must be true afterwards. Used by the
// fault tests of each output; one thread.
#pragma once

#include <tests/servers/window_program.hpp>

#include <functional>

namespace stream::testing {

/// Feeds the program until its output has rows that it did not have; milliseconds it took. Throws
/// when the program ends, or after a minute.
std::int64_t wait_for_rows(WindowProgram& program, ChildProcess& child, std::size_t before);

/// What ends a run: closes all windows, lets the program read to the end, and says how its output
/// differs from what must be in it, each row as often as it must be, or what else is wrong. Empty:
/// nothing is.
std::string last_fault(WindowProgram& program, const std::string& more = "");

/// Kills the program at random moments, `wanted` times and until it was hit in three phases; prints
/// in which ones it was.
void kill_often(WindowProgram& program, std::uint64_t seed, int wanted);

/// Stops the program (SIGSTOP) while an epoch runs whose output is not committed, feeding it until
/// it is caught there. Throws when it ends by itself, or is never caught in a minute.
void stop_within_epoch(WindowProgram& program, ChildProcess& child);

/// Kills the program and starts it again, `times` times: milliseconds to the first new rows,
/// sorted; prints them. The program is killed at the end.
std::vector<std::int64_t> recovery_millis(WindowProgram& program, int times);

/// Runs the program while `harm(round)` is done to its servers again and again, then until there
/// are new rows, and kills it. A program that ended by itself is started again.
void run_harmed(WindowProgram& program, std::uint64_t seed, int times,
                const std::function<void(int round)>& harm);

}  // namespace stream::testing
