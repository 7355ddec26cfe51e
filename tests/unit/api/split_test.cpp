#include <libstream/api/split.hpp>
#include <tests/kit/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace stream;

namespace {

std::vector<std::string> naive(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (separators.find(c) == std::string_view::npos) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(word);
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

template <class Splitter>
std::vector<std::string> words_of(const Splitter& splitter, std::string_view text) {
  std::vector<std::string> words;
  splitter(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

}  // namespace

TEST_CASE("tokenisers agree with a naive one on random bytes of every length") {
  std::mt19937_64 random(5);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text(size, ' ');
    for (char& c : text) {
      const auto kind = random() % 4;
      c = kind == 0 ? ' ' : kind == 1 ? "\t\r\n "[random() % 4] : static_cast<char>(random());
    }
    CAPTURE(size);
    REQUIRE(words_of(split_words(), text) == naive(text, " \t\r\n"));
    REQUIRE(words_of(split(' '), text) == naive(text, " "));
  }
}

TEST_CASE("every byte but the four blanks belongs to words") {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    CAPTURE(byte);
    CHECK(words_of(split_words(), std::string(1, c)).empty() == is_blank);
  }
}

TEST_CASE("a word may be longer than a step of the tokeniser") {
  const std::string word(1000, 'w');
  CHECK(words_of(split_words(), " " + word + " " + word) == std::vector<std::string>{word, word});
}
