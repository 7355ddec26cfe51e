// One COPY FROM STDIN in binary, fed batch by batch. Belongs to a writer. Blocks.
#pragma once

#include <libstream/connectors/postgresql/connection.hpp>
#include <libstream/connectors/postgresql/row_encoder.hpp>

namespace stream::postgresql {

class RowCopy {
 public:
  explicit RowCopy(RowEncoder encoder) : encoder_(std::move(encoder)) {}

  /// `statement`: COPY … FROM STDIN (FORMAT binary).
  Result<void> begin(Connection& connection, const std::string& statement);
  Result<void> write(Connection& connection, const Batch& batch);
  /// How many rows went in.
  Result<std::int64_t> end(Connection& connection);

 private:
  Result<void> send(Connection& connection);

  RowEncoder encoder_;
  std::string bytes_;
};

}  // namespace stream::postgresql
