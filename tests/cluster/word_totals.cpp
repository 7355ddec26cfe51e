#include <tests/cluster/child_process.hpp>
#include <tests/cluster/word_totals.hpp>
#include <tests/kit/catch.hpp>

#include <sstream>

namespace stream::testing {

std::string random_text(std::mt19937_64& random, Counts& expected) {
  std::ostringstream text;
  for (int line = 0; line < 200; ++line) {
    for (int word = 0; word < 8; ++word) {
      // Few frequent words and many rare ones, some beyond 16 bytes.
      const auto rank = random() % 2 == 0 ? random() % 20 : random() % 3000;
      const std::string name = rank % 7 == 0 ? "a-rather-long-word-number-" + std::to_string(rank)
                                             : "w" + std::to_string(rank);
      ++expected[name];
      text << name << (word == 7 ? '\n' : ' ');
    }
  }
  return text.str();
}

// The name is part-TTTTT-EEEEEEEE-QUERYID8.txt.
long epoch_of(const std::string& file) { return std::stol(file.substr(file.find('-', 5) + 1)); }

Counts final_totals(const std::string& output) {
  std::map<std::string, std::map<long, long>> by_word;
  for (const auto& [name, lines] : read_lines(output)) {
    const long epoch = epoch_of(name);
    for (const std::string& line : lines) {
      const auto tab = line.find('\t');
      REQUIRE(tab != std::string::npos);
      const bool is_new =
          by_word[line.substr(0, tab)].emplace(epoch, std::stol(line.substr(tab + 1))).second;
      if (!is_new) FAIL("epoch " << epoch << " gives a word twice: " << line);
    }
  }
  Counts totals;
  for (const auto& [word, epochs] : by_word) {
    long before = 0;
    for (const auto& [epoch, total] : epochs) {
      if (total <= before) FAIL(word << " does not grow in epoch " << epoch);
      before = total;
    }
    totals[word] = before;
  }
  return totals;
}

}  // namespace stream::testing
