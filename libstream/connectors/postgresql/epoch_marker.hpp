// The row by which a sink task knows which epochs its table holds already, and by which a later
// start shuts out an earlier one. Lives in the marker table; belongs to one writer. Blocks.
#pragma once

#include <libstream/connectors/postgresql/connection.hpp>

#include <cstdint>
#include <string>

namespace stream::postgresql {

struct MarkerKey {
  TableName table;
  std::string query_id;
  std::string sink;
  std::int64_t task = 0;
};

class EpochMarker {
 public:
  EpochMarker(MarkerKey key, std::int64_t term) : key_(std::move(key)), term_(term) {}

  /// Makes the row this term's: ends the session of an earlier start that still holds it, and waits
  /// a while for one of this start. Error fatal: a later start has it.
  Result<void> claim(Connection& connection);
  /// The last epoch that is in; -1: none.
  std::int64_t last_epoch() const { return last_epoch_; }
  /// Marks `epoch` and commits the open transaction, in one message: a process that is stopped
  /// between the two holds nothing up. Error fatal: a later start has the row, or knows the epoch.
  Result<void> commit(Connection& connection, std::int64_t epoch);

 private:
  std::string where() const;
  std::int64_t lock_number() const;
  Result<void> end_earlier(Connection& connection);
  Result<void> lock(Connection& connection);
  Error taken_over() const;

  MarkerKey key_;
  std::int64_t term_;
  std::int64_t last_epoch_ = -1;
};

}  // namespace stream::postgresql
