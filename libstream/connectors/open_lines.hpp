// Open ranges over a LineBuffer: what the socket without a log and standard input have in common.
// The offset is the number of lines handed out, a JSON integer. Threads as source.hpp says.
#pragma once

#include <libstream/connectors/line_buffer.hpp>
#include <libstream/connectors/line_cutter.hpp>

#include <functional>
#include <memory>

namespace stream {

class OpenLinesPlanner final : public SourcePlanner {
 public:
  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string&, EpochMillis) override {
    return std::optional<std::string>();
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string&) override {
    return std::vector<Split>{{start, 0}};
  }
  Result<void> commit(const std::string&) override { return {}; }
};

class OpenLinesReader final : public SourceReader {
 public:
  /// Called by the first open; what it gives keeps the connection open as long as it lives.
  using OpenFeed = std::function<std::shared_ptr<LineBuffer>()>;

  OpenLinesReader(OpenFeed open_feed, std::size_t max_line_bytes, std::string place);
  ~OpenLinesReader() override;

  Result<void> start(const ReaderContext& context) override;
  Result<void> open(const Split& split) override;
  /// end_of_split after end_open_range, and when the feed is over.
  Result<ReadStatus> read(Batch& batch) override;
  Result<std::string> end_open_range() override;
  std::vector<Reject> take_rejects() override;
  std::int64_t num_rejected() const override;

 private:
  OpenFeed open_feed_;
  LineCutter cutter_;
  std::function<void()> wake_;
  std::shared_ptr<LineBuffer> feed_;
  std::string taken_;
  std::int64_t offset_ = 0;
  bool is_ended_ = true;
};

}  // namespace stream
