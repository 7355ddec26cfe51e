#include <libstream/connectors/files/range_reader.hpp>
#include <libstream/formats/line_scanner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace stream {
namespace {

constexpr std::size_t kRejectBytes = 1024;
constexpr std::size_t kMaxRejects = 100;

}  // namespace

Result<void> RangeReader::start(const ReaderContext& context) {
  context_.emplace(context);
  return {};
}

Result<void> RangeReader::open(const Split& split) {
  STREAM_TRY(range_, decode_range(split.content));
  if (auto opened = open_file(); !opened)
    return std::move(opened).error().with_context(fmt::format("cannot read '{}'", range_.path));
  // The byte in front decides whether a line begins at `begin`: if it is no '\n', the line there
  // belongs to the part before.
  is_skipping_ = range_.begin > 0;
  block_offset_ = range_.begin - (is_skipping_ ? 1 : 0);
  block_ = {};
  filled_ = line_begin_ = scan_from_ = 0;
  has_ended_line_ = false;
  return {};
}

Result<void> RangeReader::open_file() {
  FileSystem& files = context_->files;
  auto status = files.status(range_.path);
  if (range_.inode != 0 && (!status || status->inode != range_.inode)) {
    // Renamed since it was planned: its new name is in the same directory.
    STREAM_TRY(auto siblings, files.list(parent_path(range_.path)));
    const auto found = std::find_if(siblings.begin(), siblings.end(), [&](const FileStatus& file) {
      return file.inode == range_.inode;
    });
    if (found == siblings.end())
      return fatal("the file that was followed under this name is gone; its lines are lost");
    range_.path = found->path;
    status = *found;
  }
  if (!status) return std::move(status).error();
  if (status->size_bytes < range_.limit)
    return fatal(fmt::format("it has {} bytes, fewer than the {} it had when it was planned",
                             status->size_bytes, range_.limit));
  STREAM_TRY(file_, files.open_reading(range_.path));
  return {};
}

Result<ReadStatus> RangeReader::read(Batch& batch) {
  while (true) {
    if (is_skipping_ && has_unscanned()) skip_line();
    if (is_done()) {
      file_.reset();
      block_ = {};
      return ReadStatus::end_of_split;
    }
    if (!is_skipping_ && has_unscanned()) {
      if (const std::size_t num_lines = take_lines(); num_lines > 0) {
        batch = make_string_batch(text_schema(), std::move(views_), num_lines, block_);
        views_ = {};
        return ReadStatus::batch;
      }
      if (is_skipping_ || has_unscanned()) continue;
    }
    STREAM_TRY(fill());
  }
}

std::size_t RangeReader::take_lines() {
  const std::uint64_t left = range_.end - block_offset_;
  const std::size_t owned = std::min<std::uint64_t>(left, filled_);
  const std::size_t max_lines = std::min(context_->batch_rows, filled_ - line_begin_);
  if (!views_ || views_.capacity() < max_lines * sizeof(StringView))
    views_ = context_->pool.allocate(max_lines * sizeof(StringView));
  auto* views = reinterpret_cast<StringView*>(views_.data());
  // Every line that ends before the range does begins in it; of the others only the next one.
  LineScan scan = scan_lines(block_.data(), line_begin_, owned, views, max_lines, max_line_bytes_);
  if (scan.num_lines == 0 && !scan.is_too_long && owned < filled_)
    scan = scan_lines(block_.data(), line_begin_, filled_, views, 1, max_line_bytes_);
  line_begin_ = scan_from_ = scan.next;
  if (scan.num_lines > 0) return scan.num_lines;
  if (scan.is_too_long || filled_ - line_begin_ > max_line_bytes_ + 1) {
    reject_line(filled_ - line_begin_);
  } else {
    scan_from_ = filled_;
  }
  return 0;
}

void RangeReader::skip_line() {
  const void* newline = std::memchr(block_.data() + scan_from_, '\n', filled_ - scan_from_);
  if (newline == nullptr) {
    line_begin_ = scan_from_ = filled_;
    return;
  }
  line_begin_ = static_cast<std::size_t>(static_cast<const char*>(newline) - block_.data()) + 1;
  scan_from_ = line_begin_;
  is_skipping_ = false;
}

void RangeReader::reject_line(std::size_t size) {
  ++num_rejected_;
  is_skipping_ = true;
  if (rejects_.size() >= kMaxRejects && !context_->keeps_all_rejects) return;
  rejects_.push_back(
      {std::string(block_.data() + line_begin_, std::min(size, kRejectBytes)),
       fmt::format("file:{} byte {}", range_.path, block_offset_ + line_begin_),
       fmt::format("the line has more than {} bytes (max_line_bytes)", max_line_bytes_)});
}

Result<void> RangeReader::fill() {
  const std::size_t carried = filled_ - line_begin_;
  const std::uint64_t position = block_offset_ + filled_;
  if (position >= range_.limit) {
    STREAM_CHECK(!has_ended_line_, range_.path);
    // The last line counts without its '\n'; the block's slack has room for one.
    has_ended_line_ = true;
    if (carried == 0) {
      line_begin_ = static_cast<std::size_t>(range_.end - block_offset_);
      filled_ = scan_from_ = line_begin_;
      return {};
    }
    block_.data()[filled_++] = '\n';
    scan_from_ = line_begin_;
    return {};
  }
  const std::uint64_t left = range_.limit - position;
  const std::size_t wanted = std::max(context_->batch_bytes, 2 * carried + 1);
  const std::size_t size =
      std::min<std::uint64_t>(std::max<std::size_t>(wanted, 1), carried + left);
  BlockRef next = context_->pool.allocate(size);
  if (carried > 0) std::memcpy(next.data(), block_.data() + line_begin_, carried);
  STREAM_TRY(const std::size_t got,
             file_->read_at(position, next.data() + carried, size - carried));
  if (got < size - carried)
    return fatal(
        fmt::format("cannot read '{}': it ended at byte {}, before the {} it had when it "
                    "was planned",
                    range_.path, position + got, range_.limit));
  block_ = std::move(next);
  block_offset_ += line_begin_;
  line_begin_ = 0;
  filled_ = carried + got;
  scan_from_ = is_skipping_ ? carried : 0;
  return {};
}

}  // namespace stream
