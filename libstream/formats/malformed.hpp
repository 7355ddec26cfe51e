// What readers do alike about malformed records and about lines.
#pragma once

#include <libstream/formats/file_format.hpp>
#include <libstream/formats/read_behaviour.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stream {

/// Bytes that must be readable behind a text that make_line_view looks at.
inline constexpr std::size_t kPadding = 16;

/// The place of the corrupt column in `schema`, where it has one and the mode is permissive or not.
std::optional<std::size_t> corrupt_column(const Schema& schema, const MalformedHandling& handling);
/// Refuses a corrupt column that is no STRING: [INVALID_CORRUPT_RECORD_TYPE].
Result<void> check_corrupt_column(const Schema& schema, const MalformedHandling& handling);

/// Refuses a read of nothing but the corrupt column, as Spark does.
Result<void> refuse_corrupt_alone(const ReadRequest& request, const MalformedHandling& handling);

/// FAILFAST's error: [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] with the record cut short.
Error malformed_record_error(std::string_view record, std::uint64_t offset,
                             std::string_view reason);

/// Keeps a record that becomes no row: whole up to 64 KiB where rejects are an output, else its
/// first 1024 bytes, and of the first 100 records only.
void keep_reject(std::vector<RejectedRecord>& rejects, std::string_view record,
                 std::uint64_t offset, std::string reason, const ReadRequest& request);

struct TextLine {
  std::size_t size = 0;   ///< without its end
  std::size_t next = 0;   ///< where the next line begins
  bool is_whole = false;  ///< false: its end is not there yet
};

/// The line at text[at]: up to `separator`, or up to any of \n, \r and \r\n without one. Requires
/// at < text.size(). `is_last`: the end of the text ends it, too.
TextLine next_line(std::string_view text, std::size_t at,
                   const std::optional<std::string>& separator, bool is_last);

}  // namespace stream
