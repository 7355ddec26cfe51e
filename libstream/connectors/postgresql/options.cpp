#include <libstream/base/duration.hpp>
#include <libstream/connectors/postgresql/options.hpp>
#include <libstream/connectors/postgresql/postgresql.hpp>

#include <fmt/format.h>

namespace stream::postgresql {
namespace {

template <class Options>
OptionField<Options> text_field(std::string_view name, std::string_view alias,
                                std::string_view sentence, std::string Options::*member) {
  return {{name, alias, "", sentence}, [member](Options& o, const std::string& v) -> Result<void> {
            if (v.find('\0') != std::string::npos) return bad_option("must not hold a zero byte");
            o.*member = v;
            return {};
          }};
}

template <class Options>
OptionField<Options> flag_field(OptionText text, bool Options::*member) {
  return {text, [member](Options& o, const std::string& v) -> Result<void> {
            STREAM_TRY(o.*member, option_flag(v));
            return {};
          }};
}

template <class Options>
OptionField<Options> count_field(OptionText text, std::int64_t Options::*member,
                                 std::int64_t least) {
  return {text, [member, least](Options& o, const std::string& v) -> Result<void> {
            STREAM_TRY(const std::int64_t number, option_integer(v));
            if (number < least) return bad_option(fmt::format("must be at least {}", least));
            o.*member = number;
            return {};
          }};
}

template <class Options>
OptionField<Options> table_field(OptionText text, TableName Options::*member) {
  return {text, [member](Options& o, const std::string& v) -> Result<void> {
            STREAM_TRY(o.*member, parse_table_name(v));
            return {};
          }};
}

/// Accepted so that programs written for Spark's jdbc run; COPY and one transaction take its place.
template <class Options>
OptionField<Options> idle_field(std::string_view name, std::string_view sentence) {
  return {{name, "", "", sentence}, [](Options&, const std::string&) { return Result<void>(); }};
}

Result<void> set_url(ConnectionOptions& o, const std::string& value) {
  constexpr std::string_view kJdbc = "jdbc:";
  o.url = value.starts_with(kJdbc) ? value.substr(kJdbc.size()) : value;
  const bool is_other_system = o.url.find("://") != std::string::npos &&
                               !o.url.starts_with("postgresql://") &&
                               !o.url.starts_with("postgres://");
  if (is_other_system) return bad_option("must begin with postgresql:// or jdbc:postgresql://");
  return {};
}

const OptionTable<ConnectionOptions>& connection_table() {
  using O = ConnectionOptions;
  static const OptionTable<O> table = {
      {{"url", "", "", "postgresql://host:port/database, with jdbc: in front or not"}, set_url},
      text_field("host", "", "the server's name, address or socket folder", &O::host),
      text_field("port", "", "its port", &O::port),
      text_field("dbname", "database", "the database", &O::database),
      text_field("user", "", "the role", &O::user),
      text_field("password", "", "its password; never shown", &O::password),
      text_field("sslmode", "", "disable, prefer, require, verify-ca or verify-full", &O::ssl_mode),
      text_field("sslrootcert", "", "file of the certificate authority", &O::ssl_root_certificate),
      text_field("sessionInitStatement", "", "SQL that runs first on each connection",
                 &O::session_init_statement),
      count_field({"connectTimeout", "", "10", "seconds until a server counts as unreachable"},
                  &O::connect_timeout_seconds, 1),
      count_field({"queryTimeout", "", "0", "seconds that one statement may take; 0: no limit"},
                  &O::query_timeout_seconds, 0),
      idle_field<O>("driver", "accepted, does nothing"),
  };
  return table;
}

const OptionTable<SinkOptions>& sink_table() {
  using O = SinkOptions;
  static const OptionTable<O> table = {
      table_field({"dbtable", "table", "", "the table: name or schema.name"}, &O::table),
      {{"key", "keys", "", "columns of a unique index: rows with a known key replace it"},
       [](O& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.key, parse_name_list(v));
         return {};
       }},
      {{"createTable", "create_table", "", "make the table from the rows when it is missing"},
       [](O& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.creates_table, option_flag(v));
         return {};
       }},
      flag_field({"truncate", "", "false", "replace by TRUNCATE, not by DELETE"}, &O::truncates),
      {{"delivery", "", "exactly_once", "exactly_once or at_least_once"},
       [](O& o, const std::string& v) -> Result<void> {
         if (v != "exactly_once" && v != "at_least_once")
           return bad_option(fmt::format("'{}': write exactly_once or at_least_once", v));
         o.delivery = v == "exactly_once" ? Delivery::exactly_once : Delivery::at_least_once;
         return {};
       }},
      table_field({"markerTable", "marker_table", "stream_epochs", "where epochs are marked"},
                  &O::marker_table),
      text_field("sinkName", "sink_name", "tells two outputs of a query to one table apart",
                 &O::sink_name),
      idle_field<O>("batchsize", "accepted, does nothing: COPY streams"),
      idle_field<O>("isolationLevel", "accepted, does nothing"),
      idle_field<O>("numPartitions", "accepted, does nothing: a task a connection"),
  };
  return table;
}

