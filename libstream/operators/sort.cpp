#include <libstream/operators/row_sorter.hpp>
#include <libstream/operators/sort.hpp>
#include <libstream/operators/waiting_memory.hpp>

namespace stream {
namespace {

class SortOperator final : public Operator {
 public:
  SortOperator(const SortSpec& spec, Result<std::shared_ptr<EpochMemory>> memory)
      : spec_(spec), scope_(spec.evaluation), memory_(std::move(memory)) {}

  Result<void> open(const OperatorContext& context) override {
    scope_.open(context);
    STREAM_TRY(const std::shared_ptr<EpochMemory> memory, memory_);
    batch_rows_ = context.batch_rows;
    sorter_.emplace(spec_.keys, spec_.limit, memory, scope_, batch_rows_);
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    scope_.begin(start);
    sorter_->clear();
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override { return sorter_->add(batch); }
  Result<bool> end(const EpochStart&, Output& output) override {
    STREAM_TRY(Batch rows, sorter_->take(batch_rows_));
    if (rows.num_rows() == 0) return true;
    STREAM_TRY(output.push(std::move(rows)));
    return false;
  }

 private:
  SortSpec spec_;
  EvaluationScope scope_;
  Result<std::shared_ptr<EpochMemory>> memory_;
  std::size_t batch_rows_ = 4096;
  std::optional<RowSorter> sorter_;
};

}  // namespace

OperatorFactory make_sort(SortSpec spec) {
  auto memory = waiting_memory(spec.evaluation);
  return [spec = std::move(spec), memory = std::move(memory)] {
    return std::make_unique<SortOperator>(spec, memory);
  };
}

}  // namespace stream
