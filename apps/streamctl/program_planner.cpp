#include <apps/streamctl/program_planner.hpp>
#include <apps/streamctl/script.hpp>
#include <libstream/api/sql_session.hpp>
#include <libstream/sql/sql_parser.hpp>

namespace stream::apps {
namespace {

/// In the place of a query that runs elsewhere.
class PlannedOnly final : public RunningQuery {
 public:
  const std::string& id() const override { return none_; }
  const std::string& run_id() const override { return none_; }
  void stop(bool) override {}
  Result<bool> await_termination(std::optional<Duration>) override { return true; }
  bool is_active() const override { return false; }
  std::optional<QueryProgress> last_progress() const override { return std::nullopt; }
  Result<void> run_epochs(std::size_t) override { return {}; }
  Result<void> process_all_available() override { return {}; }
  Result<void> rescale(std::uint32_t) override { return {}; }

 private:
  std::string none_;
};

class PlanningRunner final : public Runner {
 public:
  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    planned.push_back({std::move(plan), std::move(options)});
    return std::unique_ptr<RunningQuery>(std::make_unique<PlannedOnly>());
  }
  std::vector<PlannedQuery> planned;
};

}  // namespace

std::vector<PlannedQuery> plan_program(const QueryProgram& program) {
  const auto runner = std::make_shared<PlanningRunner>();
  const auto state = std::make_shared<SessionState>(runner);
  state->set_parallelism(program.parallelism);
  SqlSessionOptions options;
  options.checkpoint_directory = program.checkpoint_directory;
  if (!program.trigger.empty()) options.trigger = value_or_throw(parse_trigger(program.trigger));
  SqlSession session(state, std::move(options));
  ParserOptions parser;
  parser.time_zone = state->settings().time_zone;
  try {
    for (const Statement& statement : value_or_throw(parse_script(program.text, parser))) {
      const std::size_t before = runner->planned.size();
      try {
        const StatementResult result = session.run(statement);
        if (runner->planned.size() != before && !std::holds_alternative<StartedQuery>(result))
          throw bad_plan(
              "a submitted program has no screen and runs on streams only: write INSERT INTO a "
              "sink that reads a stream, or use streamctl run");
      } catch (Error& error) {
        throw placed(std::move(error), program.text, statement);
      }
    }
  } catch (Error& error) {
    throw in_file(std::move(error), program.name);
  }
  return std::move(runner->planned);
}

}  // namespace stream::apps
