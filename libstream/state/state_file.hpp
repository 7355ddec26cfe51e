// One file of sealed state: pieces of one operator and one task, compressed and checksummed. Pure:
// bytes in memory. Used by checkpoint_directory and verification.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/state/state_piece.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// Larger files are neither written nor read.
inline constexpr std::size_t kMaxStateFileBytes = std::size_t{16} << 30;

/// Magic, version, raw size, zstd frame of the pieces, XXH3 of all before it. Error fatal
/// when the pieces exceed the limits of a file.
Result<std::string> encode_state_file(const std::vector<StatePiece>& pieces);
/// Error fatal saying what is damaged; memory is bounded by the size that the header states, which
/// the checksum covers, and at most 16 GiB.
Result<std::vector<StatePiece>> decode_state_file(std::string_view bytes, BlockPool& pool);

/// The last row of each key (hash and key columns), deleted ones left out, as pieces of bounded
/// size. `pieces` are given oldest first.
std::vector<StatePiece> merge_pieces(const std::vector<StatePiece>& pieces, BlockPool& pool);

}  // namespace stream
