#include <libstream/api/stream_outputs.hpp>
#include <libstream/connectors/files/text_file_sink.hpp>
#include <libstream/connectors/memory/callback_sink.hpp>
#include <libstream/connectors/standard/console_sink.hpp>

namespace stream {

std::shared_ptr<const Sink> make_print_sink(std::size_t num_rows) {
  ConsoleOptions options;
  options.num_rows = num_rows;
  return console_sink(std::move(options));
}

std::shared_ptr<const Sink> make_text_directory_sink(std::string prefix, std::string suffix) {
  return text_directory_sink(std::move(prefix), std::move(suffix));
}

std::shared_ptr<const Sink> make_text_sink(std::string directory) {
  TextFileSinkOptions options;
  options.directory = std::move(directory);
  return text_file_sink(std::move(options));
}

std::shared_ptr<const Sink> make_batch_function_sink(
    std::string name,
    std::function<Result<void>(std::int64_t, EpochMillis, std::vector<Batch>)> function) {
  CallbackOptions options;
  options.name = std::move(name);
  return callback_sink(std::move(function), std::move(options));
}

}  // namespace stream
