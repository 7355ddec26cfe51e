#include <libstream/connectors/postgresql/connection.hpp>

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <libpq-fe.h>

namespace stream::postgresql {
namespace {

/// Keep-alives find a dead server within about so many seconds.
constexpr const char* kKeepAliveIdle = "10";
constexpr const char* kKeepAliveInterval = "5";
constexpr const char* kKeepAliveCount = "3";

std::string trimmed(const char* message) {
  std::string text = message ? message : "";
  text.erase(text.find_last_not_of(" \n\r") + 1);
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

Error error_of_class(ErrorClass error_class, std::string message) {
  return Error(error_class, std::move(message));
}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionList = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// Reading an url may fail with a message that quotes parts of it, the password among them; that
/// message is not passed on.
Result<OptionList> parse_url(const std::string& url) {
  char* message = nullptr;
  OptionList parsed(PQconninfoParse(url.c_str(), &message));
  PQfreemem(message);
  if (!parsed)
    return bad_option(
        "url: is not understood; write postgresql://host:port/database?sslmode=require or "
        "\"host=… dbname=…\" (special characters in an url are written as %xx)");
  return parsed;
}

class Keywords {
 public:
  void add(const char* name, std::string value) {
    if (!value.empty()) entries_.emplace_back(name, std::move(value));
  }
  pg_conn* connect(bool expands_first) const {
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : entries_) {
      names.push_back(name);
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectdbParams(names.data(), values.data(), expands_first ? 1 : 0);
  }

 private:
  std::vector<std::pair<const char*, std::string>> entries_;
};

/// A refusal at the door has no SQLSTATE in libpq; what the server says of itself is temporary.
bool is_temporary(const std::string& message) {
  constexpr std::array kTemporary = {
      "starting up",      "shutting down", "in recovery", "too many", "remaining connection slots",
      "not yet accepting"};
  if (message.find("FATAL:") == std::string::npos &&
      message.find("certificate") == std::string::npos &&
      message.find("SSL was required") == std::string::npos &&
      message.find("does not support SSL") == std::string::npos &&
      message.find("no password supplied") == std::string::npos &&
      message.find("invalid ") == std::string::npos)
    return true;
  for (const char* sign : kTemporary) {
    if (message.find(sign) != std::string::npos) return true;
  }
  return false;
}

Error connect_error(const std::string& server, const std::string& message) {
  const bool is_refused = !is_temporary(message);
  return error_of_class(
      is_refused ? ErrorClass::bad_option : ErrorClass::transient,
      fmt::format("no connection to PostgreSQL at {}: {}; {}", server, message,
                  is_refused ? "check user, password, dbname, sslmode and the server's pg_hba.conf"
                             : "check host and port, and that the server runs"));
}

}  // namespace

ErrorClass class_of_state(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  const auto is = [&](std::string_view other) { return kind == other; };
  // Connection, resources, operator's doing, system errors; conflicts between transactions.
  if (is("08") || is("53") || is("57") || is("58") || is("40")) return ErrorClass::transient;
  if (state == "55P03" || state == "55006" || state == "25P03") return ErrorClass::transient;
  if (is("28") || is("3D")) return ErrorClass::bad_option;
  if (is("42") || is("0A") || is("3F")) return ErrorClass::bad_plan;
  if (is("22") || is("23")) return ErrorClass::bad_data;
  return ErrorClass::fatal;
}

std::string server_shown(const ConnectionOptions& options) {
  std::string host = options.host, port = options.port, database = options.database;
  if (!options.url.empty()) {
    if (const auto parsed = parse_url(options.url)) {
      const auto fill = [](std::string& value, const PQconninfoOption& option, const char* name) {
        if (value.empty() && option.val && std::strcmp(option.keyword, name) == 0)
          value = option.val;
      };
      for (const PQconninfoOption* option = parsed->get(); option->keyword; ++option) {
        fill(host, *option, "host");
        fill(port, *option, "port");
        fill(database, *option, "dbname");
      }
    }
  }
  return fmt::format("postgresql://{}{}{}/{}", host, port.empty() ? "" : ":", port, database);
}

Rows::Rows(pg_result* result) : result_(result) {}
void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }
std::size_t Rows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }
std::size_t Rows::num_columns() const { return static_cast<std::size_t>(PQnfields(result_.get())); }
std::optional<std::string_view> Rows::at(std::size_t row, std::size_t column) const {
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  if (PQgetisnull(result_.get(), r, c)) return std::nullopt;
  return std::string_view(PQgetvalue(result_.get(), r, c),
                          static_cast<std::size_t>(PQgetlength(result_.get(), r, c)));
}
std::string Rows::text(std::size_t row, std::size_t column) const {
  return std::string(at(row, column).value_or(""));
}
std::string Rows::name(std::size_t column) const {
  return PQfname(result_.get(), static_cast<int>(column));
}
std::uint32_t Rows::type_oid(std::size_t column) const {
  return PQftype(result_.get(), static_cast<int>(column));
}
std::int32_t Rows::type_modifier(std::size_t column) const {
  return PQfmod(result_.get(), static_cast<int>(column));
}
std::int64_t Rows::num_changed() const {
  const char* text = PQcmdTuples(result_.get());
  std::int64_t number = 0;
  std::from_chars(text, text + std::strlen(text), number);
  return number;
}

