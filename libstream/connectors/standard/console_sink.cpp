#include <libstream/connectors/epoch_store.hpp>
#include <libstream/connectors/memory/no_commit.hpp>
#include <libstream/connectors/row_text.hpp>
#include <libstream/connectors/standard/console_output.hpp>
#include <libstream/connectors/standard/console_sink.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

struct ConsoleState {
  explicit ConsoleState(ConsoleOptions given) : options(std::move(given)), output(options.write) {}

  ConsoleOptions options;
  EpochStore<std::string> rows;
  ConsoleOutput output;
};

class ConsoleWriter final : public SinkWriter {
 public:
  explicit ConsoleWriter(std::shared_ptr<ConsoleState> state) : state_(std::move(state)) {}

  Result<void> open(const SinkContext& context) override {
    task_ = context.task;
    num_tasks_ = context.num_tasks;
    return {};
  }

  Result<void> begin(std::int64_t epoch, EpochMillis batch_time) override {
    epoch_ = epoch;
    // One row more than is shown tells whether there are more.
    rows_left_ = state_->options.num_rows + 1;
    state_->rows.begin(epoch, batch_time, task_);
    return {};
  }

  Result<void> write(const Batch& batch) override {
    for (std::size_t row = 0; row < batch.num_rows() && rows_left_ > 0; ++row, --rows_left_)
      state_->rows.add(epoch_, task_, row_text(batch, row));
    return {};
  }

  Result<void> end(std::int64_t epoch) override {
    if (!state_->rows.end(epoch, task_, num_tasks_)) return {};
    const auto whole = state_->rows.take(epoch);
    return state_->output.print(text_of(whole.batch_time, whole.items));
  }

  Result<std::string> finish(std::int64_t) override { return std::string(); }

 private:
  std::string text_of(EpochMillis batch_time, const std::vector<std::string>& rows) const {
    std::string text = fmt::format("{0}Time: {1} ms\n{0}", kConsoleRule, batch_time);
    const std::size_t num_shown = std::min(rows.size(), state_->options.num_rows);
    for (std::size_t i = 0; i < num_shown; ++i) text.append(rows[i]).push_back('\n');
    if (rows.size() > num_shown) text += "...\n";
    text.push_back('\n');
    return text;
  }

  std::shared_ptr<ConsoleState> state_;
  std::uint32_t task_ = 0;
  std::uint32_t num_tasks_ = 1;
  std::int64_t epoch_ = 0;
  std::size_t rows_left_ = 0;
};

class ConsoleSink final : public Sink {
 public:
  explicit ConsoleSink(ConsoleOptions options)
      : state_(std::make_shared<ConsoleState>(std::move(options))) {}

  std::string description() const override { return "ConsoleSink"; }
  SinkKind kind() const override { return SinkKind::direct; }
  bool may_block() const override { return true; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<ConsoleWriter>(state_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<ConsoleState> state_;
};

}  // namespace

std::shared_ptr<Sink> console_sink(ConsoleOptions options) {
  return std::make_shared<ConsoleSink>(std::move(options));
}

}  // namespace stream
