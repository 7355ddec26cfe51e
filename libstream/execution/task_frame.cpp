#include <libstream/data/batch_codec.hpp>
#include <libstream/execution/record_fields.hpp>
#include <libstream/execution/task_frame.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stream {

template <class Archive>
void describe(Archive& archive, TaskFrameHeader& r) {
  archive(r.generation, r.from, r.task, r.sequence);
}

namespace {

enum class Tag : std::uint8_t { start, batch, end, credit, begin_epoch, end_range, commit };
constexpr Tag last_of(Tag) { return Tag::commit; }

// A batch of no columns takes no bytes a row; no task makes larger ones.
constexpr std::size_t kMaxBatchRows = 1u << 24;
// About what a batch's schema takes.
constexpr std::size_t kHeadBytes = 1024;

Result<Batch> take_batch(UnpackArchive& archive, BlockPool& pool) {
  std::string_view rest = archive.reader().rest();
  const std::size_t before = rest.size();
  STREAM_TRY(Batch batch, decode_batch(rest, pool, BatchSeal::none));
  if (batch.num_rows() > kMaxBatchRows) return fatal("frame damaged: a batch of too many rows");
  archive.reader().skip(before - rest.size());
  return batch;
}

}  // namespace

std::string& TaskFrameWriter::frame() {
  if (frame_.empty()) {
    frame_ += static_cast<char>(FrameKind::task);
    PackArchive archive(frame_);
    archive(header_);
  }
  return frame_;
}

void TaskFrameWriter::deliver(std::uint32_t input, const Element& element) {
  if (const auto* batch = std::get_if<Batch>(&element))
    return put_batch(input, *batch, static_cast<std::int64_t>(batch->retained_bytes()));
  PackArchive archive(frame());
  if (const auto* start = std::get_if<EpochStart>(&element)) {
    archive(Tag::start, input, *start);
  } else {
    archive(Tag::end, input, std::get<EpochEnd>(element).epoch);
  }
}

/// Cuts what is too long by rows; the last piece carries the charge.
void TaskFrameWriter::put_batch(std::uint32_t input, const Batch& batch, std::int64_t charge) {
  const std::size_t pieces = std::min(batch.live_bytes() / kMostBatchBytes + 1,
                                      std::max<std::size_t>(batch.num_rows(), 1));
  PackArchive archive(frame());
  if (pieces == 1) {
    archive(Tag::batch, input, charge);
    frame_.reserve(frame_.size() + batch.live_bytes() + kHeadBytes);
    return encode_batch(batch, frame_, BatchSeal::none);
  }
  std::vector<std::uint32_t> rows(batch.num_rows());
  std::iota(rows.begin(), rows.end(), 0u);
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::size_t from = rows.size() * i / pieces;
    const std::size_t to = rows.size() * (i + 1) / pieces;
    archive(Tag::batch, input, i + 1 == pieces ? charge : std::int64_t{0});
    encode_batch(take_rows(batch, std::span(rows).subspan(from, to - from), pool_), frame_,
                 BatchSeal::none);
  }
}

void TaskFrameWriter::grant(std::uint32_t output, std::int64_t bytes) { credits_[output] += bytes; }

void TaskFrameWriter::begin_epoch(const EpochStart& start, const std::vector<Split>& splits) {
  PackArchive archive(frame());
  archive(Tag::begin_epoch, start, splits);
}

void TaskFrameWriter::end_range() {
  PackArchive archive(frame());
  archive(Tag::end_range);
}

void TaskFrameWriter::commit_epoch(EpochId epoch) {
  PackArchive archive(frame());
  archive(Tag::commit, epoch);
}

Result<std::string> TaskFrameWriter::take() {
  PackArchive archive(frame());
  for (const auto& [output, bytes] : credits_) archive(Tag::credit, output, bytes);
  credits_.clear();
  ++header_.sequence;
  std::string frame = std::exchange(frame_, {});
  if (frame.size() > kMaxFrameBytes)
    return bad_data(fmt::format(
        "a row of about {} bytes cannot go to another node: a message holds {} bytes; leave the "
        "long column out before rows are exchanged, or run the query on one node",
        frame.size(), kMaxFrameBytes));
  return frame;
}

Result<TaskFrameHeader> read_task_frame(std::string_view& frame) {
  if (kind_of_frame(frame) != FrameKind::task) return fatal("frame of another kind, or too long");
  UnpackArchive archive(frame.substr(1));
  TaskFrameHeader header;
  archive(header);
  if (archive.reader().has_failed()) return std::move(archive.reader().finish()).error();
  frame = archive.reader().rest();
  return header;
}

Result<std::vector<TaskEvent>> read_task_events(std::string_view elements, std::size_t num_inputs,
                                                std::size_t num_outputs, BlockPool& pool) {
  UnpackArchive archive(elements);
  std::vector<TaskEvent> events;
  while (!archive.reader().rest().empty() && !archive.reader().has_failed()) {
    Tag tag{};
    archive(tag);
    if (tag == Tag::begin_epoch) {
      EpochArrived epoch;
      archive(epoch.start, epoch.splits);
      events.emplace_back(std::move(epoch));
      continue;
    }
    if (tag == Tag::end_range) {
      events.emplace_back(RangeEndArrived{});
      continue;
    }
    if (tag == Tag::commit) {
      CommitArrived commit;
      archive(commit.epoch);
      events.emplace_back(commit);
      continue;
    }
    std::uint32_t place = 0;
    archive(place);
    if (place >= (tag == Tag::credit ? num_outputs : num_inputs))
      archive.reader().refuse("a channel that the task does not have");
    if (archive.reader().has_failed()) break;
    if (tag == Tag::credit) {
      CreditArrived credit{place, 0};
      archive(credit.bytes);
      events.emplace_back(credit);
    } else if (tag == Tag::start) {
      EpochStart start;
      archive(start);
      events.emplace_back(ElementArrived{place, start, 0});
    } else if (tag == Tag::end) {
      EpochEnd end;
      archive(end.epoch);
      events.emplace_back(ElementArrived{place, end, 0});
    } else {
      std::int64_t charge = 0;
      archive(charge);
      if (archive.reader().has_failed()) break;
      STREAM_TRY(Batch batch, take_batch(archive, pool));
      events.emplace_back(ElementArrived{place, std::move(batch), charge});
    }
  }
  STREAM_TRY(archive.reader().finish());
  return events;
}

}  // namespace stream
