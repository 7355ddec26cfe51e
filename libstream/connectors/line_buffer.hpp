// The hand-over of received text from a thread that gets bytes (socket, standard input) to the one
// that reads lines. Thread-safe: one lock guards the text. Bounded: a full buffer tells the
// producer to stop, and `resume` when there is room again.
#pragma once

#include <libstream/connectors/source.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct LineLimits {
  std::size_t max_line_bytes = 1u << 20;
  std::size_t max_buffered_bytes = 4u << 20;
};

/// Rejected records kept for the side output between two calls; more are only counted.
inline constexpr std::size_t kMaxKeptRejects = 1000;
/// Bytes kept of a rejected record.
inline constexpr std::size_t kMaxRejectBytes = 1024;

class LineBuffer {
 public:
  explicit LineBuffer(LineLimits limits) : limits_(limits) {}

  // The producer's side; one thread.

  /// Called by the consumer's thread when a full buffer was emptied. Set before the first append.
  void set_resume(std::function<void()> resume) { resume_ = std::move(resume); }
  /// False: full. Append no more until `resume`.
  bool append(std::string_view bytes, std::string_view place);
  /// The stream broke: a line that has begun is rejected, what comes next begins a new one.
  void break_line(std::string_view place);
  /// Nothing more comes; a line that has begun counts as whole.
  void finish();
  /// Nothing more comes, because of `error`.
  void fail(Error error);

  // The consumer's side; one thread.

  /// Called, by the producer's thread, when there is something to take after there was nothing.
  /// When this returns, the previous function is not running and is not called again.
  void set_wake(std::function<void()> wake);
  /// Replaces `text` by the whole lines received, in order; empty when there are none. Returns the
  /// error that ended the stream once all text is taken.
  Result<void> take(std::string& text);
  /// True when all has been taken and nothing more comes.
  bool is_over() const;
  std::vector<Reject> take_rejects();
  std::int64_t num_rejected() const;
  std::size_t buffered_bytes() const;

 private:
  void reject_partial(std::string_view place, std::string reason);
  void wake();

  const LineLimits limits_;
  std::function<void()> resume_;
  mutable std::mutex mutex_;    // guards all below up to wake_mutex_
  std::string text_;            // whole lines
  std::string partial_;         // a line that has begun
  bool is_discarding_ = false;  // inside a line that is too long
  bool is_full_ = false;
  bool is_finished_ = false;
  std::optional<Error> error_;
  std::vector<Reject> rejects_;
  std::int64_t num_rejected_ = 0;
  std::mutex wake_mutex_;  // guards wake_ and holds while it runs
  std::function<void()> wake_;
};

}  // namespace stream
