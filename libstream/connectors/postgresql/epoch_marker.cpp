#include <libstream/base/hash.hpp>
#include <libstream/connectors/postgresql/epoch_marker.hpp>
#include <libstream/connectors/postgresql/table.hpp>

#include <fmt/format.h>

#include <bit>
#include <charconv>

namespace stream::postgresql {
namespace {

constexpr const char* kLockTimeOut = "10s";
constexpr std::string_view kLockNotAvailable = "55P03";
constexpr std::string_view kDivisionByZero = "22012";

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string EpochMarker::where() const {
  return fmt::format("query_id = {} AND sink = {} AND task = {}", quote_text(key_.query_id),
                     quote_text(key_.sink), key_.task);
}

std::int64_t EpochMarker::lock_number() const {
  return std::bit_cast<std::int64_t>(
      hash_bytes(fmt::format("{}\n{}\n{}", key_.query_id, key_.sink, key_.task)));
}

Error EpochMarker::taken_over() const {
  return fenced(
      fmt::format("a later start of this query writes to '{}' (table {}): this one stops, its open "
                  "transaction is rolled back",
                  key_.sink, key_.table.shown()));
}

Result<void> EpochMarker::end_earlier(Connection& connection) {
  // The two halves of an advisory lock's number, as pg_locks shows them.
  const auto number = std::bit_cast<std::uint64_t>(lock_number());
  STREAM_TRY(const Rows ended,
             connection.query(fmt::format(
                 "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND "
                 "classid = {} AND objid = {} AND objsubid = 1 AND granted AND database = (SELECT "
                 "oid FROM pg_database WHERE datname = current_database()) AND pid <> "
                 "pg_backend_pid()",
                 number >> 32, number & 0xffffffffu)));
  return {};
}

Result<void> EpochMarker::lock(Connection& connection) {
  auto locked = connection.run(
      fmt::format("SET lock_timeout = '{}'; SELECT pg_advisory_lock({}); SET lock_timeout = 0",
                  kLockTimeOut, lock_number()));
  if (!locked && connection.last_state() == kLockNotAvailable)
    return transient(fmt::format(
        "another session writes to PostgreSQL as task {} of '{}' of this query; if two outputs of "
        "the query go to one table, give each its own option sinkName",
        key_.task, key_.sink));
  return locked;
}

Result<void> EpochMarker::claim(Connection& connection) {
  const std::string table = key_.table.quoted();
  STREAM_TRY(create_once(
      connection, key_.table,
      fmt::format("CREATE TABLE IF NOT EXISTS {} (query_id text, sink text, task bigint, epoch "
                  "bigint NOT NULL, term bigint NOT NULL, changed timestamptz NOT NULL DEFAULT "
                  "now(), PRIMARY KEY (query_id, sink, task))",
                  table)));
  STREAM_TRY(const Rows known,
             connection.query(fmt::format("SELECT term FROM {} WHERE {}", table, where())));
  if (known.size() > 0) {
    const std::int64_t term = number_of(known.text(0, 0));
    if (term > term_) return taken_over();
    if (term < term_) STREAM_TRY(end_earlier(connection));
  }
  STREAM_TRY(lock(connection));
  STREAM_TRY(const Rows mine,
             connection.query(fmt::format(
                 "INSERT INTO {} AS m (query_id, sink, task, epoch, term) VALUES ({}, {}, {}, -1, "
                 "{}) ON CONFLICT (query_id, sink, task) DO UPDATE SET term = excluded.term WHERE "
                 "m.term <= excluded.term RETURNING epoch",
                 table, quote_text(key_.query_id), quote_text(key_.sink), key_.task, term_)));
  if (mine.size() == 0) return taken_over();
  last_epoch_ = number_of(mine.text(0, 0));
  return {};
}

Result<void> EpochMarker::commit(Connection& connection, std::int64_t epoch) {
  // No row to mark divides by zero, which leaves out the COMMIT behind it.
  auto done =
      connection.run(fmt::format("WITH marked AS (UPDATE {} SET epoch = {}, changed = now() WHERE "
                                 "{} AND term = {} AND epoch < "
                                 "{} RETURNING 1) SELECT 1 / count(*) FROM marked; COMMIT",
                                 key_.table.quoted(), epoch, where(), term_, epoch));
  if (!done && connection.last_state() == kDivisionByZero) return taken_over();
  if (done) last_epoch_ = epoch;
  return done;
}

}  // namespace stream::postgresql
