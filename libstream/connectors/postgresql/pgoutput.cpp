#include <libstream/connectors/postgresql/binary_bytes.hpp>
#include <libstream/connectors/postgresql/pgoutput.hpp>

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace stream::postgresql {
namespace {

/// A table has no more columns.
constexpr int kMaxColumns = 1664;

Error damaged(std::string_view what) {
  return bad_data(fmt::format("a replication message is damaged: {}", what));
}

Result<Tuple> parse_tuple(ByteCursor& bytes) {
  const auto size = bytes.number<std::int16_t>();
  if (bytes.is_short() || size < 0 || size > kMaxColumns) return damaged("number of columns");
  Tuple tuple;
  for (int i = 0; i < size; ++i) {
    TupleValue value;
    value.kind = static_cast<TupleValue::Kind>(bytes.number<char>());
    switch (value.kind) {
      case TupleValue::Kind::null:
      case TupleValue::Kind::unchanged:
        break;
      case TupleValue::Kind::text:
      case TupleValue::Kind::binary: {
        const auto length = bytes.number<std::int32_t>();
        if (bytes.is_short() || length < 0) return damaged("length of a value");
        value.bytes = bytes.take(static_cast<std::size_t>(length));
        break;
      }
      default:
        return damaged("kind of a value");
    }
    if (bytes.is_short()) return damaged("a value is cut off");
    tuple.push_back(value);
  }
  return tuple;
}

Result<ReplicationMessage> parse_relation(ByteCursor& bytes) {
  RelationMessage message;
  message.relation = bytes.number<std::uint32_t>();
  message.schema = bytes.text();
  message.table = bytes.text();
  bytes.number<char>();  // replica identity
  const auto size = bytes.number<std::int16_t>();
  if (bytes.is_short() || size < 0 || size > kMaxColumns) return damaged("number of columns");
  for (int i = 0; i < size; ++i) {
    RelationMessage::Column column;
    column.is_key = (bytes.number<char>() & 1) != 0;
    column.name = bytes.text();
    column.type = bytes.number<std::uint32_t>();
    bytes.number<std::int32_t>();  // type modifier
    if (bytes.is_short()) return damaged("a column is cut off");
    message.columns.push_back(std::move(column));
  }
  return ReplicationMessage(std::move(message));
}

Result<ReplicationMessage> parse_row(ByteCursor& bytes, RowMessage::Kind kind) {
  RowMessage message;
  message.kind = kind;
  message.relation = bytes.number<std::uint32_t>();
  char part = bytes.number<char>();
  if (kind != RowMessage::Kind::insert && (part == 'K' || part == 'O')) {
    message.has_old = true;
    message.is_old_whole = part == 'O';
    STREAM_TRY(message.old_row, parse_tuple(bytes));
    part = kind == RowMessage::Kind::update ? bytes.number<char>() : 'N';
  } else if (kind == RowMessage::Kind::erase) {
    return damaged("a deleted row without its key");
  }
  if (part != 'N' || bytes.is_short()) return damaged("part of a row");
  if (kind != RowMessage::Kind::erase) {
    STREAM_TRY(message.new_row, parse_tuple(bytes));
  }
  return ReplicationMessage(std::move(message));
}

Result<ReplicationMessage> parse_truncate(ByteCursor& bytes) {
  TruncateMessage message;
  const auto size = bytes.number<std::int32_t>();
  bytes.number<char>();  // cascade, restart identity
  if (bytes.is_short() || size < 0 ||
      static_cast<std::size_t>(size) * sizeof(std::uint32_t) != bytes.size())
    return damaged("number of tables");
  for (std::int32_t i = 0; i < size; ++i)
    message.relations.push_back(bytes.number<std::uint32_t>());
  return ReplicationMessage(std::move(message));
}

Result<ReplicationMessage> parse_body(char kind, ByteCursor& bytes) {
  switch (kind) {
    case 'B': {
      BeginMessage message;
      message.commit = bytes.number<LogPosition>();
      const auto time = bytes.number<std::int64_t>();
      bytes.number<std::uint32_t>();  // transaction
      if (time > std::numeric_limits<std::int64_t>::max() - kEpochMicros)
        return damaged("time of a commit");
      message.time_micros = time + kEpochMicros;
      return ReplicationMessage(message);
    }
    case 'C': {
      CommitMessage message;
      bytes.number<char>();         // flags
      bytes.number<LogPosition>();  // of the commit record
      message.end = bytes.number<LogPosition>();
      bytes.number<std::int64_t>();  // time
      return ReplicationMessage(message);
    }
    case 'R':
      return parse_relation(bytes);
    case 'I':
      return parse_row(bytes, RowMessage::Kind::insert);
    case 'U':
      return parse_row(bytes, RowMessage::Kind::update);
    case 'D':
      return parse_row(bytes, RowMessage::Kind::erase);
    case 'T':
      return parse_truncate(bytes);
    case 'Y':
    case 'O':
    case 'M':
      bytes.take(bytes.size());
      return ReplicationMessage(OtherMessage{});
    default:
      return damaged(fmt::format("kind {}", static_cast<int>(kind)));
  }
}

}  // namespace

std::string position_text(LogPosition position) {
  return fmt::format("{:X}/{:X}", position >> 32, position & 0xffffffffu);
}

Result<LogPosition> parse_position(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto wrong = [&] {
    return bad_data(fmt::format("'{}' is no place in PostgreSQL's log", text));
  };
  if (slash == std::string_view::npos) return wrong();
  std::uint32_t parts[2] = {};
  const std::string_view texts[2] = {text.substr(0, slash), text.substr(slash + 1)};
  for (int i = 0; i < 2; ++i) {
    const char* const end = texts[i].data() + texts[i].size();
    const auto [next, failure] = std::from_chars(texts[i].data(), end, parts[i], 16);
    if (failure != std::errc() || next != end) return wrong();
  }
  return LogPosition{parts[0]} << 32 | parts[1];
}

Result<ReplicationMessage> parse_replication_message(std::string_view content) {
  ByteCursor bytes(content);
  const char kind = bytes.number<char>();
  STREAM_TRY(ReplicationMessage message, parse_body(kind, bytes));
  if (bytes.is_short()) return damaged("it is cut off");
  if (!bytes.is_empty()) return damaged("it is too long");
  return message;
}

}  // namespace stream::postgresql
