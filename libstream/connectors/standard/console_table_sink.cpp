#include <libstream/connectors/gathering_writer.hpp>
#include <libstream/connectors/memory/no_commit.hpp>
#include <libstream/connectors/standard/console_output.hpp>
#include <libstream/connectors/standard/console_table_sink.hpp>
#include <libstream/connectors/standard/shown_sink.hpp>
#include <libstream/formats/table_text.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

struct TableState {
  explicit TableState(std::function<void(std::string_view)> write) : output(std::move(write)) {}

  ConsoleTableOptions options;
  Schema schema;
  SqlSettings settings;
  EpochStore<Batch> rows;
  ConsoleOutput output;
};

class TableWriter final : public GatheringWriter<Batch> {
 public:
  explicit TableWriter(const std::shared_ptr<TableState>& state)
      : GatheringWriter({state, &state->rows}), state_(state) {}

  Result<void> write(const Batch& batch) override {
    if (rows_left_ == 0 || batch.num_rows() == 0) return {};
    rows_left_ -= std::min(rows_left_, batch.num_rows());
    gather(batch);
    return {};
  }

 private:
  // One row more than is shown tells whether there are more.
  void begin_gathering() override { rows_left_ = state_->options.num_rows + 1; }

  Result<void> hand_on(Epoch whole) override {
    TableTextOptions options;
    options.max_rows = state_->options.num_rows;
    options.truncate = state_->options.truncates ? 20 : 0;
    return state_->output.print(
        fmt::format("{0}Batch: {1}\n{0}{2}", kConsoleRule, whole.epoch,
                    show_text(state_->schema, whole.items, options, state_->settings)));
  }

  std::shared_ptr<TableState> state_;
  std::size_t rows_left_ = 0;
};

class ConsoleTableSink final : public Sink, public ShownSink {
 public:
  explicit ConsoleTableSink(std::shared_ptr<TableState> state) : state_(std::move(state)) {}

  std::string description() const override {
    return "org.apache.spark.sql.execution.streaming.ConsoleTable$";
  }
  SinkKind kind() const override { return SinkKind::direct; }
  bool may_block() const override { return true; }
  void show_on(std::function<void(std::string_view)> show) const override {
    state_->output.show_on(std::move(show));
  }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<TableWriter>(state_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<TableState> state_;
};

}  // namespace

const OptionTable<ConsoleTableOptions>& console_table_option_table() {
  using Options = ConsoleTableOptions;
  static const OptionTable<Options> table = {
      {{"numRows", "", "20", "Rows of an epoch that are printed."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(const std::int64_t rows, option_integer(v));
         o.num_rows = rows < 0 ? 0 : static_cast<std::size_t>(rows);
         return {};
       }},
      {{"truncate", "", "true", "Whether cells are cut to 20 characters."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.truncates, option_flag(v));
         return {};
       }},
  };
  return table;
}

Result<std::shared_ptr<const Sink>> make_console_table_sink(
    OptionMap options, const Schema& schema, const SqlSettings& settings,
    std::function<void(std::string_view)> write) {
  auto state = std::make_shared<TableState>(std::move(write));
  STREAM_TRY(read_options(console_table_option_table(), options, state->options));
  STREAM_TRY(refuse_unknown(options, texts_of(console_table_option_table()), "console"));
  state->schema = schema;
  state->settings = settings;
  return std::shared_ptr<const Sink>(std::make_shared<ConsoleTableSink>(std::move(state)));
}

}  // namespace stream
