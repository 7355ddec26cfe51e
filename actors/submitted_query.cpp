#include <actors/submitted_query.hpp>
#include <libstream/base/log.hpp>
#include <libstream/control/progress_json.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <future>

namespace stream {
namespace {

/// Shared by the handle and the thread of the conversation.
class Conversation {
 public:
  explicit Conversation(SubmittedSetup setup) : setup_(std::move(setup)) {}

  /// Until the query has ended, or this process has no part in it any more.
  void hold() {
    SubmissionEvents events;
    events.accepted = [this](std::uint64_t number) { accept(number); };
    events.started = [this](const std::string&) { on_started(); };
    events.progress = [this](const std::string& json) { on_progress(json); };
    events.waiting = [this](const Error& error) { say("starts again: " + error.message()); };
    events.dropped = [this](std::uint64_t lines) {
      say(fmt::format("{} lines were dropped: nobody fetched them in time", lines));
    };
    events.printed = [](const std::string& text, bool is_error) {
      std::FILE* to = is_error ? stderr : stdout;
      std::fwrite(text.data(), 1, text.size(), to);
      std::fflush(to);
    };
    events.is_stopped = [this] { return is_stopped_.load(); };
    const auto ended = submit_program(setup_.cluster, setup_.program, events);
    end(ended ? std::nullopt : std::optional(ended.error()));
  }

  Result<std::uint64_t> accepted() { return accepted_.get_future().get(); }
  void stop() { is_stopped_ = true; }
  QueryStatus& status() { return status_; }
  const SubmittedSetup& setup() const { return setup_; }

 private:
  void say(const std::string& line) const {
    if (setup_.say) setup_.say(line);
  }

  void accept(std::uint64_t number) {
    if (std::exchange(is_accepted_, true)) return;
    id_ = fmt::format("submission-{}", number);
    say(fmt::format("submission {}", number));
    accepted_.set_value(number);
  }

  template <class Call>
  void tell(Call call) {
    const QueryStatus::OwnThread working(status_);
    for (const auto& listener : setup_.listeners) {
      try {
        call(*listener);
      } catch (const std::exception& failure) {
        STREAM_LOG(warning, "query '{}' goes on: a listener threw: {}", setup_.query_name,
                   failure.what());
      }
    }
  }

  /// Also when another node has taken it over, which listeners need not know.
  void on_started() {
    if (std::exchange(is_started_, true)) return;
    say("running " + setup_.query_name);
    tell([&](QueryListener& one) { one.on_query_started(id_, id_, setup_.query_name); });
  }

  void on_progress(const std::string& json) {
    auto progress = parse_progress(json);
    if (!progress) {
      STREAM_LOG(warning, "a progress record was left out: {}", progress.error().message());
      return;
    }
    run_id_ = progress->run_id;
    tell([&](QueryListener& one) { one.on_query_progress(*progress); });
    status_.epoch_committed(*progress);
  }

  void end(const std::optional<Error>& error) {
    if (!std::exchange(is_accepted_, true))
      accepted_.set_value(error.value_or(transient("the cluster has not taken the query")));
    tell([&](QueryListener& one) { one.on_query_terminated(id_, run_id_, error); });
    status_.ended(error);
  }

  const SubmittedSetup setup_;
  std::promise<Result<std::uint64_t>> accepted_;
  std::atomic<bool> is_stopped_ = false;
  QueryStatus status_;
  // Of the conversation's thread only.
  bool is_accepted_ = false;
  bool is_started_ = false;
  std::string id_;
  std::string run_id_;
};

class SubmittedQuery final : public RunningQuery {
 public:
  SubmittedQuery(std::shared_ptr<void> keep_alive, std::shared_ptr<Conversation> conversation,
                 std::uint64_t number)
      : keep_alive_(std::move(keep_alive)),
        conversation_(std::move(conversation)),
        number_(number),
        id_(fmt::format("submission-{}", number)) {}
  ~SubmittedQuery() override { stop(false); }

  const std::string& id() const override { return id_; }
  const std::string& run_id() const override { return id_; }
  void stop(bool) override {
    conversation_->stop();
    if (!status().is_own_thread()) status().wait_for_end();
  }
  Result<bool> await_termination(std::optional<Duration> timeout) override {
    if (status().is_own_thread())
      return fatal("await_termination was called by a listener of the query itself");
    return status().wait_for_end(timeout);
  }
  bool is_active() const override { return !status().has_ended(); }
  std::optional<QueryProgress> last_progress() const override { return status().last_progress(); }
  Result<void> rescale(std::uint32_t parallelism) override {
    return rescale_submission(conversation_->setup().cluster, number_, parallelism);
  }
  Result<void> run_epochs(std::size_t) override { return refuse("run_epochs"); }
  Result<void> process_all_available() override { return refuse("process_all_available"); }

 private:
  QueryStatus& status() const { return conversation_->status(); }
  static Result<void> refuse(const char* what) {
    return bad_plan(fmt::format(
        "{}: a query on nodes keeps to its trigger; run it in this process, or use available-now",
        what));
  }

  std::shared_ptr<void> keep_alive_;  // let go of last
  std::shared_ptr<Conversation> conversation_;
  const std::uint64_t number_;
  const std::string id_;
};

}  // namespace

Result<std::unique_ptr<RunningQuery>> submit_query(std::shared_ptr<void> keep_alive,
                                                   SubmittedSetup setup) {
  caf::actor_system& system = *setup.cluster.system;
  auto conversation = std::make_shared<Conversation>(std::move(setup));
  caf_compat::run_detached(system, [conversation] { conversation->hold(); });
  STREAM_TRY(const std::uint64_t number, conversation->accepted());
  return std::unique_ptr<RunningQuery>(
      std::make_unique<SubmittedQuery>(std::move(keep_alive), std::move(conversation), number));
}

}  // namespace stream
