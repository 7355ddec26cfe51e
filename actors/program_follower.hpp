// A client's half of a submission: what to ask the node next, and what its answers mean. Pure; used
// by submit_program and attach_program, from one thread. Asks for pages one at a time, so that a
// slow terminal holds back nobody, and asks again when an answer is lost.
#pragma once

#include <actors/node.hpp>
#include <libstream/execution/peer_messages.hpp>

#include <optional>
#include <vector>

namespace stream {

class ProgramFollower {
 public:
  /// Hands `program` in and follows it.
  ProgramFollower(QueryProgram program, const SubmissionEvents& events);
  /// Follows what was handed in before.
  ProgramFollower(std::uint64_t submission, const SubmissionEvents& events);

  /// The next thing to send, if any. `now` in milliseconds, as everywhere here.
  std::optional<ClientRequest> next_request(std::int64_t now);
  /// The end of the program, or of the conversation.
  std::optional<Result<void>> take(const ClientReply& reply, std::int64_t now);

  bool is_accepted() const { return submission_ != 0; }
  /// The follower has seen enough: the program goes on without it.
  bool has_left() const;
  /// No answer for so long that another node should be asked.
  bool is_unanswered(std::int64_t now) const;
  /// Another node is asked from now on.
  void ask_anew();
  /// Nodes that know of the program.
  const std::vector<NodeInfo>& nodes() const { return nodes_; }

 private:
  std::optional<Result<void>> take_page(const ClientReply& reply);
  void tell(const ProgramEvent& event) const;

  QueryProgram program_;
  const SubmissionEvents& events_;
  std::uint64_t submission_ = 0;
  ProgramCursor cursor_;
  std::vector<NodeInfo> nodes_;
  bool is_submitted_ = false;
  std::optional<std::int64_t> asked_at_;  ///< a page that has not come
  std::optional<std::int64_t> unanswered_since_;
  std::optional<std::int64_t> stop_asked_at_;
  std::optional<std::uint64_t> told_waiting_;  ///< attempt
};

}  // namespace stream
