#include <libstream/base/file_system.hpp>
#include <tests/kit/catch.hpp>
#include <tests/perf/hand_word_count.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/word_totals.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

using namespace stream;
using namespace stream::perf;

namespace {

std::vector<WordTotal> totals_by_byte(const std::string& text) {
  std::map<std::string, std::int64_t> totals;
  std::string word;
  for (const char c : text + "\n") {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      ++totals[word];
      word.clear();
    }
  }
  std::vector<WordTotal> sorted;
  for (const auto& [each, count] : totals) sorted.push_back({each, count});
  return sorted;
}

/// The same counts on one, two and three threads as byte by byte.
void check(const std::string& text) {
  const TemporaryDirectory directory = value_or_throw(TemporaryDirectory::make());
  const std::string path = directory / "text";
  value_or_throw(write_file_atomic(local_file_system(), path, text));
  const auto expected = totals_by_byte(text);
  for (const unsigned num_threads : {1u, 2u, 3u}) {
    const HandWordCount counted = value_or_throw(HandWordCount::run(path, num_threads));
    CHECK(counted.totals() == expected);
    CHECK(counted.num_distinct() == static_cast<std::int64_t>(expected.size()));
  }
}

}  // namespace

TEST_CASE("the hand-written word count finds words at every edge of the text") {
  check("");
  check(" \t\r\n ");
  check("word");
  check("a b\tc\rd\ne");
  check("\n\nlonger-than-sixteen-bytes longer-than-sixteen-bytes!\n");
  check(std::string("a\0b a\0b a a\0", 12));
  for (std::size_t size = 60; size < 70; ++size)
    check(std::string(size, 'x') + " y " + std::string(size, 'z'));
}

TEST_CASE("the hand-written word count takes words longer than what it reads at once") {
  check(fmt::format("{0:x<300000} short {0:x<300001} short", ""));
}

TEST_CASE("the hand-written word count agrees with counting byte by byte on random text") {
  const auto seed = GENERATE(range(1u, 21u));
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::string text;
  const std::size_t size = random() % 600'000;
  // High bytes look like blanks in their low bits.
  const std::string letters = "ab\xA0\x89 \n\t\r" + std::string(random() % 40, 'c');
  while (text.size() < size) text += letters[random() % letters.size()];
  check(text);
}

TEST_CASE("made text has whole lines of 8 to 12 words and depends on its seed only") {
  const TemporaryDirectory directory = value_or_throw(TemporaryDirectory::make());
  const auto made = [&](std::uint64_t seed) {
    value_or_throw(write_words(directory / "text", {100'000, seed, 1000}));
    return value_or_throw(read_file(local_file_system(), directory / "text"));
  };
  const std::string text = made(1);
  CHECK(text == made(1));
  CHECK(text != made(2));
  CHECK(text.size() >= 100'000);
  CHECK(text.size() < 100'200);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    REQUIRE(end != std::string::npos);
    const auto blanks = std::count(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                   text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    REQUIRE(blanks >= 7);
    REQUIRE(blanks <= 11);
    begin = end + 1;
  }
}

TEST_CASE("a wrong total is a difference that is named") {
  const TemporaryDirectory directory = value_or_throw(TemporaryDirectory::make());
  value_or_throw(write_file_atomic(local_file_system(), directory / "in", "a b a\n"));
  value_or_throw(local_file_system().create_directories(directory / "out"));
  const auto found = [&](const std::string& lines, bool is_final, std::int64_t laps = 1) {
    value_or_throw(write_file_atomic(local_file_system(), directory / "out/part", lines));
    return check_totals(directory / "in", laps, directory / "out", is_final);
  };
  CHECK(found("a\t2\nb\t1\n", true));
  CHECK(found("a\t1\nb\t1\na\t2\n", false));
  CHECK_FALSE(found("a\t1\nb\t1\na\t2\n", true));
  CHECK(found("a\t6\nb\t3\n", true, 3));
  CHECK_FALSE(found("a\t2\nb\t1\n", true, 3));
  CHECK_FALSE(found("a\t2\n", true));
  CHECK_FALSE(found("a\t2\nb\t1\nc\t1\n", true));
  const auto wrong = found("a\t3\nb\t1\n", true);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message().find("a 3, expected a 2") != std::string::npos);
}
