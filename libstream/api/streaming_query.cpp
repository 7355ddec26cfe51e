#include <libstream/api/query_start.hpp>
#include <libstream/api/streaming_query.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

constexpr std::size_t kKeptProgress = 99;

}  // namespace

/// Keeps what listeners hear, also after the query has ended.
class StreamingQuery::Recorder final : public QueryListener {
 public:
  void on_query_progress(const QueryProgress& progress) override {
    const std::lock_guard lock(mutex_);
    progress_.push_back(progress);
    if (progress_.size() > kKeptProgress) progress_.pop_front();
  }
  void on_query_terminated(const std::string&, const std::string&,
                           const std::optional<Error>& error) override {
    const std::lock_guard lock(mutex_);
    error_ = error;
  }
  std::vector<QueryProgress> progress() const {
    const std::lock_guard lock(mutex_);
    return {progress_.begin(), progress_.end()};
  }
  std::optional<Error> error() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<QueryProgress> progress_;  // guarded by mutex_
  std::optional<Error> error_;          // guarded by mutex_
};

StreamingQuery::~StreamingQuery() = default;

std::optional<Error> StreamingQuery::exception() const {
  if (query_->is_active()) return std::nullopt;
  const Result<bool> ended = query_->await_termination(Duration{0});
  if (!ended) return ended.error();
  return std::nullopt;
}

int StreamingQuery::await_termination() {
  value_or_throw(query_->await_termination(std::nullopt));
  return 0;
}
bool StreamingQuery::await_termination(Duration timeout) {
  return value_or_throw(query_->await_termination(timeout));
}
void StreamingQuery::process_all_available() { value_or_throw(query_->process_all_available()); }
void StreamingQuery::rescale(std::uint32_t parallelism) {
  value_or_throw(query_->rescale(parallelism));
}
std::optional<QueryProgress> StreamingQuery::last_progress() const {
  return query_->last_progress();
}
std::vector<QueryProgress> StreamingQuery::recent_progress() const { return recorder_->progress(); }

/// Counts the ends of queries for await_any_termination.
class StreamingQueryManager::Watcher final : public QueryListener {
 public:
  explicit Watcher(std::shared_ptr<Terminations> terminations)
      : terminations_(std::move(terminations)) {}
  void on_query_terminated(const std::string&, const std::string&,
                           const std::optional<Error>& error) override {
    const std::lock_guard lock(terminations_->mutex);
    terminations_->ended.push_back(error);
    terminations_->changed.notify_all();
  }

 private:
  std::shared_ptr<Terminations> terminations_;
};

std::vector<std::shared_ptr<StreamingQuery>> StreamingQueryManager::active() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<StreamingQuery>> running;
  std::copy_if(queries_.begin(), queries_.end(), std::back_inserter(running),
               [](const auto& query) { return query->is_active(); });
  return running;
}

std::shared_ptr<StreamingQuery> StreamingQueryManager::get(const std::string& id) const {
  for (const auto& query : active()) {
    if (query->id() == id) return query;
  }
  return nullptr;
}

void StreamingQueryManager::await_any_termination() {
  std::unique_lock lock(terminations_->mutex);
  terminations_->changed.wait(lock, [&] { return !terminations_->ended.empty(); });
  if (const std::optional<Error>& error = terminations_->ended.front()) throw Error(*error);
}

bool StreamingQueryManager::await_any_termination(Duration timeout) {
  std::unique_lock lock(terminations_->mutex);
  if (!terminations_->changed.wait_for(lock, timeout,
                                       [&] { return !terminations_->ended.empty(); }))
    return false;
  if (const std::optional<Error>& error = terminations_->ended.front()) throw Error(*error);
  return true;
}

void StreamingQueryManager::reset_terminated() {
  const std::lock_guard lock(terminations_->mutex);
  terminations_->ended.clear();
}

void StreamingQueryManager::add_listener(std::shared_ptr<QueryListener> listener) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back(std::move(listener));
}

std::shared_ptr<StreamingQuery> StreamingQueryManager::start(SessionState& session,
                                                             const RelationRef& relation,
                                                             StreamingOptions options) {
  std::string plan_text = value_or_throw(explain_relation(session, relation, options.mode));
  return start(options.query, std::move(plan_text), [&](QueryOptions query) {
    options.query = std::move(query);
    return start_streaming(session, relation, std::move(options));
  });
}

std::shared_ptr<StreamingQuery> StreamingQueryManager::start(QueryOptions options,
                                                             std::string plan_text,
                                                             const Start& start) {
  const std::string name = options.name;
  for (const auto& query : active()) {
    if (!name.empty() && query->name() == name)
      throw bad_plan(
          fmt::format("Cannot start query with name {} as a query with that name is "
                      "already active in this session; stop it first.",
                      name));
  }
  // Two queries must not write one checkpoint; the new one goes on.
  const std::string checkpoint = options.checkpoint_directory;
  for (const auto& query : active()) {
    if (!checkpoint.empty() && query->checkpoint_ == checkpoint) query->stop();
  }
  auto query = std::make_shared<StreamingQuery>(name);
  query->checkpoint_ = checkpoint;
  query->recorder_ = std::make_shared<StreamingQuery::Recorder>();
  query->plan_text_ = std::move(plan_text);
  options.listeners.push_back(query->recorder_);
  options.listeners.push_back(std::make_shared<Watcher>(terminations_));
  {
    const std::lock_guard lock(mutex_);
    for (const auto& listener : listeners_) options.listeners.push_back(listener);
  }
  query->query_ = value_or_throw(start(std::move(options)));
  const std::lock_guard lock(mutex_);
  std::erase_if(queries_, [](const auto& known) { return !known->is_active(); });
  queries_.push_back(query);
  return query;
}

}  // namespace stream
