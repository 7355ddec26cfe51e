// Prints each epoch of a DataFrame as Spark's console sink does: a banner with the batch's number,
// the rows as show() prints them, also when there are none. Direct; an epoch is printed by
// the task that ends it.
#pragma once

#include <libstream/connectors/sink.hpp>
#include <libstream/expressions/sql_settings.hpp>
#include <libstream/formats/format_options.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace stream {

struct ConsoleTableOptions {
  std::size_t num_rows = 20;
  bool truncates = true;  ///< cells to 20 characters
};
const OptionTable<ConsoleTableOptions>& console_table_option_table();

/// `write` receives the text of one whole epoch, one call at a time; empty: standard output,
/// flushed. `schema` is that of the rows. Error: an option that is wrong or unknown.
Result<std::shared_ptr<const Sink>> make_console_table_sink(
    OptionMap options, const Schema& schema, const SqlSettings& settings,
    std::function<void(std::string_view)> write = {});

}  // namespace stream
