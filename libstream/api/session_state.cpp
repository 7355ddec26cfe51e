#include <libstream/api/memory_table.hpp>
#include <libstream/api/session_state.hpp>
#include <libstream/api/sql_sink.hpp>
#include <libstream/api/streaming_query.hpp>
#include <libstream/base/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {

SessionState::SessionState(std::shared_ptr<Runner> runner)
    : runner_(std::move(runner)),
      streams_(std::make_unique<StreamingQueryManager>()),
      functions_(&builtin_functions()) {}
SessionState::~SessionState() = default;

RelationRef SessionState::find_relation(const std::vector<std::string>& name) const {
  const std::lock_guard lock(mutex_);
  const std::string key = ascii_lower(name.back());
  if (const auto found = relations_.find(key); found != relations_.end()) return found->second;
  const auto table = tables_.find(key);
  if (table == tables_.end()) return nullptr;
  return make_relation(LocalRelation{table->second->schema(), table->second->rows()});
}

const FunctionRegistry& SessionState::functions() const { return functions_; }

std::vector<std::string> SessionState::relation_names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, relation] : relations_) names.push_back(name);
  for (const auto& [name, table] : tables_) names.push_back(name);
  return names;
}

Result<void> SessionState::add_relation(const std::string& name, RelationRef relation,
                                        bool replaces) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = relations_.try_emplace(ascii_lower(name), relation);
  if (!is_new && !replaces)
    return bad_plan(
        fmt::format("[TEMP_TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create the temporary "
                    "view `{}` because it already exists. Choose a different name, or "
                    "say CREATE OR REPLACE.",
                    name));
  place->second = std::move(relation);
  return {};
}

Result<void> SessionState::add_table(const std::string& name,
                                     std::shared_ptr<const MemoryTable> table) {
  const std::lock_guard lock(mutex_);
  if (relations_.contains(ascii_lower(name)))
    return bad_plan(
        fmt::format("[TABLE_OR_VIEW_ALREADY_EXISTS] The name `{}` is taken by a view or "
                    "stream; give the query another name.",
                    name));
  tables_[ascii_lower(name)] = std::move(table);
  return {};
}

bool SessionState::remove_relation(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return relations_.erase(ascii_lower(name)) + tables_.erase(ascii_lower(name)) > 0;
}

Result<void> SessionState::add_sink(std::shared_ptr<const SqlSink> sink) {
  const std::lock_guard lock(mutex_);
  const std::string name = sink->name;
  if (!sinks_.try_emplace(ascii_lower(name), std::move(sink)).second)
    return bad_plan(
        fmt::format("[TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create sink `{}` because it already "
                    "exists. Choose a different name, or drop it first.",
                    name));
  return {};
}

std::shared_ptr<const SqlSink> SessionState::find_sink(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = sinks_.find(ascii_lower(name));
  return found == sinks_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const SqlSink>> SessionState::sinks() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const SqlSink>> sinks;
  for (const auto& [name, sink] : sinks_) sinks.push_back(sink);
  return sinks;
}

bool SessionState::remove_sink(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return sinks_.erase(ascii_lower(name)) > 0;
}

void SessionState::add_function(ScalarFunction function) {
  functions_.replace(std::move(function));
}

}  // namespace stream
