// Nodes of a cluster as processes of a test on this machine, and what a test asks them.
#pragma once

#include <tests/cluster/child_process.hpp>
#include <tests/cluster/link_proxy.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream::testing {

/// A port of the loopback that was free a moment ago.
std::string free_address();
std::size_t count_of(const std::string& text, const std::string& part);
/// What `streamctl cluster status` says there.
std::string status_of(const std::string& address);

template <class Condition>
bool wait_until(Condition is_met, int seconds = 40) {
  for (int i = 0; i < seconds * 10; ++i) {
    if (is_met()) return true;
    sleep_millis(100);
  }
  return is_met();
}

class Nodes {
 public:
  static constexpr int kHeartbeatMillis = 300;

  /// Returns when all have found one another. With proxies each is reached through one, whose
  /// links can be cut.
  explicit Nodes(std::size_t count, int heartbeat_millis = kHeartbeatMillis,
                 bool has_proxies = false, std::vector<std::string> more_arguments = {});

  std::size_t size() const { return processes.size(); }
  void signal(std::size_t node, int number) const { processes[node]->signal(number); }
  void kill(std::size_t node);
  /// In the place of one that was killed, at another port; joins the others.
  void start_anew(std::size_t node);
  /// Rows between it and the others stop, and their frames are not lost but late.
  void cut_off(std::size_t node);
  void heal();
  /// Has them run a script that nobody follows.
  void submit(const std::string& script, const std::string& trigger, int parallelism,
              const std::string& checkpoint) const;

  /// Where clients reach it, also when others cannot.
  std::vector<std::string> addresses;
  std::vector<std::unique_ptr<ChildProcess>> processes;
  std::unique_ptr<LinkProxy> proxy;

  /// Members that the node sees; nullopt: it does not answer.
  std::size_t members_seen_by(std::size_t node) const;
  /// Does `node` count `other` as a member?
  bool sees(std::size_t node, std::size_t other) const;
  /// The node that coordinates a submission, as `node` sees it.
  std::optional<std::size_t> coordinator_of(std::uint64_t submission, std::size_t node) const;

 private:
  void start(std::size_t node);
  const std::string& public_address(std::size_t node) const;

  int heartbeat_millis_;
  std::vector<std::string> more_arguments_;
  std::vector<std::string> proxied_;  ///< what others are told
};

}  // namespace stream::testing
