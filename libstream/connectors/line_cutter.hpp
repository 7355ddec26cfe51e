// Cuts received text into batches of lines whose bytes lie in blocks of the task's pool. Used by
// readers of sockets and standard input, on the reader's thread.
#pragma once

#include <libstream/connectors/source.hpp>

#include <string>
#include <vector>

namespace stream {

class LineCutter {
 public:
  /// `place` is said of rejected lines.
  LineCutter(std::size_t max_line_bytes, std::string place)
      : max_line_bytes_(max_line_bytes), place_(std::move(place)) {}

  void start(const ReaderContext& context);
  bool is_done() const { return next_ == size_; }
  /// Takes the next text, whole lines only, from `text`, and leaves there the old memory. Requires
  /// is_done().
  void set_text(std::string& text);
  /// The next batch; false when the text is done.
  bool next_batch(Batch& batch);
  /// Gives memory back while there is nothing to cut. Requires is_done().
  void release_memory();

  std::vector<Reject> take_rejects() { return std::exchange(rejects_, {}); }
  std::int64_t num_rejected() const { return num_rejected_; }

 private:
  void reject_line();

  std::size_t max_line_bytes_;
  std::string place_;
  BlockPool* pool_ = nullptr;
  std::size_t batch_rows_ = 1;
  std::size_t batch_bytes_ = 1;
  std::string text_;  // size_ bytes and the slack that scan_lines reads
  std::size_t size_ = 0;
  std::size_t next_ = 0;  // first byte not yet cut
  std::vector<Reject> rejects_;
  std::int64_t num_rejected_ = 0;
};

}  // namespace stream
