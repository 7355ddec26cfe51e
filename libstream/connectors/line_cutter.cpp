#include <libstream/connectors/line_buffer.hpp>
#include <libstream/connectors/line_cutter.hpp>
#include <libstream/formats/line_scanner.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

constexpr std::size_t kSlack = 16;

}  // namespace

void LineCutter::start(const ReaderContext& context) {
  pool_ = &context.pool;
  batch_rows_ = std::max<std::size_t>(context.batch_rows, 1);
  batch_bytes_ = std::max<std::size_t>(context.batch_bytes, 1);
}

void LineCutter::set_text(std::string& text) {
  text_.clear();
  text_.swap(text);
  size_ = text_.size();
  next_ = 0;
  text_.append(kSlack, '\0');
}

bool LineCutter::next_batch(Batch& batch) {
  while (next_ < size_) {
    const char* const begin = text_.data() + next_;
    std::size_t bytes = std::min(size_ - next_, batch_bytes_);
    const std::size_t max_rows = std::min(batch_rows_, bytes);
    BlockRef views = pool_->allocate(max_rows * sizeof(StringView));
    auto* const into = reinterpret_cast<StringView*>(views.data());
    LineScan scan = scan_lines(begin, 0, bytes, into, max_rows, max_line_bytes_);
    if (scan.num_lines == 0 && !scan.is_too_long) {
      // The first line is longer than a batch's bytes: take it alone.
      bytes = std::string_view(begin, size_ - next_).find('\n') + 1;
      scan = scan_lines(begin, 0, bytes, into, max_rows, max_line_bytes_);
    }
    if (scan.num_lines == 0) {
      STREAM_CHECK(scan.is_too_long, fmt::format("no line in {} bytes of whole lines", bytes));
      reject_line();
      continue;
    }
    BlockRef block = pool_->allocate(scan.next);
    std::memcpy(block.data(), begin, scan.next);
    next_ += scan.next;
    batch = make_string_batch(text_schema(), std::move(views), scan.num_lines, std::move(block));
    return true;
  }
  return false;
}

void LineCutter::release_memory() {
  text_ = std::string();
  size_ = next_ = 0;
}

void LineCutter::reject_line() {
  const std::string_view rest = std::string_view(text_).substr(next_, size_ - next_);
  const std::string_view line = rest.substr(0, rest.find('\n'));
  ++num_rejected_;
  if (rejects_.size() < kMaxKeptRejects)
    rejects_.push_back({std::string(line.substr(0, kMaxRejectBytes)), place_,
                        fmt::format("the line is longer than {} bytes", max_line_bytes_)});
  next_ += line.size() + 1;
}

}  // namespace stream
