#include <libstream/connectors/memory/no_commit.hpp>
#include <tests/perf/fold_sink.hpp>

#include <mutex>

namespace stream::perf {
namespace {

struct Fold {
  std::mutex mutex;  // one call at a time
  std::function<void(const Batch&)> take;
};

class FoldWriter final : public SinkWriter {
 public:
  explicit FoldWriter(std::shared_ptr<Fold> fold) : fold_(std::move(fold)) {}
  Result<void> open(const SinkContext&) override { return {}; }
  Result<void> begin(std::int64_t, EpochMillis) override { return {}; }
  Result<void> write(const Batch& batch) override {
    const std::lock_guard lock(fold_->mutex);
    fold_->take(batch);
    return {};
  }
  Result<std::string> finish(std::int64_t) override { return std::string(); }

 private:
  std::shared_ptr<Fold> fold_;
};

class FoldSink final : public Sink {
 public:
  explicit FoldSink(std::shared_ptr<Fold> fold) : fold_(std::move(fold)) {}
  std::string description() const override { return "FoldSink"; }
  SinkKind kind() const override { return SinkKind::direct; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<FoldWriter>(fold_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<Fold> fold_;
};

}  // namespace

std::shared_ptr<const Sink> fold_sink(std::function<void(const Batch&)> take) {
  auto fold = std::make_shared<Fold>();
  fold->take = std::move(take);
  return std::make_shared<const FoldSink>(std::move(fold));
}

}  // namespace stream::perf
