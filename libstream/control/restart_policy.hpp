// What becomes of a query that ended with an error or lost its coordinator: start again, and when,
// or give up. Pure. One a submission, held by the leader's ClusterBoard.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/error.hpp>

#include <cstdint>
#include <optional>

namespace stream {

struct RestartOptions {
  int max_restarts = 5;        ///< in a row; a run of `forgive_after` begins a new row
  Duration first_delay{1000};  ///< each further one twice as long
  Duration longest_delay{60'000};
  Duration forgive_after{600'000};
};

class RestartPolicy {
 public:
  explicit RestartPolicy(RestartOptions options = {}) : options_(options) {}

  void on_started(std::int64_t now) { started_at_ = now; }

  /// When to start again; nullopt: the error stands. Only what may go away by itself is tried
  /// again, and what another run has fenced: whoever asked for that one may be a leader no more.
  std::optional<std::int64_t> on_failed(ErrorClass error, std::int64_t now);

  /// The node of the coordinator is gone, which says nothing against the query: at once.
  std::int64_t on_coordinator_lost(std::int64_t now) const { return now; }

  int restarts_in_a_row() const { return restarts_; }

 private:
  RestartOptions options_;
  std::int64_t started_at_ = 0;
  int restarts_ = 0;
};

}  // namespace stream
