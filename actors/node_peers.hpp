// What the actors and threads of a node share: how to reach other nodes, who listens for frames of
// a generation, and answers that coordinators wait for. Thread-safe. Only the node agent changes
// the nodes.
#pragma once

#include <actors/caf_compat.hpp>
#include <libstream/control/placement.hpp>
#include <libstream/execution/peer_messages.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace stream {

using TaskActors = std::shared_ptr<const std::vector<caf::actor>>;

class NodePeers {
 public:
  explicit NodePeers(std::string self) : self_(std::move(self)) {}

  const std::string& self() const { return self_; }

  // The node agent's side.
  void set_members(const std::vector<Member>& members);
  void connect(const std::string& node, caf::actor agent);
  /// Nobody waits for it any more.
  void lose(const std::string& node);
  bool is_connected(const std::string& node) const;
  /// What a coordinator asks the nodes of a generation.
  enum class Question { open_tasks, close_tasks };
  void answer(Question question, const GenerationKey& generation, const std::string& node,
              const std::optional<Error>& error);

  /// False: there is no connection.
  bool send(const std::string& node, std::string frame) const;
  /// This node first, then the others by rank; without those that drain, and those out of reach.
  std::vector<PlacementNode> usable_nodes() const;

  /// Sends the frame to each of `nodes` and returns when all have answered; when tasks cannot be
  /// opened on one, at once: the others may wait for it in vain. Error: an answer's, a node is
  /// lost, or 30 s have passed.
  Result<void> ask_all(Question question, const GenerationKey& generation,
                       const std::set<std::string>& nodes, const std::string& frame);

  // Tasks of this process that frames are for.
  void listen(const GenerationKey& generation, TaskActors tasks, caf::actor coordinator);
  void stop_listening(const GenerationKey& generation);
  struct Listener {
    TaskActors tasks;
    caf::actor coordinator;  ///< or the task host that stands for it
  };
  std::optional<Listener> listener(const GenerationKey& generation) const;

 private:
  struct Asked {
    std::set<std::string> nodes;
    std::optional<Error> error;
  };

  const std::string self_;
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Member> members_;
  std::map<std::string, caf::actor> agents_;
  std::map<std::pair<GenerationKey, Question>, Asked> asked_;
  std::map<GenerationKey, Listener> listeners_;
};

}  // namespace stream
