#include <libstream/formats/line_scanner.hpp>
#include <tests/perf/open_planner.hpp>
#include <tests/perf/replay_source.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace stream::perf {

Result<std::int64_t> parse_offset(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr != end)
    return fatal("'" + text + "' is no offset");
  return number;
}

namespace {

constexpr std::size_t kChunkBytes = 128u << 10;
constexpr std::size_t kSlackBytes = 64;

class ReplayReader final : public SourceReader {
 public:
  explicit ReplayReader(ReplayOptions options) : options_(std::move(options)) {}

  Result<void> start(const ReaderContext& context) override {
    context_.emplace(context);
    STREAM_TRY(file_, context.files.open_reading(options_.path));
    return {};
  }
  Result<void> open(const Split& split) override {
    STREAM_TRY(const std::int64_t offset, parse_offset(split.content));
    position_ = static_cast<std::uint64_t>(offset);
    is_ended_ = false;
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (is_ended_) return ReadStatus::end_of_split;
    if (position_ >= options_.size_bytes * static_cast<std::uint64_t>(options_.laps))
      return ReadStatus::no_rows_yet;
    const std::uint64_t at = position_ % options_.size_bytes;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, options_.size_bytes - at));
    BlockRef block = context_->pool.allocate(kChunkBytes + kSlackBytes);
    STREAM_TRY(const std::size_t got, file_->read_at(at, block.data(), wanted));
    BlockRef views = context_->pool.allocate(context_->batch_rows * sizeof(StringView));
    const LineScan scan =
        scan_lines(block.data(), 0, got, reinterpret_cast<StringView*>(views.data()),
                   context_->batch_rows, kChunkBytes);
    if (scan.num_lines == 0)
      return fatal(fmt::format("{}: no line ends within {} bytes of {}", options_.path, got, at));
    position_ += scan.next;
    if (options_.num_rows) *options_.num_rows += static_cast<std::int64_t>(scan.num_lines);
    batch = make_string_batch(text_schema(), std::move(views), scan.num_lines, std::move(block));
    return ReadStatus::batch;
  }
  Result<std::string> end_open_range() override {
    is_ended_ = true;
    return std::to_string(position_);
  }

 private:
  ReplayOptions options_;
  std::optional<ReaderContext> context_;
  std::unique_ptr<RandomAccessFile> file_;
  std::uint64_t position_ = 0;
  bool is_ended_ = false;
};

class ReplaySource final : public Source {
 public:
  explicit ReplaySource(ReplayOptions options) : options_(std::move(options)) {}
  std::string description() const override { return "ReplaySource[" + options_.path + "]"; }
  Schema schema() const override { return *text_schema(); }
  bool has_open_ranges() const override { return true; }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<OpenPlanner>();
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<ReplayReader>(options_);
  }

 private:
  ReplayOptions options_;
};

}  // namespace

std::shared_ptr<const Source> replay_source(ReplayOptions options) {
  return std::make_shared<ReplaySource>(std::move(options));
}

}  // namespace stream::perf
