// Cuts a block of bytes into lines. Used by every reader of text (files, sockets, pipes); pure
// functions, any thread. SSE on x86-64, a portable loop elsewhere; both give the same views.
#pragma once

#include <libstream/data/batch.hpp>

#include <cstddef>

namespace stream {

struct LineScan {
  std::size_t num_lines = 0;
  std::size_t next = 0;      ///< where the first line not taken begins
  bool is_too_long = false;  ///< the line at `next` is whole and over the limit: it was not taken
};

/// Takes the whole lines (those that end in '\n') of block[begin, end), at most `max_lines`, and
/// writes their views; one '\r' before the '\n' is removed. Offsets in the views count from
/// `block`, their block number is 0. Stops before a line of more than `max_line_bytes`.
/// Requires 16 readable bytes after `end` (a pool's block has them) and end < 4 GiB.
LineScan scan_lines(const char* block, std::size_t begin, std::size_t end, StringView* views,
                    std::size_t max_lines, std::size_t max_line_bytes);

/// The same result byte by byte: what machines without SSE run and what tests compare with.
LineScan scan_lines_portable(const char* block, std::size_t begin, std::size_t end,
                             StringView* views, std::size_t max_lines, std::size_t max_line_bytes);

/// The view of block[offset, offset + size), inline when short, unused bytes zero.
StringView make_line_view(const char* block, std::size_t offset, std::size_t size);

}  // namespace stream
