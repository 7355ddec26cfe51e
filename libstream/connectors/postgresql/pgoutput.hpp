// The messages of PostgreSQL's logical replication (plugin pgoutput, protocol 1). They come from
// outside, so every length is checked. Views point into the bytes that were parsed. Pure functions.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace stream::postgresql {

/// A place in the server's log, and its text "16/B374D848".
using LogPosition = std::uint64_t;
std::string position_text(LogPosition position);
Result<LogPosition> parse_position(std::string_view text);

/// A column of a tuple as it was sent.
struct TupleValue {
  enum class Kind : char { null = 'n', unchanged = 'u', text = 't', binary = 'b' };
  Kind kind = Kind::null;
  std::string_view bytes;
};
using Tuple = std::vector<TupleValue>;

struct BeginMessage {
  LogPosition commit = 0;        ///< of the transaction's commit record
  std::int64_t time_micros = 0;  ///< since 1970
};
struct CommitMessage {
  LogPosition end = 0;  ///< behind the commit record
};
struct RelationMessage {
  struct Column {
    std::string name;
    std::uint32_t type = 0;
    bool is_key = false;
  };
  std::uint32_t relation = 0;
  std::string schema;
  std::string table;
  std::vector<Column> columns;
};
/// An insert has no old tuple, a delete no new one. `is_old_whole`: else the key's columns only.
struct RowMessage {
  enum class Kind { insert, update, erase };
  Kind kind = Kind::insert;
  std::uint32_t relation = 0;
  bool has_old = false;
  bool is_old_whole = false;
  Tuple old_row;
  Tuple new_row;
};
struct TruncateMessage {
  std::vector<std::uint32_t> relations;
};
/// Types, origins, messages of programs: nothing to read.
struct OtherMessage {};

using ReplicationMessage = std::variant<BeginMessage, CommitMessage, RelationMessage, RowMessage,
                                        TruncateMessage, OtherMessage>;

/// Error bad_data: damaged or of another protocol.
Result<ReplicationMessage> parse_replication_message(std::string_view bytes);

}  // namespace stream::postgresql
