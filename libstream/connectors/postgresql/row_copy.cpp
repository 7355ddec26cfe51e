#include <libstream/connectors/postgresql/row_copy.hpp>

#include <algorithm>

namespace stream::postgresql {
namespace {

constexpr std::size_t kSendBytes = 64u << 10;
constexpr std::size_t kRowsAtOnce = 256;

}  // namespace

Result<void> RowCopy::begin(Connection& connection, const std::string& statement) {
  STREAM_TRY(connection.begin_copy_in(statement));
  bytes_.clear();
  RowEncoder::append_header(bytes_);
  return {};
}

Result<void> RowCopy::write(Connection& connection, const Batch& batch) {
  for (std::size_t row = 0; row < batch.num_rows(); row += kRowsAtOnce) {
    STREAM_TRY(encoder_.append(batch, row, std::min(kRowsAtOnce, batch.num_rows() - row), bytes_));
    if (bytes_.size() >= kSendBytes) STREAM_TRY(send(connection));
  }
  return {};
}

Result<std::int64_t> RowCopy::end(Connection& connection) {
  RowEncoder::append_trailer(bytes_);
  STREAM_TRY(send(connection));
  return connection.end_copy_in();
}

Result<void> RowCopy::send(Connection& connection) {
  auto sent = connection.copy_in(bytes_);
  bytes_.clear();
  return sent;
}

}  // namespace stream::postgresql
