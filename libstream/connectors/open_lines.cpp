#include <libstream/connectors/open_lines.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace stream {

OpenLinesReader::OpenLinesReader(OpenFeed open_feed, std::size_t max_line_bytes, std::string place)
    : open_feed_(std::move(open_feed)), cutter_(max_line_bytes, std::move(place)) {}

OpenLinesReader::~OpenLinesReader() {
  if (feed_) feed_->set_wake({});
}

Result<void> OpenLinesReader::start(const ReaderContext& context) {
  cutter_.start(context);
  wake_ = context.wake;
  return {};
}

Result<void> OpenLinesReader::open(const Split& split) {
  const char* const last = split.content.data() + split.content.size();
  const auto [end, failure] = std::from_chars(split.content.data(), last, offset_);
  if (failure != std::errc() || end != last)
    return fatal(
        fmt::format("'{}' is not a number of lines; the checkpoint belongs to another "
                    "source",
                    split.content));
  is_ended_ = false;
  if (!feed_) {
    feed_ = open_feed_();
    feed_->set_wake(wake_);
  }
  return {};
}

Result<ReadStatus> OpenLinesReader::read(Batch& batch) {
  if (is_ended_) return ReadStatus::end_of_split;
  while (!cutter_.next_batch(batch)) {
    // Asked before taking: a feed that is over by now has nothing left when nothing is taken.
    const bool is_over = feed_->is_over();
    STREAM_TRY(feed_->take(taken_));
    if (!taken_.empty()) {
      cutter_.set_text(taken_);
      continue;
    }
    if (is_over) return ReadStatus::end_of_split;
    cutter_.release_memory();
    taken_ = std::string();
    return ReadStatus::no_rows_yet;
  }
  offset_ += static_cast<std::int64_t>(batch.num_rows());
  return ReadStatus::batch;
}

Result<std::string> OpenLinesReader::end_open_range() {
  is_ended_ = true;
  return std::to_string(offset_);
}

std::vector<Reject> OpenLinesReader::take_rejects() {
  std::vector<Reject> rejects = cutter_.take_rejects();
  if (!feed_) return rejects;
  std::vector<Reject> of_feed = feed_->take_rejects();
  std::move(of_feed.begin(), of_feed.end(), std::back_inserter(rejects));
  return rejects;
}

std::int64_t OpenLinesReader::num_rejected() const {
  return cutter_.num_rejected() + (feed_ ? feed_->num_rejected() : 0);
}

}  // namespace stream
