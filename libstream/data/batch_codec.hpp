// A batch as one contiguous block of bytes: for channels between nodes, changelogs, snapshots and
// spill files. Versioned, checksummed where they are kept; decoding bounds every count, since
// hostile bytes arrive.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>

#include <string>
#include <string_view>

namespace stream {

/// What an encoded batch ends with. Both sides know: none is for bytes that are not kept, on
/// connections that check what they carry.
enum class BatchSeal { checksum, none };

/// Appends the encoded batch (magic, version, length, schema, columns, XXH3 checksum) to `out`.
void encode_batch(const Batch& batch, std::string& out, BatchSeal seal = BatchSeal::checksum);

/// Decodes one batch from the front of `bytes` and removes it from there. The batch owns its
/// bytes. Error: fatal, saying what is wrong (damaged, cut short, newer version, over a limit).
Result<Batch> decode_batch(std::string_view& bytes, BlockPool& pool,
                           BatchSeal seal = BatchSeal::checksum);

}  // namespace stream
