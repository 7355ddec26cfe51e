// What a session knows: settings, names of tables, views and streams, functions, its runner. Shared
// by the session and all frames and queries made with it. Any thread.
#pragma once

#include <libstream/plans/catalog.hpp>
#include <libstream/plans/runner.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace stream {

class SessionState final : public Catalog {
 public:
  explicit SessionState(std::shared_ptr<Runner> runner);
  ~SessionState() override;

  RelationRef find_relation(const std::vector<std::string>& name) const override;
  const FunctionRegistry& functions() const override;
  const SqlSettings& settings() const override { return settings_; }
  std::vector<std::string> relation_names() const override;

  SqlSettings& settings() { return settings_; }
  /// Error [TEMP_TABLE_OR_VIEW_ALREADY_EXISTS]: the name is taken and `replaces` is false.
  Result<void> add_relation(const std::string& name, RelationRef relation, bool replaces);
  /// A table whose rows are those it holds when a query over it is analysed. Replaces.
  Result<void> add_table(const std::string& name, std::shared_ptr<const class MemoryTable> table);
  bool remove_relation(const std::string& name);
  /// Sinks that queries name: CREATE SINK, create_sink. Error [TABLE_OR_VIEW_ALREADY_EXISTS].
  Result<void> add_sink(std::shared_ptr<const struct SqlSink> sink);
  std::shared_ptr<const SqlSink> find_sink(const std::string& name) const;  ///< nullptr: none
  std::vector<std::shared_ptr<const SqlSink>> sinks() const;                ///< by name
  bool remove_sink(const std::string& name);
  /// Replaces a function of the session's own with that name.
  void add_function(ScalarFunction function);

  Runner& runner() const { return *runner_; }
  /// The session's started queries.
  class StreamingQueryManager& streams() const {
    return *streams_;
  }
  /// Tasks of each stage, of queries that do not say otherwise.
  std::uint32_t parallelism() const { return parallelism_; }
  void set_parallelism(std::uint32_t parallelism) { parallelism_ = parallelism; }

 private:
  std::shared_ptr<Runner> runner_;
  std::uint32_t parallelism_ = 1;
  std::unique_ptr<StreamingQueryManager> streams_;
  SqlSettings settings_;
  mutable std::mutex mutex_;
  std::map<std::string, RelationRef> relations_;  // guarded by mutex_; keys in lower case
  std::map<std::string, std::shared_ptr<const MemoryTable>> tables_;  // guarded by mutex_
  std::map<std::string, std::shared_ptr<const SqlSink>> sinks_;       // guarded by mutex_
  FunctionRegistry functions_;  // built-in ones are its parent
};

}  // namespace stream