void Connection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }
void Connection::Free::operator()(char* buffer) const { PQfreemem(buffer); }

Result<Connection> Connection::open(const ConnectionOptions& options) {
  if (!options.url.empty()) {
    STREAM_TRY(const OptionList checked, parse_url(options.url));
  }
  Keywords keywords;
  // The first dbname may be a whole connection string; what comes later wins.
  keywords.add("dbname", options.url);
  keywords.add("host", options.host);
  keywords.add("port", options.port);
  keywords.add("dbname", options.database);
  keywords.add("user", options.user);
  keywords.add("password", options.password);
  keywords.add("sslmode", options.ssl_mode);
  keywords.add("sslrootcert", options.ssl_root_certificate);
  keywords.add("connect_timeout", std::to_string(options.connect_timeout_seconds));
  keywords.add("keepalives_idle", kKeepAliveIdle);
  keywords.add("keepalives_interval", kKeepAliveInterval);
  keywords.add("keepalives_count", kKeepAliveCount);
  keywords.add("client_encoding", "UTF8");
  keywords.add("fallback_application_name", "libstream");
  const std::string server = server_shown(options);
  pg_conn* raw = keywords.connect(!options.url.empty());
  if (!raw) return fatal("libpq has no memory for a connection");
  Connection connection(raw, server);
  if (PQstatus(raw) != CONNECTION_OK) return connect_error(server, trimmed(PQerrorMessage(raw)));
  PQsetNoticeProcessor(
      raw, [](void*, const char*) {}, nullptr);
  STREAM_TRY(connection.set_up(options));
  return connection;
}

Result<void> Connection::set_up(const ConnectionOptions& options) {
  STREAM_TRY(
      run(fmt::format("SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; "
                      "SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; "
                      "SET statement_timeout = '{}s'",
                      options.query_timeout_seconds)));
  if (options.session_init_statement.empty()) return {};
  if (auto ran = run(options.session_init_statement); !ran)
    return std::move(ran).error().with_context("sessionInitStatement");
  return {};
}

Error Connection::lost() const {
  return transient(fmt::format("the connection to PostgreSQL at {} is lost: {}", server_,
                               trimmed(PQerrorMessage(connection_.get()))));
}

Error Connection::error_of(const pg_result* result) {
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  last_state_ = state ? state : "";
  if (!state || PQstatus(connection_.get()) == CONNECTION_BAD) return lost();
  const auto field = [&](int code) { return trimmed(PQresultErrorField(result, code)); };
  std::string message = field(PG_DIAG_MESSAGE_PRIMARY);
  // The detail of a constraint names the values that broke it: what a user needs to find the row.
  const std::string detail = field(PG_DIAG_MESSAGE_DETAIL);
  const std::string hint = field(PG_DIAG_MESSAGE_HINT);
  const std::string context = field(PG_DIAG_CONTEXT);
  if (!detail.empty()) message += fmt::format(" ({})", detail);
  if (!context.empty() && context.starts_with("COPY ")) message += fmt::format(" [{}]", context);
  if (!hint.empty()) message += fmt::format("; {}", hint);
  return error_of_class(class_of_state(state),
                        fmt::format("PostgreSQL at {}: {} (SQLSTATE {})", server_, message, state));
}

