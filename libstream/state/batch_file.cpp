#include <libstream/data/batch_codec.hpp>
#include <libstream/state/batch_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace stream {
namespace {

/// What is written and read at once, where batches are not larger.
constexpr std::size_t kChunkBytes = 256u << 10;

// In the file: the length of an encoded batch, then the batch.
using Length = std::uint64_t;

Error damaged(const SpillFile& file, std::string_view what) {
  return fatal(fmt::format(
      "the temporary file {} for rows of an epoch is damaged: {}; start the query again, and look "
      "at the disk if it happens once more",
      file.path, what));
}

}  // namespace

Result<void> BatchFile::append(const Batch& batch) {
  const std::size_t begin = unwritten_.size();
  unwritten_.append(sizeof(Length), '\0');
  encode_batch(batch, unwritten_);
  const Length length = unwritten_.size() - begin - sizeof(Length);
  std::memcpy(unwritten_.data() + begin, &length, sizeof length);
  longest_ = std::max(longest_, length);
  ++num_batches_;
  return unwritten_.size() < kChunkBytes ? Result<void>() : flush();
}

Result<void> BatchFile::flush() {
  if (unwritten_.empty()) return {};
  if (auto written = file_.writer->append(unwritten_); !written)
    return std::move(written).error().with_context(
        fmt::format("rows of an epoch that exceed the memory for them (raise {}, or set {} to a "
                    "directory with more room)",
                    kEpochBufferSetting, kLocalDirectorySetting));
  written_bytes_ += unwritten_.size();
  unwritten_.clear();
  return {};
}

Result<std::optional<Batch>> BatchFile::take(BlockPool& pool) {
  std::optional<Batch> taken;
  if (num_batches_ == 0) return taken;
  STREAM_TRY(fill(sizeof(Length)));
  Length length = 0;
  std::memcpy(&length, unread_.data() + next_unread_, sizeof length);
  if (length > longest_) return damaged(file_, "a batch is longer than any that was written");
  STREAM_TRY(fill(sizeof length + length));
  std::string_view encoded(unread_.data() + next_unread_ + sizeof length, length);
  auto batch = decode_batch(encoded, pool);
  if (!batch) return damaged(file_, batch.error().message());
  if (!encoded.empty()) return damaged(file_, "bytes follow a batch");
  next_unread_ += sizeof length + length;
  --num_batches_;
  taken = std::move(*batch);
  return taken;
}

/// Has at least `bytes` of the file in unread_.
Result<void> BatchFile::fill(std::size_t bytes) {
  const std::size_t there = unread_.size() - next_unread_;
  if (there >= bytes) return {};
  if (bytes - there > written_bytes_ - read_bytes_) STREAM_TRY(flush());
  std::copy(unread_.begin() + static_cast<std::ptrdiff_t>(next_unread_), unread_.end(),
            unread_.begin());
  next_unread_ = 0;
  const std::size_t wanted =
      std::min<std::uint64_t>(std::max(bytes - there, kChunkBytes), written_bytes_ - read_bytes_);
  unread_.resize(there + wanted);
  STREAM_TRY(const std::size_t count,
             file_.reader->read_at(read_bytes_, unread_.data() + there, wanted));
  read_bytes_ += count;
  unread_.resize(there + count);
  if (unread_.size() < bytes) return damaged(file_, "it is cut short");
  return {};
}

}  // namespace stream
