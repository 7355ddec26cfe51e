// The run of one query transcript: sections are taken one after the other, what they expect is
// compared and, for an update, written down. Used by query_case.cpp and
// query_case_expectations.cpp.
#pragma once

#include <libstream/api/query_start.hpp>
#include <libstream/base/memory_file_system.hpp>
#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/connectors/memory/queue_source.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <libstream/testing/query_case.hpp>

#include <nlohmann/json.hpp>

#include <mutex>
#include <set>

namespace stream::testing {

/// Keeps the progress of every epoch.
class ProgressKeeper final : public QueryListener {
 public:
  void on_query_progress(const QueryProgress& progress) override {
    const std::lock_guard lock(mutex_);
    progress_[progress.batch_id] = progress;
  }
  std::optional<QueryProgress> of(EpochId epoch) const {
    const std::lock_guard lock(mutex_);
    const auto found = progress_.find(epoch);
    return found == progress_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<EpochId, QueryProgress> progress_;  // guarded by mutex_
};

struct StreamInput {
  std::shared_ptr<const Schema> schema;
  std::shared_ptr<QueueSource> source;
};

class QueryCaseRun {
  using Json = nlohmann::json;

 public:
  QueryCaseRun(const Transcript& transcript, const CaseCell& cell)
      : transcript_(transcript), cell_(cell), session_(cell.runner) {}

  Result<CaseResult> run();

 private:
  Result<void> take(const Section& section);
  Result<void> add_source(const Section& section);
  Result<void> add_table(const Section& section);
  Result<void> add_view(const Section& section);
  Result<void> add_conf(const Section& section);
  Result<void> add_input(const Section& section);
  Result<void> restart(bool is_uncommitted);
  Result<void> expect_output(const Section& section);
  Result<void> expect_progress(const Section& section);
  Result<void> expect_schema(const Section& section);
  Result<void> expect_error(const Section& section);
  /// Starts the query, or runs a bounded one, when it has not been yet.
  void start();
  void run_bounded();
  void start_stream();
  Result<void> process();
  bool reads_twice() const;
  void collect_outputs();
  void fail(std::string text) { diff_ += std::move(text); }
  void update(const Section& section, std::string body) {
    updates_.push_back({section.line, std::move(body), false, {}});
  }
  void remove(const Section& section) { updates_.push_back({section.line, {}, true, {}}); }
  /// Outputs that no section names fail the case; an update puts them behind what led to them.
  void report_unexpected();

  const Transcript& transcript_;
  const CaseCell& cell_;
  SessionState session_;
  ManualClock clock_;
  MemoryFileSystem files_{clock_};
  std::map<std::string, StreamInput> inputs_;
  std::string query_text_;
  std::string mode_;
  bool is_started_ = false;
  bool is_checked_for_rest_ = false;
  /// Where a source is read twice, or a LIMIT stops reading, the figure is for information only.
  bool counts_input_ = true;
  std::unique_ptr<RunningQuery> query_;
  std::shared_ptr<CollectSink> sink_;
  std::shared_ptr<ProgressKeeper> progress_ = std::make_shared<ProgressKeeper>();
  std::map<EpochId, std::vector<Json>> outputs_;
  std::set<EpochId> expected_;
  std::optional<CollectedRows> collected_;
  std::optional<Error> error_;
  std::string diff_;
  std::string name_diff_;
  std::vector<SectionUpdate> updates_;
  std::size_t last_line_ = 0;  ///< of the section taken last
};

/// The rows of a section, a JSON value a line.
Result<std::vector<nlohmann::json>> parse_json_lines(const std::string& body);

}  // namespace stream::testing
