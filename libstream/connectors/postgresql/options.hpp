// Options of the format postgresql as users write them: how to connect, what a sink does, what a
// source reads. Tables parse, check and list them. Pure functions, any thread.
#pragma once

#include <libstream/connectors/postgresql/sql_text.hpp>
#include <libstream/formats/format_options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stream::postgresql {

/// How to reach a database. What is empty comes from libpq's own defaults (PGHOST, ~/.pgpass, …).
struct ConnectionOptions {
  std::string url;  ///< postgresql://…, jdbc:postgresql://… or "host=… dbname=…"
  std::string host;
  std::string port;
  std::string database;
  std::string user;
  std::string password;
  std::string ssl_mode;
  std::string ssl_root_certificate;
  std::string session_init_statement;
  std::int64_t connect_timeout_seconds = 10;
  std::int64_t query_timeout_seconds = 0;  ///< of one statement; 0: none
};

enum class Delivery { exactly_once, at_least_once };

struct SinkOptions {
  TableName table;
  std::vector<std::string> key;
  std::optional<bool> creates_table;
  bool truncates = false;
  Delivery delivery = Delivery::exactly_once;
  TableName marker_table{"", "stream_epochs"};
  std::string sink_name;  ///< in the marker table; empty: the table's name
};

struct SourceOptions {
  TableName table;  ///< empty where there is a query
  std::string query;
  std::string partition_column;
  std::string lower_bound;
  std::string upper_bound;
  std::int64_t num_partitions = 1;
  std::int64_t fetch_size = 0;  ///< rows a batch; 0: the query's
  std::string incremental_column;
  std::int64_t max_rows_per_trigger = 0;  ///< 0: no limit
  std::string slot;                       ///< change data capture
  std::string publication;
  bool creates_slot = false;
  bool fails_on_data_loss = true;
  bool nulls_unchanged_toast = false;
  bool is_lookup = false;
  std::int64_t cache_rows = 100'000;
  std::int64_t cache_ttl_millis = 60'000;
};

/// Takes what each struct knows out of `options`; refuses what is left and what contradicts itself.
/// Errors: bad_option, all at once, never with a value that may be secret.
Result<void> read_sink_options(OptionMap options, ConnectionOptions& connection, SinkOptions& sink);
Result<void> read_source_options(OptionMap options, bool is_streaming,
                                 ConnectionOptions& connection, SourceOptions& source);

}  // namespace stream::postgresql
