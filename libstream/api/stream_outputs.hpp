// The sinks behind a stream's output operations, so that streams need no connector's header.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace stream {

std::shared_ptr<const Sink> make_print_sink(std::size_t num_rows);
std::shared_ptr<const Sink> make_text_directory_sink(std::string prefix, std::string suffix);
std::shared_ptr<const Sink> make_text_sink(std::string directory);
/// Calls `function` once an epoch with all its batches, in a task of its own.
std::shared_ptr<const Sink> make_batch_function_sink(
    std::string name,
    std::function<Result<void>(std::int64_t, EpochMillis, std::vector<Batch>)> function);

}  // namespace stream
