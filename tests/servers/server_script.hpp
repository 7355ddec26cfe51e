// A server of a test's own, started by a script of this folder: for tests that kill it, stop it or
// need it in another shape than the one that tests/run keeps for all. It ends with its object, and
// with the test's process. Used by tests, from one thread.
#pragma once

#include <tests/cluster/child_process.hpp>

#include <string>

namespace stream::testing {

class ServerScript {
 public:
  /// Runs `tests/servers/SCRIPT start ARGUMENTS`; throws with the script's output when that fails.
  /// `owner` is the process with which it ends; 0 is this one.
  explicit ServerScript(std::string script, const std::string& arguments = "", pid_t owner = 0);
  ~ServerScript();  ///< stops it
  ServerScript(const ServerScript&) = delete;
  ServerScript& operator=(const ServerScript&) = delete;

  /// Runs a further command, such as "kill-node 1", and gives what it printed.
  std::string run(const std::string& command);
  /// A variable of the script's `env`.
  std::string variable(const std::string& name);
  /// Where its data and logs are.
  std::string directory() const { return directory_ / script_; }

 private:
  std::string script_;
  pid_t owner_;
  TemporaryDirectory directory_;
};

/// A variable that tests/run sets for the server it keeps; throws, naming the cure, without it.
std::string server_variable(const std::string& name);

}  // namespace stream::testing
