#include <libstream/base/hash.hpp>
#include <libstream/data/batch_codec.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/state/byte_table.hpp>
#include <libstream/state/state_file.hpp>

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace stream {
namespace {

constexpr std::uint32_t kMagic = 0x41545353;  // "SSTA"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kChecksumBytes = 8;
// Zstandard turns a block of 4 bytes into at most 128 KiB.
constexpr std::uint64_t kMaxExpansion = 65'536;
constexpr std::size_t kMaxNameBytes = 1000;
constexpr std::size_t kMergedPieceRows = 16'384;
constexpr int kCompressionLevel = 1;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool take(std::string_view& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return true;
}

Error damaged(std::string_view what) { return fatal(fmt::format("state file damaged: {}", what)); }

/// A value's bytes, so that equal values and only they give equal bytes.
void append_key(const Column& column, std::size_t row, std::string& out) {
  out += column.is_null(row) ? '\0' : '\1';
  if (column.is_null(row)) return;
  switch (column.type.kind) {
    case TypeKind::null:
      return;
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant: {
      const std::string_view text = column.string_at(row);
      put(out, static_cast<std::uint32_t>(text.size()));
      out += text;
      return;
    }
    case TypeKind::array:
    case TypeKind::map: {
      const std::int64_t* offsets = column.data<std::int64_t>();
      put(out, offsets[row + 1] - offsets[row]);
      for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i) {
        for (const Column& child : column.children)
          append_key(child, static_cast<std::size_t>(i), out);
      }
      return;
    }
    case TypeKind::structure:
      for (const Column& child : column.children) append_key(child, row, out);
      return;
    default: {
      const std::size_t width = value_width(column.type.kind);
      out.append(column.values.data() + row * width, width);
    }
  }
}

struct Place {
  std::uint32_t piece = 0;
  std::uint32_t row = 0;
};

/// The pieces of one table, oldest first, merged.
void merge_table(const std::vector<const StatePiece*>& pieces, BlockPool& pool,
                 std::vector<StatePiece>& merged) {
  ByteTable<Place> newest;
  std::string key;
  for (std::uint32_t p = 0; p < pieces.size(); ++p) {
    const Batch& batch = pieces[p]->batch;
    for (std::uint32_t row = 0; row < batch.num_rows(); ++row) {
      key.clear();
      append_key(batch.column(0), row, key);
      for (std::uint32_t k = 0; k < pieces[p]->num_key_columns; ++k)
        append_key(batch.column(2 + k), row, key);
      bool is_new = false;
      newest.find_or_insert(ByteKey::of(key), is_new) = {p, row};
    }
  }
  std::vector<Place> kept;
  newest.for_each([&](auto& entry) {
    const Place place = entry.value;
    const bool is_deleted =
        pieces[place.piece]->batch.column(1).template data<std::uint8_t>()[place.row] != 0;
    if (!is_deleted) kept.push_back(place);
  });
  // In the order they were written: rows of an interval keep theirs.
  std::sort(kept.begin(), kept.end(), [](const Place& a, const Place& b) {
    return a.piece != b.piece ? a.piece < b.piece : a.row < b.row;
  });
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    rows.push_back(kept[i].row);
    const bool is_last = i + 1 == kept.size() || kept[i + 1].piece != kept[i].piece;
    if (!is_last && rows.size() < kMergedPieceRows) continue;
    const StatePiece& piece = *pieces[kept[i].piece];
    merged.push_back({piece.table, piece.num_key_columns, take_rows(piece.batch, rows, pool)});
    rows.clear();
  }
}

}  // namespace

Result<std::string> encode_state_file(const std::vector<StatePiece>& pieces) {
  std::string raw;
  put(raw, static_cast<std::uint32_t>(pieces.size()));
  for (const StatePiece& piece : pieces) {
    if (piece.table.size() > kMaxNameBytes)
      return fatal(fmt::format("state table '{}…': its name has {} bytes, {} are allowed",
                               piece.table.substr(0, 40), piece.table.size(), kMaxNameBytes));
    put(raw, static_cast<std::uint16_t>(piece.table.size()));
    raw += piece.table;
    put(raw, piece.num_key_columns);
    encode_batch(piece.batch, raw);
  }
  if (raw.size() > kMaxStateFileBytes / 2)
    return fatal(
        fmt::format("one task's state of {} bytes is more than a file may hold ({}); raise "
                    "the parallelism",
                    raw.size(), kMaxStateFileBytes / 2));
  std::string file;
  put(file, kMagic);
  put(file, kVersion);
  put(file, static_cast<std::uint64_t>(raw.size()));
  const std::size_t bound = ZSTD_compressBound(raw.size());
  file.resize(kHeaderBytes + bound);
  const std::size_t size =
      ZSTD_compress(file.data() + kHeaderBytes, bound, raw.data(), raw.size(), kCompressionLevel);
  STREAM_CHECK(ZSTD_isError(size) == 0, ZSTD_getErrorName(size));
  file.resize(kHeaderBytes + size);
  put(file, hash_bytes(file));
  return file;
}

Result<std::vector<StatePiece>> decode_state_file(std::string_view bytes, BlockPool& pool) {
  if (bytes.size() < kHeaderBytes + kChecksumBytes) return damaged("cut short");
  std::uint64_t checksum;
  std::memcpy(&checksum, bytes.data() + bytes.size() - kChecksumBytes, sizeof checksum);
  bytes.remove_suffix(kChecksumBytes);
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t raw_size = 0;
  std::string_view rest = bytes;
  take(rest, magic);
  take(rest, version);
  take(rest, raw_size);
  if (magic != kMagic) return damaged("it is no state file");
  if (version != kVersion)
    return fatal(
        fmt::format("state file of format version {}; this build reads {}", version, kVersion));
  if (hash_bytes(bytes) != checksum) return damaged("checksum differs");
  if (raw_size > kMaxStateFileBytes || raw_size / kMaxExpansion > rest.size())
    return damaged("it claims more bytes than it can hold");
  std::string raw(raw_size, '\0');
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), rest.data(), rest.size());
  if (ZSTD_isError(size) != 0 || size != raw_size) return damaged("it does not decompress");

  std::string_view left = raw;
  std::uint32_t num_pieces = 0;
  if (!take(left, num_pieces)) return damaged("cut short");
  std::vector<StatePiece> pieces;
  for (std::uint32_t i = 0; i < num_pieces; ++i) {
    StatePiece piece;
    std::uint16_t name_size = 0;
    if (!take(left, name_size) || name_size > kMaxNameBytes || left.size() < name_size)
      return damaged("a table's name");
    piece.table = std::string(left.substr(0, name_size));
    left.remove_prefix(name_size);
    if (!take(left, piece.num_key_columns)) return damaged("cut short");
    STREAM_TRY(piece.batch, decode_batch(left, pool));
    if (piece.batch.num_columns() < 2 + std::size_t{piece.num_key_columns} ||
        piece.batch.column(0).type.kind != TypeKind::int64 ||
        piece.batch.column(1).type.kind != TypeKind::boolean)
      return damaged("table " + piece.table + " lacks its key columns");
    pieces.push_back(std::move(piece));
  }
  if (!left.empty()) return damaged("bytes after the last piece");
  return pieces;
}

std::vector<StatePiece> merge_pieces(const std::vector<StatePiece>& pieces, BlockPool& pool) {
  std::map<std::string, std::vector<const StatePiece*>> tables;
  for (const StatePiece& piece : pieces) tables[piece.table].push_back(&piece);
  std::vector<StatePiece> merged;
  for (const auto& [name, table] : tables) merge_table(table, pool, merged);
  return merged;
}

}  // namespace stream
