// Files that hold keys: made for their owner alone from their first byte on, and never through a
// link that somebody else put there. Used by the authority; any thread.
#pragma once

#include <libstream/base/result.hpp>

#include <string>
#include <string_view>

namespace stream {

enum class FileReaders { owner, everybody };

/// Writes a new file durably, complete or not at all. Error: it exists and `is_replacing` is false.
Result<void> write_new_file(const std::string& path, std::string_view content, FileReaders readers,
                            bool is_replacing);

/// Error: the file is missing, or others than its owner may read it.
Result<void> check_private(const std::string& path);

}  // namespace stream
