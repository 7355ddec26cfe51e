#include <libstream/connectors/socket/logged_lines.hpp>
#include <libstream/connectors/socket/segment.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace stream {
namespace {

// Segments of so many full buffers may wait for their commit; then TCP holds the peer.
constexpr std::size_t kMaxWaitingBuffers = 4;

}  // namespace

Result<void> LoggedLinesPlanner::open(const PlannerContext& context) {
  log_ = &context.log;
  STREAM_TRY(auto entries, log_->read_all());
  for (auto& [n, content] : entries) {
    segment_bytes_ += content.size();
    segments_[n] = std::move(content);
    next_ = n + 1;
  }
  return {};
}

Result<std::string> LoggedLinesPlanner::initial_offset() { return segment_offset(0); }

Result<std::optional<std::string>> LoggedLinesPlanner::latest_offset(const std::string& start,
                                                                     EpochMillis) {
  STREAM_TRY(const std::int64_t from, parse_segment_offset(start));
  // Committed segments are gone from the log: the offset knows how many there were.
  next_ = std::max(next_, from);
  if (!receiver_) receiver_ = std::make_unique<TcpLineReceiver>(options_);
  if (segment_bytes_ < kMaxWaitingBuffers * options_.max_buffered_bytes) STREAM_TRY(log_received());
  return std::optional<std::string>(segment_offset(next_));
}

Result<void> LoggedLinesPlanner::log_received() {
  if (unwritten_.empty()) {
    Segment segment;
    segment.rejects = receiver_->buffer().take_rejects();
    auto taken = receiver_->buffer().take(segment.lines);
    if (!taken && segment.rejects.empty()) return taken;
    if (segment.lines.empty() && segment.rejects.empty()) return {};
    unwritten_ = encode_segment(segment);
  }
  // Kept until it is durable: a log that fails once loses nothing.
  STREAM_TRY(log_->write(next_, unwritten_));
  segment_bytes_ += unwritten_.size();
  segments_[next_++] = std::exchange(unwritten_, {});
  return {};
}

Result<std::vector<Split>> LoggedLinesPlanner::plan(const std::string& start,
                                                    const std::string& end) {
  STREAM_TRY(const std::int64_t from, parse_segment_offset(start));
  STREAM_TRY(const std::int64_t to, parse_segment_offset(end));
  std::vector<Split> splits;
  for (std::int64_t n = from; n < to; ++n) {
    const auto found = segments_.find(n);
    if (found == segments_.end())
      return fatal(
          fmt::format("{}: segment {} of the write-ahead log is missing; the checkpoint "
                      "was damaged, its offsets need segments {} to {}",
                      socket_place(options_), n, from, to - 1));
    splits.push_back({found->second, static_cast<std::uint32_t>(n - from)});
  }
  return splits;
}

Result<void> LoggedLinesPlanner::commit(const std::string& end) {
  STREAM_TRY(const std::int64_t below, parse_segment_offset(end));
  while (!segments_.empty() && segments_.begin()->first < below) {
    segment_bytes_ -= segments_.begin()->second.size();
    segments_.erase(segments_.begin());
  }
  return log_->remove_below(below);
}

Result<void> LoggedLinesReader::start(const ReaderContext& context) {
  cutter_.start(context);
  return {};
}

Result<void> LoggedLinesReader::open(const Split& split) {
  STREAM_TRY(Segment segment, decode_segment(split.content));
  num_rejected_ += static_cast<std::int64_t>(segment.rejects.size());
  const std::size_t room = kMaxKeptRejects - std::min(rejects_.size(), kMaxKeptRejects);
  segment.rejects.resize(std::min(segment.rejects.size(), room));
  std::move(segment.rejects.begin(), segment.rejects.end(), std::back_inserter(rejects_));
  cutter_.set_text(segment.lines);
  return {};
}

Result<ReadStatus> LoggedLinesReader::read(Batch& batch) {
  if (cutter_.next_batch(batch)) return ReadStatus::batch;
  cutter_.release_memory();
  return ReadStatus::end_of_split;
}

std::vector<Reject> LoggedLinesReader::take_rejects() {
  std::vector<Reject> rejects = cutter_.take_rejects();
  std::move(rejects_.begin(), rejects_.end(), std::back_inserter(rejects));
  rejects_.clear();
  return rejects;
}

}  // namespace stream