Result<Rows> Connection::take(pg_result* result) {
  Rows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY ||
      status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
    return rows;
  return error_of(result);
}

Result<void> Connection::run(const std::string& statements) {
  STREAM_TRY(const Rows rows, take(PQexec(connection_.get(), statements.c_str())));
  return {};
}

Result<Rows> Connection::query(const std::string& statement,
                               const std::vector<Parameter>& parameters, ResultFormat format) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const Parameter& parameter : parameters) {
    types.push_back(parameter.type);
    values.push_back(parameter.value ? parameter.value->data() : nullptr);
    lengths.push_back(parameter.value ? static_cast<int>(parameter.value->size()) : 0);
    formats.push_back(parameter.is_binary ? 1 : 0);
  }
  return take(PQexecParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()),
                           types.data(), values.data(), lengths.data(), formats.data(),
                           static_cast<int>(format)));
}

Result<Rows> Connection::describe(const std::string& statement) {
  STREAM_TRY(const Rows prepared,
             take(PQprepare(connection_.get(), "", statement.c_str(), 0, nullptr)));
  return take(PQdescribePrepared(connection_.get(), ""));
}

Result<void> Connection::begin_copy_in(const std::string& statement) { return run(statement); }

Result<void> Connection::copy_in(std::string_view bytes) {
  // libpq counts in int.
  constexpr std::size_t kPart = 1u << 20;
  for (std::size_t at = 0; at < bytes.size(); at += kPart) {
    const std::string_view part = bytes.substr(at, kPart);
    if (PQputCopyData(connection_.get(), part.data(), static_cast<int>(part.size())) != 1)
      return lost();
  }
  return {};
}

Result<std::int64_t> Connection::end_copy_in() {
  if (PQputCopyEnd(connection_.get(), nullptr) != 1) return lost();
  auto ended = take(PQgetResult(connection_.get()));
  while (pg_result* more = PQgetResult(connection_.get())) PQclear(more);
  if (!ended) return std::move(ended).error();
  return ended->num_changed();
}

Result<void> Connection::begin_copy_out(const std::string& statement) {
  is_copy_begun_ = false;
  if (PQsendQuery(connection_.get(), statement.c_str()) != 1) return lost();
  return {};
}

/// False: the server has said nothing.
Result<bool> Connection::wait_for_input(Duration wait) {
  pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
  const int found = poll(&socket, 1, static_cast<int>(wait.count()));
  if (found < 0 && errno != EINTR) return lost();
  if (PQconsumeInput(connection_.get()) != 1) return lost();
  return found != 0;
}

Result<CopyMessage> Connection::copy_out(Duration wait) {
  constexpr CopyMessage kNothingYet{CopyMessage::Kind::nothing_yet};
  while (!is_copy_begun_ && PQisBusy(connection_.get()) == 1) {
    STREAM_TRY(const bool has_input, wait_for_input(wait));
    if (!has_input) return kNothingYet;
  }
  if (!is_copy_begun_) STREAM_TRY(take(PQgetResult(connection_.get())));
  is_copy_begun_ = true;
  for (;;) {
    char* buffer = nullptr;
    const int size = PQgetCopyData(connection_.get(), &buffer, 1);
    message_.reset(buffer);
    if (size > 0)
      return CopyMessage{CopyMessage::Kind::bytes, {buffer, static_cast<std::size_t>(size)}};
    if (size == -2) return lost();
    if (size == -1) break;
    STREAM_TRY(const bool has_input, wait_for_input(wait));
    if (!has_input) return kNothingYet;
  }
  auto ended = take(PQgetResult(connection_.get()));
  while (pg_result* more = PQgetResult(connection_.get())) PQclear(more);
  if (!ended) return std::move(ended).error();
  return CopyMessage{CopyMessage::Kind::end};
}

}  // namespace stream::postgresql
