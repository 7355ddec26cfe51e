// Columns that are in the names of directories: .../day=2024-01-02/kind=a/file. Found, typed and
// read by file sources, written by file sinks. Pure functions.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stream {

inline constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

/// The k=v components of the directories of `path` below `base`, names and values unescaped.
std::vector<std::pair<std::string, std::string>> partition_components(std::string_view path,
                                                                      std::string_view base);

/// The partition columns of files below their bases: types that hold all values, or those that
/// `given` (the user's schema) has for the names. Error: files disagree about the columns
/// ([CONFLICTING_PARTITION_COLUMN_NAMES]).
Result<std::vector<Field>> find_partition_columns(
    const std::vector<std::pair<std::string, std::string>>& paths_and_bases,
    const std::vector<Field>& given, bool infers_types);

/// The value of a component. Error: it is not of the type.
Result<Value> partition_value(const std::string& text, const DataType& type,
                              const std::string& time_zone);

/// A name or value as a part of a directory's name.
std::string escape_path_name(std::string_view text);
std::string unescape_path_name(std::string_view text);

}  // namespace stream
