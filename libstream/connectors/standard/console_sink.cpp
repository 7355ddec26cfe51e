#include <libstream/connectors/gathering_writer.hpp>
#include <libstream/connectors/memory/no_commit.hpp>
#include <libstream/connectors/row_text.hpp>
#include <libstream/connectors/standard/console_output.hpp>
#include <libstream/connectors/standard/console_sink.hpp>
#include <libstream/connectors/standard/shown_sink.hpp>

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

class ConsoleWriter final : public GatheringWriter<std::string> {
 public:
  explicit ConsoleWriter(const std::shared_ptr<ConsoleState>& state)
      : GatheringWriter({state, &state->rows}), state_(state) {}

  Result<void> write(const Batch& batch) override {
    for (std::size_t row = 0; row < batch.num_rows() && rows_left_ > 0; ++row, --rows_left_)
      gather(row_text(batch, row));
    return {};
  }

 private:
  // One row more than is shown tells whether there are more.
  void begin_gathering() override { rows_left_ = state_->options.num_rows + 1; }

  Result<void> hand_on(Epoch whole) override {
    return state_->output.print(text_of(whole.batch_time, whole.items));
  }

  std::string text_of(EpochMillis batch_time, const std::vector<std::string>& rows) const {
    std::string text = fmt::format("{0}Time: {1} ms\n{0}", kConsoleRule, batch_time);
    const std::size_t num_shown = std::min(rows.size(), state_->options.num_rows);
    for (std::size_t i = 0; i < num_shown; ++i) text.append(rows[i]).push_back('\n');
    if (rows.size() > num_shown) text += "...\n";
    text.push_back('\n');
    return text;
  }

  std::shared_ptr<ConsoleState> state_;
  std::size_t rows_left_ = 0;
};

class ConsoleSink final : public Sink, public ShownSink {
 public:
  explicit ConsoleSink(ConsoleOptions options)
      : state_(std::make_shared<ConsoleState>(std::move(options))) {}

  std::string description() const override { return "ConsoleSink"; }
  SinkKind kind() const override { return SinkKind::direct; }
  bool may_block() const override { return true; }
  void show_on(std::function<void(std::string_view)> show) const override {
    state_->output.show_on(std::move(show));
  }
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
