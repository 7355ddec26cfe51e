#include <libstream/api/value_traits.hpp>
#include <libstream/base/hash.hpp>
#include <tests/perf/dirty_keys_source.hpp>
#include <tests/perf/open_planner.hpp>

namespace stream::perf {
namespace {

using Update = std::pair<std::int64_t, std::int64_t>;

constexpr std::int64_t kNumTenths = 10;

class DirtyKeysReader final : public SourceReader {
 public:
  DirtyKeysReader(std::int64_t num_keys, Duration duration, std::shared_ptr<DirtyKeysTally> tally)
      : num_keys_(num_keys), duration_(duration), tally_(std::move(tally)) {
    tally_->updates.assign(static_cast<std::size_t>(num_keys), 0);
  }

  Result<void> start(const ReaderContext& context) override {
    context_.emplace(context);
    writer_.emplace(context.pool);
    return {};
  }
  Result<void> open(const Split&) override {
    is_ended_ = false;
    ++num_epochs_;
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (is_ended_) return ReadStatus::end_of_split;
    switch (phase_) {
      case Phase::first:
        write_lap(1, Phase::updates);
        break;
      case Phase::updates:
        write_updates();
        break;
      case Phase::last:
        write_lap(0, Phase::over);
        break;
      case Phase::over:
        return ReadStatus::no_rows_yet;
    }
    tally_->num_rows += static_cast<std::int64_t>(writer_->num_rows());
    batch = writer_->finish();
    return ReadStatus::batch;
  }
  Result<std::string> end_open_range() override {
    is_ended_ = true;
    return std::to_string(tally_->num_rows);
  }

 private:
  enum class Phase { first, updates, last, over };

  void append(std::int64_t key, std::int64_t value) {
    writer_->append(Update(key, value));
    tally_->updates[static_cast<std::size_t>(key)] += value;
  }
  void write_lap(std::int64_t value, Phase next) {
    while (next_key_ < num_keys_ && writer_->num_rows() < context_->batch_rows)
      append(next_key_++, value);
    if (next_key_ < num_keys_) return;
    next_key_ = 0;
    phase_ = next;
    begin_nanos_ = context_->clock.steady_nanos();
  }
  void write_updates() {
    const std::int64_t tenth = num_keys_ / kNumTenths;
    const std::int64_t base = (num_epochs_ % kNumTenths) * tenth;
    while (writer_->num_rows() < context_->batch_rows) {
      const std::uint64_t drawn = hash_integer(++seed_) >> 32;
      append(base + static_cast<std::int64_t>(drawn * static_cast<std::uint64_t>(tenth) >> 32), 1);
    }
    const std::int64_t nanos = context_->clock.steady_nanos() - begin_nanos_;
    if (nanos < duration_.count() * 1'000'000) return;
    tally_->seconds = static_cast<double>(nanos) * 1e-9;
    phase_ = Phase::last;
  }

  std::int64_t num_keys_;
  Duration duration_;
  std::shared_ptr<DirtyKeysTally> tally_;
  std::optional<ReaderContext> context_;
  std::optional<TypedRowWriter<Update>> writer_;
  Phase phase_ = Phase::first;
  std::int64_t next_key_ = 0;
  std::int64_t num_epochs_ = 0;
  std::int64_t begin_nanos_ = 0;
  std::uint64_t seed_ = 0;
  bool is_ended_ = false;
};

class DirtyKeysSource final : public Source {
 public:
  DirtyKeysSource(std::int64_t num_keys, Duration duration, std::shared_ptr<DirtyKeysTally> tally)
      : num_keys_(num_keys), duration_(duration), tally_(std::move(tally)) {}
  std::string description() const override { return "DirtyKeysSource"; }
  Schema schema() const override { return *row_schema<Update>(); }
  bool has_open_ranges() const override { return true; }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<OpenPlanner>();
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<DirtyKeysReader>(num_keys_, duration_, tally_);
  }

 private:
  std::int64_t num_keys_;
  Duration duration_;
  std::shared_ptr<DirtyKeysTally> tally_;
};

}  // namespace

std::shared_ptr<const Source> dirty_keys_source(std::int64_t num_keys, Duration duration,
                                                std::shared_ptr<DirtyKeysTally> tally) {
  return std::make_shared<DirtyKeysSource>(num_keys, duration, std::move(tally));
}

}  // namespace stream::perf
