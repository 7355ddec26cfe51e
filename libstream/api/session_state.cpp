#include <libstream/api/session_state.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

std::string key_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return name;
}

}  // namespace

SessionState::SessionState(std::shared_ptr<Runner> runner)
    : runner_(std::move(runner)), functions_(&builtin_functions()) {}

RelationRef SessionState::find_relation(const std::vector<std::string>& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = relations_.find(key_of(name.back()));
  return found == relations_.end() ? nullptr : found->second;
}

const FunctionRegistry& SessionState::functions() const { return functions_; }

std::vector<std::string> SessionState::relation_names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, relation] : relations_) names.push_back(name);
  return names;
}

Result<void> SessionState::add_relation(const std::string& name, RelationRef relation,
                                        bool replaces) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = relations_.try_emplace(key_of(name), relation);
  if (!is_new && !replaces)
    return bad_plan(fmt::format("[TEMP_TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create the temporary "
                                "view `{}` because it already exists. Choose a different name, or "
                                "say CREATE OR REPLACE.",
                                name));
  place->second = std::move(relation);
  return {};
}

bool SessionState::remove_relation(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return relations_.erase(key_of(name)) > 0;
}

void SessionState::add_function(ScalarFunction function) { functions_.replace(std::move(function)); }

}  // namespace stream
