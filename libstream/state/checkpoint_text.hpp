// Text files of a checkpoint: a body and a last line `xxh3 HEX` over it. Used by
// checkpoint_directory and its verification.
#pragma once

#include <libstream/base/file_system.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// What the metadata of this format begins with; the query id follows.
inline constexpr std::string_view kMetadataHead = "libstream checkpoint 1\n";

/// `body` and its checksum, as they are written.
std::string with_checksum(std::string body);
/// The body of a text file. Error fatal with the path when it is damaged.
Result<std::string> read_checked(FileSystem& files, const std::string& path);
/// True for what a write that never finished left behind.
bool is_temporary(const std::string& path);
/// The number that a file name is, if it is one.
std::optional<std::int64_t> file_number(const std::string& path);
/// True for what write_file_exclusive or write_file_atomic of a killed process left behind.
bool is_temporary_file(const std::string& path);
/// The files of a directory whose names are numbers, ascending; none when it is missing.
Result<std::vector<std::int64_t>> numbered_files(FileSystem& files, const std::string& directory);

}  // namespace stream
