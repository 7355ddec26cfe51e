#include <libstream/operators/single_row.hpp>

namespace stream {
namespace {

class SingleRow final : public Operator {
 public:
  Result<void> open(const OperatorContext&) override { return {}; }
  Result<void> begin(const EpochStart&) override {
    num_rows_ = 0;
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    num_rows_ += batch.num_rows();
    if (num_rows_ > 1)
      return bad_data(
          "[SCALAR_SUBQUERY_TOO_MANY_ROWS] More than one row returned by a subquery used as an "
          "expression.");
    return output.push(std::move(batch));
  }

 private:
  std::size_t num_rows_ = 0;
};

}  // namespace

OperatorFactory make_single_row() {
  return [] { return std::make_unique<SingleRow>(); };
}

}  // namespace stream
