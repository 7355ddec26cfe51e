#include <libstream/control/program_log.hpp>

#include <algorithm>

namespace stream {

void ProgramLog::add(const ProgramEvent& event) {
  const std::lock_guard lock(mutex_);
  switch (event.what) {
    case ProgramEvent::What::started:
      started_ = event.text;
      return;
    case ProgramEvent::What::progress:
      records_.push_back(event.text);
      if (records_.size() <= kMostRecords) return;
      records_.pop_front();
      ++first_record_;
      return;
    case ProgramEvent::What::printed:
      return print(event.text, event.is_error);
    case ProgramEvent::What::dropped:
      return;
  }
}

void ProgramLog::print(std::string_view text, bool is_error) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string line(text.substr(0, std::min(end, kMostLineBytes)));
    if (line.back() != '\n') line += '\n';
    line_bytes_ += line.size();
    lines_.push_back({std::move(line), is_error});
    text.remove_prefix(end);
  }
  while (line_bytes_ > kMostBytes) {
    line_bytes_ -= lines_.front().text.size();
    lines_.pop_front();
    ++first_line_;
  }
}

ProgramPage ProgramLog::read(const ProgramCursor& from) const {
  const std::lock_guard lock(mutex_);
  ProgramPage page;
  page.from = from;
  if (from.attempt == attempt_) page.next = from;
  page.next.attempt = attempt_;
  if (!page.next.is_started && !started_.empty()) {
    page.next.is_started = true;
    page.events.push_back({ProgramEvent::What::started, started_, false, 0});
  }
  std::uint64_t& record = page.next.records;
  for (record = std::max(record, first_record_); record < first_record_ + records_.size(); ++record)
    page.events.push_back(
        {ProgramEvent::What::progress, records_[record - first_record_], false, 0});
  read_lines(page);
  return page;
}

/// Neighbours that were printed on the same stream go together.
void ProgramLog::read_lines(ProgramPage& page) const {
  std::uint64_t& line = page.next.lines;
  if (line < first_line_) {
    page.events.push_back({ProgramEvent::What::dropped, "", false, first_line_ - line});
    line = first_line_;
  }
  std::size_t bytes = 0;
  bool is_first = true;
  for (; line < first_line_ + lines_.size() && bytes < kPageBytes; ++line) {
    const Line& one = lines_[line - first_line_];
    if (is_first || page.events.back().is_error != one.is_error)
      page.events.push_back({ProgramEvent::What::printed, "", one.is_error, 0});
    is_first = false;
    page.events.back().text += one.text;
    ++page.events.back().lines;
    bytes += one.text.size();
  }
  page.is_all = line == first_line_ + lines_.size();
}

}  // namespace stream
