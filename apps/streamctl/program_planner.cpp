#include <actors/query_elsewhere.hpp>
#include <apps/streamctl/program_planner.hpp>
#include <apps/streamctl/script.hpp>
#include <libstream/api/sql_session.hpp>
#include <libstream/sql/sql_parser.hpp>

namespace stream::apps {
namespace {

class PlanningRunner final : public Runner {
 public:
  Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) override {
    planned.push_back({std::move(plan), std::move(options)});
    return std::unique_ptr<RunningQuery>(std::make_unique<QueryElsewhere>());
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
