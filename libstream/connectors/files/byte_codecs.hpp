// Bytes of files in order, decompressed and converted to UTF-8, and the way back. Used by the
// readers and writers of file sources and sinks, on their thread.
#pragma once

#include <libstream/base/file_system.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace stream {

class ByteInput {
 public:
  virtual ~ByteInput() = default;
  /// Fills `into` with `size` bytes; fewer only at the end.
  virtual Result<std::size_t> read(char* into, std::size_t size) = 0;
};

/// True for the endings .gz and .zst, whose content is decompressed.
bool is_compressed_name(std::string_view path);

/// The content of `path` from byte `from` on, up to byte `limit` of the file. Compressed files and
/// other encodings than UTF-8 are read from their beginning only.
Result<std::unique_ptr<ByteInput>> open_input(FileSystem& files, const std::string& path,
                                              std::uint64_t from, std::uint64_t limit,
                                              const std::string& encoding);

/// Takes bytes of one file, gives them converted and compressed.
class ByteOutput {
 public:
  virtual ~ByteOutput() = default;
  /// Appends the form of `bytes` (UTF-8) to `out`; is_last: nothing follows.
  virtual Result<void> write(std::string_view bytes, bool is_last, std::string& out) = 0;
};

/// `compression`: "", "gzip" or "zstd".
Result<std::unique_ptr<ByteOutput>> make_output(const std::string& compression,
                                                const std::string& encoding);
/// ".gz" and the like, "" for none.
std::string_view compression_ending(std::string_view compression);

}  // namespace stream
