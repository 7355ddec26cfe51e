#include <libstream/control/program_log.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

using What = ProgramEvent::What;

std::string text_of(const ProgramPage& page) {
  std::string text;
  for (const ProgramEvent& event : page.events) text += event.text;
  return text;
}

}  // namespace

TEST_CASE("a follower gets what a program says once, and another one all of it") {
  ProgramLog log(3);
  log.add({What::started, "counts", false, 0});
  log.add({What::progress, "{1}", false, 0});
  log.add({What::printed, "a\nb\n", false, 0});
  log.add({What::printed, "oh\n", true, 0});
  const ProgramPage first = log.read({});
  REQUIRE(first.events.size() == 4);
  CHECK(first.events[0] == ProgramEvent{What::started, "counts", false, 0});
  CHECK(first.events[1] == ProgramEvent{What::progress, "{1}", false, 0});
  CHECK(first.events[2] == ProgramEvent{What::printed, "a\nb\n", false, 2});
  CHECK(first.events[3] == ProgramEvent{What::printed, "oh\n", true, 1});
  CHECK(first.is_all);
  CHECK(log.read(first.next).events.empty());
  log.add({What::printed, "no end of line", false, 0});
  CHECK(text_of(log.read(first.next)) == "no end of line\n");
  CHECK(log.read({}).events.size() == 5);
}

TEST_CASE("a cursor of an attempt that is gone begins anew") {
  ProgramLog log(4);
  log.add({What::printed, "x\n", false, 0});
  const ProgramPage page = log.read({3, 20, 500, true});
  CHECK(text_of(page) == "x\n");
  CHECK(page.next == ProgramCursor{4, 0, 1, false});
  CHECK(page.from.attempt == 3);
}

TEST_CASE("what nobody fetches is dropped from the oldest on, and the lines are counted") {
  ProgramLog log(1);
  const std::string line(1023, 'x');
  constexpr std::size_t kLines = 2 * ProgramLog::kMostBytes / 1024;
  for (std::size_t i = 0; i < kLines; ++i) {
    log.add({What::printed, line + "\n", false, 0});
    log.add({What::progress, std::to_string(i), false, 0});
  }
  ProgramCursor cursor;
  std::uint64_t lines = 0;
  std::uint64_t dropped = 0;
  std::size_t records = 0;
  std::size_t pages = 0;
  bool is_all = false;
  while (!is_all) {
    const ProgramPage page = log.read(cursor);
    std::size_t bytes = 0;
    for (const ProgramEvent& event : page.events) {
      bytes += event.text.size();
      (event.what == What::dropped ? dropped : lines) += event.lines;
      records += event.what == What::progress ? 1 : 0;
    }
    CHECK(bytes <= ProgramLog::kPageBytes + ProgramLog::kMostLineBytes);
    cursor = page.next;
    is_all = page.is_all;
    ++pages;
  }
  CHECK(lines == kLines / 2);
  CHECK(dropped == kLines / 2);
  CHECK(records == ProgramLog::kMostRecords);
  CHECK(pages >= 16);
}

TEST_CASE("a line that is too long is cut") {
  ProgramLog log(1);
  log.add({What::printed, std::string(1u << 20, 'x') + "\ny\n", false, 0});
  const std::string text = text_of(log.read({}));
  CHECK(text.size() == ProgramLog::kMostLineBytes + 3);
  CHECK(text.ends_with("x\ny\n"));
}
