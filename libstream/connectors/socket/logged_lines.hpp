// The socket with a write-ahead log: the planner owns the connection and makes what was received a
// segment of the source's log at each tick; the reader reads segments, which splits carry along.
#pragma once

#include <libstream/connectors/line_cutter.hpp>
#include <libstream/connectors/socket/tcp_line_receiver.hpp>

#include <map>
#include <memory>

namespace stream {

class LoggedLinesPlanner final : public SourcePlanner {
 public:
  explicit LoggedLinesPlanner(SocketOptions options) : options_(std::move(options)) {}

  Result<void> open(const PlannerContext& context) override;
  Result<std::string> initial_offset() override;
  Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                   EpochMillis batch_time) override;
  /// One split a segment.
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override;
  Result<void> commit(const std::string& end) override;

 private:
  Result<void> log_received();

  SocketOptions options_;
  SourceLog* log_ = nullptr;
  std::unique_ptr<TcpLineReceiver> receiver_;
  std::map<std::int64_t, std::string> segments_;  // durable and not committed
  std::size_t segment_bytes_ = 0;
  std::string unwritten_;  // taken from the receiver, not yet durable
  std::int64_t next_ = 0;
};

class LoggedLinesReader final : public SourceReader {
 public:
  LoggedLinesReader(std::size_t max_line_bytes, std::string place)
      : cutter_(max_line_bytes, std::move(place)) {}

  Result<void> start(const ReaderContext& context) override;
  Result<void> open(const Split& split) override;
  Result<ReadStatus> read(Batch& batch) override;
  std::vector<Reject> take_rejects() override;
  std::int64_t num_rejected() const override { return num_rejected_ + cutter_.num_rejected(); }

 private:
  LineCutter cutter_;
  std::vector<Reject> rejects_;
  std::int64_t num_rejected_ = 0;
};

}  // namespace stream
