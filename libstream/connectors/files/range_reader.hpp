// Reads LineRanges of files into batches of lines: the reader of all file sources. Lives in a
// source task and is used by its thread only.
#pragma once

#include <libstream/connectors/files/line_ranges.hpp>
#include <libstream/connectors/source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace stream {

/// Holds at most one block and the part of a line that did not end in it; lines are views into the
/// block, only that part is copied. Lines of over `max_line_bytes` become rejects.
class RangeReader final : public SourceReader {
 public:
  explicit RangeReader(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  Result<void> start(const ReaderContext& context) override;
  Result<void> open(const Split& split) override;
  Result<ReadStatus> read(Batch& batch) override;
  std::vector<Reject> take_rejects() override { return std::exchange(rejects_, {}); }
  std::int64_t num_rejected() const override { return num_rejected_; }

 private:
  Result<void> open_file();
  bool is_done() const { return block_offset_ + line_begin_ >= range_.end; }
  bool has_unscanned() const { return scan_from_ < filled_; }
  std::size_t take_lines();
  void skip_line();
  void reject_line(std::size_t size);
  Result<void> fill();

  std::size_t max_line_bytes_;
  std::optional<ReaderContext> context_;
  LineRange range_;
  std::unique_ptr<RandomAccessFile> file_;

  BlockRef block_;
  BlockRef views_;
  std::uint64_t block_offset_ = 0;  ///< the place of block_[0] in the file
  std::size_t filled_ = 0;          ///< bytes in the block
  std::size_t line_begin_ = 0;      ///< where the first line not handed out begins
  std::size_t scan_from_ = 0;       ///< no whole line ends before this
  bool is_skipping_ = false;        ///< the line at line_begin_ is not wanted
  bool has_ended_line_ = false;     ///< the last line got the '\n' that it lacks

  std::vector<Reject> rejects_;
  std::int64_t num_rejected_ = 0;
};

}  // namespace stream
