#include <libstream/connectors/line_buffer.hpp>

#include <fmt/format.h>

namespace stream {

bool LineBuffer::append(std::string_view bytes, std::string_view place) {
  bool has_become_ready = false;
  bool has_room = true;
  {
    const std::lock_guard lock(mutex_);
    const bool was_empty = text_.empty();
    if (is_discarding_) {
      const std::size_t line_end = bytes.find('\n');
      if (line_end == std::string_view::npos) return !is_full_;
      bytes.remove_prefix(line_end + 1);
      is_discarding_ = false;
    }
    const std::size_t last_end = bytes.rfind('\n');
    if (last_end == std::string_view::npos) {
      partial_.append(bytes);
    } else {
      text_.append(partial_).append(bytes.substr(0, last_end + 1));
      partial_.assign(bytes.substr(last_end + 1));
    }
    // One byte more than the limit may still be the '\r' that does not count.
    if (partial_.size() > limits_.max_line_bytes + 1) {
      reject_partial(place,
                     fmt::format("the line is longer than {} bytes", limits_.max_line_bytes));
      is_discarding_ = true;
    }
    is_full_ = text_.size() >= limits_.max_buffered_bytes;
    has_room = !is_full_;
    has_become_ready = was_empty && !text_.empty();
  }
  if (has_become_ready) wake();
  return has_room;
}

void LineBuffer::break_line(std::string_view place) {
  const std::lock_guard lock(mutex_);
  is_discarding_ = false;
  if (!partial_.empty()) reject_partial(place, "the connection ended within the line");
}

void LineBuffer::finish() {
  {
    const std::lock_guard lock(mutex_);
    if (!partial_.empty()) text_.append(partial_).push_back('\n');
    partial_.clear();
    is_finished_ = true;
  }
  wake();
}

void LineBuffer::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    is_finished_ = true;
  }
  wake();
}

void LineBuffer::set_wake(std::function<void()> wake) {
  const std::lock_guard lock(wake_mutex_);
  wake_ = std::move(wake);
}

Result<void> LineBuffer::take(std::string& text) {
  bool was_full = false;
  {
    const std::lock_guard lock(mutex_);
    text.clear();
    if (text_.empty()) {
      // Idle: give the memory of busier times back.
      text_.shrink_to_fit();
      if (error_) return *error_;
      return {};
    }
    text.swap(text_);
    was_full = is_full_;
    is_full_ = false;
  }
  if (was_full && resume_) resume_();
  return {};
}

bool LineBuffer::is_over() const {
  const std::lock_guard lock(mutex_);
  return is_finished_ && text_.empty();
}

std::vector<Reject> LineBuffer::take_rejects() {
  const std::lock_guard lock(mutex_);
  return std::exchange(rejects_, {});
}

std::int64_t LineBuffer::num_rejected() const {
  const std::lock_guard lock(mutex_);
  return num_rejected_;
}

std::size_t LineBuffer::buffered_bytes() const {
  const std::lock_guard lock(mutex_);
  return text_.size() + partial_.size();
}

void LineBuffer::reject_partial(std::string_view place, std::string reason) {
  ++num_rejected_;
  if (rejects_.size() < kMaxKeptRejects)
    rejects_.push_back(
        {partial_.substr(0, kMaxRejectBytes), std::string(place), std::move(reason)});
  partial_.clear();
}

void LineBuffer::wake() {
  const std::lock_guard lock(wake_mutex_);
  if (wake_) wake_();
}

}  // namespace stream
