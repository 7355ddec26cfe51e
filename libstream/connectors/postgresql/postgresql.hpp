// PostgreSQL as a source and as a sink: what the format postgresql means. Where the build has no
// libpq, both are errors that say so. Used by the registry of formats.
#pragma once

#include <libstream/connectors/files/file_relation.hpp>
#include <libstream/connectors/sink.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/formats/format_options.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace stream {

/// What an epoch does to the table.
enum class TableWrite {
  append,   ///< rows are added; with the option key they replace those of the same key
  upsert,   ///< rows replace those of the same key
  replace,  ///< the rows are the whole table from now on
};

struct PostgresSinkRequest {
  OptionMap options;
  Schema schema;  ///< of the rows
  bool is_streaming = true;
  TableWrite write = TableWrite::append;
  SaveMode save_mode = SaveMode::error_if_exists;  ///< bounded writes only
};

/// Checks the options and, through a connection, the table. Errors name the option or the column.
Result<std::shared_ptr<const Sink>> make_postgresql_sink(PostgresSinkRequest request);

/// Reads the columns through a connection. A stream follows a growing key or a replication slot.
Result<std::shared_ptr<const Source>> make_postgresql_source(OptionMap options, bool is_streaming);

/// For lists of options; empty where the build has no libpq.
std::vector<OptionText> postgresql_source_option_texts();
std::vector<OptionText> postgresql_sink_option_texts();

/// Why this build is without PostgreSQL and what to do; "" where it is with it.
std::string_view postgresql_absence();

}  // namespace stream