const OptionTable<SourceOptions>& source_table() {
  using O = SourceOptions;
  static const OptionTable<O> table = {
      table_field({"dbtable", "table", "", "the table: name or schema.name"}, &O::table),
      text_field("query", "", "a SELECT in place of a table", &O::query),
      text_field("partitionColumn", "", "a number, date or timestamp to cut reading by",
                 &O::partition_column),
      text_field("lowerBound", "", "where the first part ends about", &O::lower_bound),
      text_field("upperBound", "", "where the last part begins about", &O::upper_bound),
      count_field({"numPartitions", "", "1", "in how many parts the table is read"},
                  &O::num_partitions, 1),
      count_field({"fetchsize", "", "0", "rows a batch at most; 0: the query's"}, &O::fetch_size,
                  0),
      text_field("incrementalColumn", "incremental_column",
                 "a key that only grows: a stream reads what is beyond the last one",
                 &O::incremental_column),
      count_field({"maxRowsPerTrigger", "max_rows_per_trigger", "0", "rows an epoch about"},
                  &O::max_rows_per_trigger, 0),
      text_field("slot", "", "a logical replication slot: a stream of the table's changes",
                 &O::slot),
      text_field("publication", "", "its publication; default: the slot's name", &O::publication),
      flag_field({"createSlot", "create_slot", "false", "make slot and publication if missing"},
                 &O::creates_slot),
      flag_field({"failOnDataLoss", "", "true", "stop when changes are gone"},
                 &O::fails_on_data_loss),
      {{"unchangedToast", "unchanged_toast", "fail", "fail or null: large values not sent again"},
       [](O& o, const std::string& v) -> Result<void> {
         if (v != "fail" && v != "null") return bad_option("write fail or null");
         o.nulls_unchanged_toast = v == "null";
         return {};
       }},
      flag_field({"lookup", "", "false", "the static side of a join, asked by key"}, &O::is_lookup),
      count_field({"cacheRows", "cache_rows", "100000", "keys a lookup remembers a task"},
                  &O::cache_rows, 0),
      {{"cacheTtl", "cache_ttl", "1m", "how long a lookup believes what it remembers"},
       [](O& o, const std::string& v) -> Result<void> {
         STREAM_TRY(const Duration time, parse_duration(v));
         o.cache_ttl_millis = time.count();
         return {};
       }},
      idle_field<O>("pushDownPredicate", "accepted, does nothing: write the filter into query"),
      idle_field<O>("isolationLevel", "accepted: reads see one snapshot"),
  };
  return table;
}

template <class Options>
std::vector<OptionText> texts_with_connection(const OptionTable<Options>& table) {
  auto all = texts_of(connection_table());
  for (const OptionText& text : texts_of(table)) all.push_back(text);
  return all;
}

template <class Options>
Result<void> read_all(OptionMap options, const OptionTable<Options>& table,
                      ConnectionOptions& connection, Options& target) {
  std::vector<Error> errors;
  const auto note = [&](Result<void> result) {
    if (!result) errors.push_back(std::move(result).error().with_context("postgresql"));
  };
  note(read_options(connection_table(), options, connection));
  note(read_options(table, options, target));
  note(refuse_unknown(options, texts_with_connection(table), "postgresql"));
  if (!errors.empty()) return join_errors(errors);
  return {};
}

Result<void> check_partitioning(const SourceOptions& o) {
  const bool has_any =
      !o.partition_column.empty() || !o.lower_bound.empty() || !o.upper_bound.empty();
  const bool has_all =
      !o.partition_column.empty() && !o.lower_bound.empty() && !o.upper_bound.empty();
  if (has_any != has_all)
    return bad_option(
        "postgresql: partitionColumn, lowerBound and upperBound belong together: give all three "
        "(and numPartitions) or none");
  if (o.num_partitions > 1 && !has_all)
    return bad_option(
        "postgresql: numPartitions needs partitionColumn, lowerBound and upperBound to cut by");
  return {};
}

Result<void> check_stream(const SourceOptions& o) {
  const bool is_incremental = !o.incremental_column.empty();
  const bool is_capture = !o.slot.empty();
  if (is_incremental == is_capture)
    return bad_option(
        "postgresql: a stream is read by incrementalColumn (new rows by a growing key) or by slot "
        "(all changes): give one of them");
  if (!o.query.empty()) return bad_option("postgresql: a stream reads dbtable, not a query");
  if (!o.partition_column.empty() || o.num_partitions > 1)
    return bad_option("postgresql: partitionColumn is for bounded reads");
  if (o.is_lookup) return bad_option("postgresql: lookup is for read(), not for read_stream()");
  return {};
}

Result<void> check_bounded(const SourceOptions& o) {
  if (!o.incremental_column.empty() || !o.slot.empty())
    return bad_option(
        "postgresql: incrementalColumn and slot are for streams: use read_stream() (SQL: CREATE "
        "STREAM)");
  if (o.is_lookup && !o.partition_column.empty())
    return bad_option("postgresql: a lookup is not read in parts: leave partitionColumn out");
  return check_partitioning(o);
}

}  // namespace

Result<void> read_sink_options(OptionMap options, ConnectionOptions& connection,
                               SinkOptions& sink) {
  STREAM_TRY(read_all(std::move(options), sink_table(), connection, sink));
  if (sink.table.table.empty())
    return bad_option("postgresql: option dbtable is missing: name the table");
  if (sink.sink_name.empty()) sink.sink_name = sink.table.shown();
  return {};
}

Result<void> read_source_options(OptionMap options, bool is_streaming,
                                 ConnectionOptions& connection, SourceOptions& source) {
  STREAM_TRY(read_all(std::move(options), source_table(), connection, source));
  if (source.table.table.empty() == source.query.empty())
    return bad_option("postgresql: give dbtable or query, one of them");
  return is_streaming ? check_stream(source) : check_bounded(source);
}

}  // namespace stream::postgresql

namespace stream {

std::vector<OptionText> postgresql_source_option_texts() {
  return postgresql::texts_with_connection(postgresql::source_table());
}

std::vector<OptionText> postgresql_sink_option_texts() {
  return postgresql::texts_with_connection(postgresql::sink_table());
}

}  // namespace stream
