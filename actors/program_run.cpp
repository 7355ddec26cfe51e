#include <actors/caught_error.hpp>
#include <actors/program_run.hpp>
#include <libstream/connectors/standard/shown_sink.hpp>

namespace stream {

/// Hears of one query.
class ProgramRun::Listener final : public QueryListener {
 public:
  explicit Listener(std::weak_ptr<ProgramRun> run) : run_(std::move(run)) {}
  void on_query_progress(const QueryProgress& progress) override {
    if (const auto run = run_.lock()) run->tell_.progress(to_json(progress));
  }
  void on_query_terminated(const std::string&, const std::string&,
                           const std::optional<Error>& error) override {
    if (const auto run = run_.lock()) run->on_ended(error);
  }

 private:
  std::weak_ptr<ProgramRun> run_;
};

ProgramRun::ProgramRun(caf::actor_system& system, std::shared_ptr<NodePeers> peers,
                       Submission submission, Told tell)
    : system_(system),
      peers_(std::move(peers)),
      submission_(std::move(submission)),
      tell_(std::move(tell)) {}

ProgramRun::~ProgramRun() { stop(); }

void ProgramRun::start(const ProgramPlanner& planner) {
  Result<void> started;
  try {
    started = start_queries(planner);
  } catch (...) {
    started = caught_error("planning");
  }
  if (!started) {
    stop();
    tell_.ended(started.error());
    return;
  }
  bool is_over = false;
  {
    std::lock_guard lock(mutex_);
    is_all_started_ = true;
    changed_.notify_all();
    is_over = num_ended_ == num_started_ && !std::exchange(is_told_, true);
  }
  if (is_over) tell_.ended(error_);
}

Result<void> ProgramRun::start_queries(const ProgramPlanner& planner) {
  STREAM_TRY(std::vector<PlannedQuery> planned, planner(submission_.program));
  if (planned.empty())
    return bad_plan("the program starts no query: it has no INSERT INTO that reads a stream");
  std::string names;
  for (std::uint32_t i = 0; i < planned.size(); ++i) {
    for (const auto& sink : planned[i].plan.sinks) {
      if (const auto* shown = dynamic_cast<const ShownSink*>(sink.get()))
        shown->show_on(tell_.printed);
    }
    OpenTasks request;
    request.submission = submission_.number;
    request.program = submission_.program;
    request.query = i;
    request.checkpoint_directory = planned[i].options.checkpoint_directory;
    auto nodes = std::make_shared<QueryNodes>(system_, peers_, std::move(request));
    names += (names.empty() ? "" : ", ") + planned[i].options.name;
    planned[i].options.listeners.push_back(std::make_shared<Listener>(weak_from_this()));
    {
      std::lock_guard lock(mutex_);
      if (is_stopped_) return transient("the program is stopped");
      nodes_.push_back(nodes);
      ++num_started_;
    }
    auto started = start_query(system_, std::move(planned[i].plan), std::move(planned[i].options),
                               nullptr, nodes);
    std::lock_guard lock(mutex_);
    if (!started) {
      is_told_ = true;
      return std::move(started).error();
    }
    queries_.push_back(std::move(started->query));
  }
  tell_.started(names);
  return {};
}

void ProgramRun::on_ended(const std::optional<Error>& error) {
  std::optional<Error> told;
  {
    std::lock_guard lock(mutex_);
    ++num_ended_;
    if (error && !error_) error_ = error;
    const bool is_over = is_all_started_ && (num_ended_ == num_started_ || error);
    if (!is_over || is_stopped_ || std::exchange(is_told_, true)) return;
    told = error_;
  }
  tell_.ended(told);
}

void ProgramRun::stop() {
  std::vector<std::shared_ptr<RunningQuery>> queries;
  {
    std::lock_guard lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
    queries.swap(queries_);
  }
  for (const auto& query : queries) query->stop(false);
}

Result<void> ProgramRun::rescale(std::uint32_t parallelism) {
  std::vector<std::shared_ptr<RunningQuery>> queries;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_all_started_ || is_stopped_; });
    queries = queries_;
  }
  for (const auto& query : queries) {
    if (query->is_active()) STREAM_TRY(query->rescale(parallelism));
  }
  return {};
}

std::vector<QueryNodes::Running> ProgramRun::running() const {
  std::lock_guard lock(mutex_);
  std::vector<QueryNodes::Running> all;
  for (const auto& nodes : nodes_) {
    if (auto running = nodes->running()) all.push_back(std::move(*running));
  }
  return all;
}

}  // namespace stream
