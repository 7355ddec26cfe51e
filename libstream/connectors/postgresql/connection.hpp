// A connection to a PostgreSQL server through libpq, closed with the object. Calls block, so only
// detached tasks hold one. One thread at a time.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/connectors/postgresql/column_type.hpp>
#include <libstream/connectors/postgresql/options.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace stream::postgresql {

/// The rows of a result.
class Rows {
 public:
  explicit Rows(pg_result* result);

  std::size_t size() const;
  std::size_t num_columns() const;
  /// nullopt: null. Valid as long as the rows.
  std::optional<std::string_view> at(std::size_t row, std::size_t column) const;
  /// The same as text; null is "".
  std::string text(std::size_t row, std::size_t column) const;
  std::string name(std::size_t column) const;
  std::uint32_t type_oid(std::size_t column) const;
  std::int32_t type_modifier(std::size_t column) const;
  /// How many rows the command changed.
  std::int64_t num_changed() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

/// A parameter $n of a statement: text with the server's own idea of its type, or binary.
struct Parameter {
  std::optional<std::string> value;
  std::uint32_t type = 0;
  bool is_binary = false;

  Parameter(std::string text) : value(std::move(text)) {}
  Parameter(const char* text) : value(text) {}
  Parameter(std::int64_t number) : value(std::to_string(number)) {}
  Parameter(std::optional<std::string> bytes, std::uint32_t of_type, bool in_binary)
      : value(std::move(bytes)), type(of_type), is_binary(in_binary) {}
};

enum class ResultFormat { text = 0, binary = 1 };

/// How long a reader waits for the server in one call; in between its task can be ended.
inline constexpr Duration kReadSlice{100};

/// What a COPY TO has at the moment.
struct CopyMessage {
  enum class Kind { bytes, nothing_yet, end };
  Kind kind = Kind::bytes;
  std::string_view bytes = {};  ///< valid until the next call
};

class Connection {
 public:
  /// Connects, sets the session up (UTC, UTF-8, time-outs) and runs sessionInitStatement. Errors
  /// name the server: transient when it does not answer, bad_option when it refuses.
  static Result<Connection> open(const ConnectionOptions& options);

  /// One or more statements without parameters, sent as one message: all or none, unless they
  /// begin and end transactions themselves.
  Result<void> run(const std::string& statements);
  /// One statement with parameters.
  Result<Rows> query(const std::string& statement, const std::vector<Parameter>& parameters = {},
                     ResultFormat format = ResultFormat::text);
  /// The columns a statement would give, without running it.
  Result<Rows> describe(const std::string& statement);

  Result<void> begin_copy_in(const std::string& statement);
  Result<void> copy_in(std::string_view bytes);
  /// Ends a COPY FROM; how many rows went in.
  Result<std::int64_t> end_copy_in();

  /// Sends a COPY TO; its errors come with the first copy_out.
  Result<void> begin_copy_out(const std::string& statement);
  /// The next message of a COPY TO. Waits at most about `wait` for the server to say something.
  Result<CopyMessage> copy_out(Duration wait);

  /// The SQLSTATE of the last error.
  const std::string& last_state() const { return last_state_; }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  struct Free {
    void operator()(char* buffer) const;
  };
  explicit Connection(pg_conn* connection, std::string server)
      : connection_(connection), server_(std::move(server)) {}
  Result<Rows> take(pg_result* result);
  Error error_of(const pg_result* result);
  Error lost() const;
  Result<bool> wait_for_input(Duration wait);
  Result<void> set_up(const ConnectionOptions& options);

  std::unique_ptr<pg_conn, Finish> connection_;
  std::string server_;  ///< host:port/database, for messages
  std::unique_ptr<char, Free> message_;
  std::string last_state_;
  bool is_copy_begun_ = false;  // the server has answered the COPY TO
};

/// "postgresql://host:port/database", never with user or password: what descriptions show.
std::string server_shown(const ConnectionOptions& options);

/// The reaction to a server's error, by its SQLSTATE.
ErrorClass class_of_state(std::string_view sql_state);

}  // namespace stream::postgresql
