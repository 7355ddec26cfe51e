#include <libstream/base/hash.hpp>
#include <libstream/operators/sample.hpp>

#include <cmath>

namespace stream {
namespace {

class Sample final : public Operator {
 public:
  explicit Sample(SampleSpec spec) : spec_(spec) {}

  Result<void> open(const OperatorContext& context) override {
    pool_ = &context.pool;
    task_ = context.task;
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    // A row's number within task and epoch decides, so that a re-run of the epoch gives the same.
    next_ = hash_combine(hash_combine(spec_.seed, static_cast<std::uint64_t>(start.epoch)), task_);
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    rows_.clear();
    constexpr double kRange = 18446744073709551616.0;  // 2^64
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      if (static_cast<double>(hash_integer(next_++)) < spec_.fraction * kRange)
        rows_.push_back(static_cast<std::uint32_t>(row));
    }
    if (rows_.empty()) return {};
    return output.push(take_rows(batch, rows_, *pool_));
  }

 private:
  SampleSpec spec_;
  BlockPool* pool_ = nullptr;
  std::uint32_t task_ = 0;
  std::uint64_t next_ = 0;
  std::vector<std::uint32_t> rows_;
};

}  // namespace

OperatorFactory make_sample(SampleSpec spec) {
  return [spec] { return std::make_unique<Sample>(spec); };
}

}  // namespace stream
