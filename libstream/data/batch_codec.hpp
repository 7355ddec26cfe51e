// A batch as one contiguous block of bytes: for channels between nodes, changelogs, snapshots and
// spill files. Versioned and checksummed; decoding bounds every count, since hostile bytes arrive.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>

#include <string>
#include <string_view>

namespace stream {

/// Appends the encoded batch (magic, version, length, schema, columns, XXH3 checksum) to `out`.
void encode_batch(const Batch& batch, std::string& out);

/// Decodes one batch from the front of `bytes` and removes it from there. The batch owns its
/// bytes. Error: fatal, saying what is wrong (damaged, cut short, newer version, over a limit).
Result<Batch> decode_batch(std::string_view& bytes, BlockPool& pool);

}  // namespace stream
