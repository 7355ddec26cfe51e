// What start() gives where a query runs elsewhere, or not at all: it has ended already. Used where
// only a plan is wanted, or only another query of the program. Any thread.
#pragma once

#include <libstream/plans/runner.hpp>

#include <string>
#include <utility>

namespace stream {

class QueryElsewhere final : public RunningQuery {
 public:
  explicit QueryElsewhere(std::string id = {}) : id_(std::move(id)) {}
  const std::string& id() const override { return id_; }
  const std::string& run_id() const override { return id_; }
  void stop(bool) override {}
  Result<bool> await_termination(std::optional<Duration>) override { return true; }
  bool is_active() const override { return false; }
  std::optional<QueryProgress> last_progress() const override { return std::nullopt; }
  Result<void> run_epochs(std::size_t) override { return {}; }
  Result<void> process_all_available() override { return {}; }
  Result<void> rescale(std::uint32_t) override { return {}; }

 private:
  std::string id_;
};

}  // namespace stream
