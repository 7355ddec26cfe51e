// StreamingQuery, a started query, and the manager of a session's queries (R-144 … R-153). Handles
// are shared; any thread.
#pragma once

#include <libstream/api/session_state.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>

namespace stream {

class StreamingQuery {
 public:
  explicit StreamingQuery(std::string name) : name_(std::move(name)) {}
  ~StreamingQuery();

  const std::string& name() const { return name_; }               ///< empty: none
  const std::string& id() const { return query_->id(); }          ///< survives restarts (R-146)
  const std::string& run_id() const { return query_->run_id(); }  ///< never does
  bool is_active() const { return query_->is_active(); }
  /// The query's error, once it has ended with one.
  std::optional<Error> exception() const;
  /// Rethrows the query's error, else 0: what main returns.
  int await_termination();
  /// False when `timeout` passed while it runs.
  bool await_termination(Duration timeout);
  /// All that the sources have now is committed when it returns.
  void process_all_available();
  /// Another parallelism from the next epoch on: what has state moves to other tasks. Needs a
  /// checkpoint where there is state; returns when the new tasks run.
  void rescale(std::uint32_t parallelism);
  /// Harmless on a query that has ended.
  void stop() { query_->stop(false); }
  /// What has been received is processed first.
  void stop_gracefully() { query_->stop(true); }
  std::optional<QueryProgress> last_progress() const;
  /// The newest records, oldest first; fewer than 100.
  std::vector<QueryProgress> recent_progress() const;
  const std::string& explain_string() const { return plan_text_; }

 private:
  friend class StreamingQueryManager;
  class Recorder;

  std::string name_;
  std::string checkpoint_;
  std::string plan_text_;
  std::shared_ptr<Recorder> recorder_;
  std::unique_ptr<RunningQuery> query_;
};

class StreamingQueryManager {
 public:
  /// The running ones.
  std::vector<std::shared_ptr<StreamingQuery>> active() const;
  std::shared_ptr<StreamingQuery> get(const std::string& id) const;  ///< nullptr: not running
  /// Waits for any to end (also one that has ended since reset_terminated); rethrows its error.
  void await_any_termination();
  bool await_any_termination(Duration timeout);
  void reset_terminated();
  /// Of all queries started from now on.
  void add_listener(std::shared_ptr<QueryListener> listener);

  /// Used by writers. Throws when the name is taken by a running query.
  std::shared_ptr<StreamingQuery> start(SessionState& session, const RelationRef& relation,
                                        struct StreamingOptions options);
  /// The same for whatever `start` makes of the options, which have listeners added.
  using Start = std::function<Result<std::unique_ptr<RunningQuery>>(QueryOptions options)>;
  std::shared_ptr<StreamingQuery> start(QueryOptions options, std::string plan_text,
                                        const Start& start);

 private:
  class Watcher;
  struct Terminations {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::optional<Error>> ended;  // guarded by mutex
  };

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<StreamingQuery>> queries_;   // guarded by mutex_
  std::vector<std::shared_ptr<QueryListener>> listeners_;  // guarded by mutex_
  std::shared_ptr<Terminations> terminations_ = std::make_shared<Terminations>();
};

}  // namespace stream
