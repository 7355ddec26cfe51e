// What every node of a cluster knows: its members and what was submitted. The leader changes it and
// sends it to all as a whole; a higher (term, version) replaces a lower one. Values.
#pragma once

#include <libstream/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace stream {

struct NodeInfo {
  std::string id;  ///< new at each start of a process
  std::string host;
  std::uint16_t port = 0;
  std::uint32_t slots = 1;
  bool operator==(const NodeInfo&) const = default;
};

struct Member {
  NodeInfo node;
  std::uint64_t rank = 0;  ///< in order of joining: the lowest leads
  bool is_draining = false;
  bool operator==(const Member&) const = default;
};

/// A query of a compiled program: each node starts the program's file as a worker, with the same
/// arguments, which gets the plan by running `main` up to start().
struct ProgramBinary {
  std::string name;                    ///< of the file; each node looks in folders of its own
  std::vector<std::string> arguments;  ///< without the name
  std::string directory;               ///< that it runs in
  std::string build;                   ///< of the file: a worker of another one is refused
  std::uint32_t query = 0;             ///< which of the queries that `main` starts
  std::uint64_t fingerprint = 0;       ///< of the plan where it was submitted; 0: not known there
  bool operator==(const ProgramBinary&) const = default;
};

/// SQL that every node plans alike: the text with its parameters filled in, and the settings.
struct QueryProgram {
  std::string text;
  std::string name;                  ///< for errors: the file it was
  std::uint32_t parallelism = 1;     ///< changed by rescaling
  std::string trigger;               ///< of sinks that name none; empty: as soon as possible
  std::string checkpoint_directory;  ///< shared by the nodes; empty: only what sinks name
  std::optional<ProgramBinary> binary;  ///< then there is no text
  bool operator==(const QueryProgram&) const = default;
};

enum class SubmissionState : std::uint8_t { placed, running, waiting, ended, failed };
std::string_view to_string(SubmissionState state);

/// A program that was handed in. All its queries have their coordinators on one node.
struct Submission {
  std::uint64_t number = 0;
  QueryProgram program;
  std::string home;         ///< node that the submitter speaks to
  std::string coordinator;  ///< node; empty while none is free
  std::uint64_t attempt = 0;
  SubmissionState state = SubmissionState::placed;
  std::string message;  ///< of `failed` and `waiting`; of `running`: why it was not rescaled
  std::int64_t restart_at = 0;  ///< of `waiting`, on the leader's clock
  /// That its tasks run with, as its coordinator said last; `program` has the one that is wanted.
  std::uint32_t parallelism = 0;

  bool is_over() const {
    return state == SubmissionState::ended || state == SubmissionState::failed;
  }
  bool operator==(const Submission&) const = default;
};

struct ClusterView {
  std::uint64_t term = 0;  ///< of the leader: one more at each change of it
  std::uint64_t version = 0;
  std::string leader;
  std::uint64_t next_rank = 0;
  std::uint64_t next_submission = 1;
  std::uint64_t full_size = 1;  ///< members before losses that are not final yet: half is of these
  std::vector<Member> members;  ///< by rank
  std::vector<Submission> submissions;

  bool is_newer_than(const ClusterView& other) const {
    return std::tie(term, version, leader) > std::tie(other.term, other.version, other.leader);
  }
  const Member* find(const std::string& node) const;
  const Submission* find_submission(std::uint64_t number) const;
  bool operator==(const ClusterView&) const = default;
};

}  // namespace stream
