#include <libstream/operators/evaluation_scope.hpp>
#include <libstream/operators/project.hpp>

namespace stream {
namespace {

class ProjectOperator final : public Operator {
 public:
  explicit ProjectOperator(const ProjectSpec& spec) : spec_(spec), scope_(spec.evaluation) {}

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    const std::size_t num_rows = batch.num_rows();
    STREAM_TRY(std::vector<Column> columns,
               evaluate_columns(spec_.expressions, batch, scope_.context()));
    scope_.pass(num_rows);
    return output.push(Batch(spec_.schema, std::move(columns), num_rows));
  }

 private:
  ProjectSpec spec_;
  EvaluationScope scope_;
};

}  // namespace

OperatorFactory make_project(ProjectSpec spec) {
  return [spec = std::move(spec)] { return std::make_unique<ProjectOperator>(spec); };
}

}  // namespace stream
