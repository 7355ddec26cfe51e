// What a submitted program has to say to whoever follows it: names of its queries, progress, what
// it prints. Bounded: of what nobody fetches in time the oldest goes, and lines that go are
// counted. Written by the program's threads, read by the node agent, page by page. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct ProgramEvent {
  enum class What : std::uint8_t {
    started,   ///< text: the names of the queries
    progress,  ///< text: a progress record as JSON
    printed,   ///< text: whole lines
    dropped,   ///< lines that nobody fetched in time, before what is printed next
  };
  What what = What::printed;
  std::string text;
  bool is_error = false;  ///< printed on standard error
  std::uint64_t lines = 0;
  bool operator==(const ProgramEvent&) const = default;
};

/// How far a follower has read. Of another attempt it is the beginning.
struct ProgramCursor {
  std::uint64_t attempt = 0;
  std::uint64_t records = 0;
  std::uint64_t lines = 0;
  bool is_started = false;
  bool operator==(const ProgramCursor&) const = default;
};

struct ProgramPage {
  ProgramCursor from;  ///< as it was asked
  ProgramCursor next;
  std::vector<ProgramEvent> events;
  bool is_all = true;  ///< nothing more is there now
};

class ProgramLog {
 public:
  static constexpr std::size_t kMostBytes = 4u << 20;       ///< of printed lines
  static constexpr std::size_t kMostRecords = 100;          ///< of progress
  static constexpr std::size_t kMostLineBytes = 64u << 10;  ///< what is longer is cut
  static constexpr std::size_t kPageBytes = 256u << 10;

  explicit ProgramLog(std::uint64_t attempt) : attempt_(attempt) {}

  void add(const ProgramEvent& event);
  ProgramPage read(const ProgramCursor& from) const;

 private:
  struct Line {
    std::string text;
    bool is_error = false;
  };
  void print(std::string_view text, bool is_error);
  void read_lines(ProgramPage& page) const;

  const std::uint64_t attempt_;
  mutable std::mutex mutex_;
  std::string started_;
  std::deque<std::string> records_;
  std::uint64_t first_record_ = 0;
  std::deque<Line> lines_;
  std::uint64_t first_line_ = 0;
  std::size_t line_bytes_ = 0;
};

}  // namespace stream
