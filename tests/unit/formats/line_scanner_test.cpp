#include <libstream/formats/line_scanner.hpp>
#include <tests/kit/catch.hpp>

#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace stream;

namespace {

constexpr std::size_t kNoLimit = 1u << 30;

/// The definition: everything up to each '\n', without one '\r' in front of it.
std::vector<std::string> naive_lines(const std::string& text, std::size_t begin, std::size_t end) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t i = begin; i < end; ++i) {
    if (text[i] != '\n') {
      line += text[i];
      continue;
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    line.clear();
  }
  return lines;
}

/// `text` in a buffer with the slack of a block, scanned by both scanners, which must agree.
struct Scanned {
  Scanned(const std::string& text, std::size_t begin, std::size_t end, std::size_t max_lines,
          std::size_t max_line_bytes)
      : block(text + std::string(64, '\n')), views(max_lines), portable_views(max_lines) {
    std::memset(views.data(), 0x55, max_lines * sizeof(StringView));
    scan = scan_lines(block.data(), begin, end, views.data(), max_lines, max_line_bytes);
    const LineScan portable = scan_lines_portable(block.data(), begin, end, portable_views.data(),
                                                  max_lines, max_line_bytes);
    REQUIRE(scan.num_lines == portable.num_lines);
    REQUIRE(scan.next == portable.next);
    REQUIRE(scan.is_too_long == portable.is_too_long);
    REQUIRE(std::memcmp(views.data(), portable_views.data(), scan.num_lines * sizeof(StringView)) ==
            0);
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < scan.num_lines; ++i) {
      const StringView& view = views[i];
      if (view.is_inline()) {
        result.emplace_back(view.inlined, view.size);
        for (std::size_t unused = view.size; unused < 12; ++unused)
          REQUIRE(view.inlined[unused] == 0);
      } else {
        REQUIRE(view.outside.block == 0);
        REQUIRE(std::memcmp(view.outside.prefix, block.data() + view.outside.offset, 4) == 0);
        result.emplace_back(block.data() + view.outside.offset, view.size);
      }
    }
    return result;
  }
  std::string block;
  std::vector<StringView> views;
  std::vector<StringView> portable_views;
  LineScan scan;
};

std::string random_text(std::mt19937& random, std::size_t size) {
  const std::string letters = "aaab\r\n\n\xff";
  const bool is_dense = random() % 2 == 0;
  std::string text;
  while (text.size() < size) {
    if (!is_dense) text.append(random() % 70, 'x');
    text += letters[random() % letters.size()];
  }
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("lines of random texts are those of the definition for every begin and end") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20; ++round) {
    const std::string text = random_text(random, random() % 200);
    for (std::size_t begin = 0; begin <= text.size(); begin += 1 + random() % 3) {
      for (std::size_t end = begin; end <= text.size(); ++end) {
        const Scanned scanned(text, begin, end, 256, kNoLimit);
        REQUIRE(scanned.lines() == naive_lines(text, begin, end));
        const std::size_t last = text.substr(0, end).rfind('\n');
        REQUIRE(scanned.scan.next ==
                (last == std::string::npos || last < begin ? begin : last + 1));
      }
    }
  }
}

TEST_CASE("a scan stops at the number of lines that it may take and goes on from there") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::string text = random_text(random, 5000);
  for (const std::size_t max_lines : {1u, 2u, 7u, 64u}) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0;;) {
      const Scanned scanned(text, begin, text.size(), max_lines, kNoLimit);
      if (scanned.scan.num_lines == 0) break;
      REQUIRE(scanned.scan.num_lines <= max_lines);
      for (std::string& line : scanned.lines()) lines.push_back(std::move(line));
      begin = scanned.scan.next;
    }
    REQUIRE(lines == naive_lines(text, 0, text.size()));
  }
}

TEST_CASE("a scan stops in front of a line over the limit") {
  const std::string text = "12345\n1234567\r\n12345678\nend\n";
  const Scanned scanned(text, 0, text.size(), 10, 7);
  CHECK(scanned.lines() == std::vector<std::string>{"12345", "1234567"});
  CHECK(scanned.scan.is_too_long);
  CHECK(scanned.scan.next == text.find("12345678"));
}

TEST_CASE("only one carriage return in front of the line feed goes") {
  const std::string text = "\r\n\r\r\na\rb\r\n\n";
  CHECK(Scanned(text, 0, text.size(), 10, kNoLimit).lines() ==
        std::vector<std::string>{"", "\r", "a\rb", ""});
}
