#include <libstream/connectors/open_lines.hpp>
#include <libstream/connectors/standard/input_thread.hpp>
#include <libstream/connectors/standard/stdin_source.hpp>

#include <fmt/format.h>

#include <mutex>

namespace stream {
namespace {

/// The input of the source: begun by the first reader that opens, kept for readers that follow.
class Input {
 public:
  explicit Input(StdinOptions options) : options_(options) {}

  std::shared_ptr<LineBuffer> open() {
    const std::lock_guard lock(mutex_);
    if (!buffer_) {
      const LineLimits limits{options_.max_line_bytes, options_.max_buffered_bytes};
      auto started = InputThread::start(options_.file_descriptor, limits);
      if (started) {
        std::shared_ptr<InputThread> thread = std::move(*started);
        buffer_ = std::shared_ptr<LineBuffer>(thread, &thread->buffer());
      } else {
        buffer_ = std::make_shared<LineBuffer>(limits);
        buffer_->fail(std::move(started).error());
      }
    }
    return buffer_;
  }

 private:
  const StdinOptions options_;
  std::mutex mutex_;  // guards buffer_
  std::shared_ptr<LineBuffer> buffer_;
};

class StdinSource final : public Source {
 public:
  explicit StdinSource(StdinOptions options)
      : options_(options), input_(std::make_shared<Input>(options)) {}

  std::string description() const override { return "StandardInput"; }
  Schema schema() const override { return *text_schema(); }
  bool has_open_ranges() const override { return true; }
  bool is_replayable() const override { return false; }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<OpenLinesPlanner>();
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<OpenLinesReader>([input = input_] { return input->open(); },
                                             options_.max_line_bytes, "stdin");
  }

 private:
  StdinOptions options_;
  std::shared_ptr<Input> input_;
};

}  // namespace

Result<std::shared_ptr<Source>> stdin_source(StdinOptions options) {
  std::vector<Error> errors;
  if (options.file_descriptor < 0)
    errors.push_back(bad_option(fmt::format("stdin source: file_descriptor is {}; it must be open",
                                            options.file_descriptor)));
  if (options.max_line_bytes < 1)
    errors.push_back(bad_option("stdin source: max_line_bytes must be at least 1"));
  if (options.max_buffered_bytes < 1)
    errors.push_back(bad_option("stdin source: max_buffered_bytes must be at least 1"));
  if (!errors.empty()) return join_errors(errors);
  return std::shared_ptr<Source>(std::make_shared<StdinSource>(options));
}

}  // namespace stream
