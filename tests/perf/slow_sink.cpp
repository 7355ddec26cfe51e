#include <libstream/connectors/memory/no_commit.hpp>
#include <tests/perf/measure.hpp>
#include <tests/perf/slow_sink.hpp>

namespace stream::perf {
namespace {

using Counter = std::shared_ptr<std::atomic<std::int64_t>>;

class SlowWriter final : public SinkWriter {
 public:
  SlowWriter(double rows_per_second, Counter num_rows)
      : rows_per_second_(rows_per_second), num_rows_(std::move(num_rows)) {}

  Result<void> open(const SinkContext&) override { return {}; }
  Result<void> begin(std::int64_t, EpochMillis) override { return {}; }
  Result<void> write(const Batch& batch) override {
    const auto rows = static_cast<double>(batch.num_rows());
    if (rows_per_second_ > 0)
      await(Duration(static_cast<std::int64_t>(rows * 1000 / rows_per_second_) + 1));
    *num_rows_ += static_cast<std::int64_t>(batch.num_rows());
    return {};
  }
  Result<std::string> finish(std::int64_t) override { return std::string(); }

 private:
  double rows_per_second_;
  Counter num_rows_;
};

class SlowSink final : public Sink {
 public:
  SlowSink(double rows_per_second, Counter num_rows)
      : rows_per_second_(rows_per_second), num_rows_(std::move(num_rows)) {}
  std::string description() const override { return "SlowSink"; }
  SinkKind kind() const override { return SinkKind::direct; }
  bool may_block() const override { return true; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<SlowWriter>(rows_per_second_, num_rows_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  double rows_per_second_;
  Counter num_rows_;
};

}  // namespace

std::shared_ptr<const Sink> slow_sink(double rows_per_second, Counter num_rows) {
  return std::make_shared<SlowSink>(rows_per_second, std::move(num_rows));
}

}  // namespace stream::perf
