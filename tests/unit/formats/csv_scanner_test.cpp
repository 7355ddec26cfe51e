#include <libstream/formats/csv_scanner.hpp>
#include <tests/kit/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace stream;

TEST_CASE("every CSV scan of the machine finds what a plain loop finds") {
  constexpr unsigned kSeed = 1;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  // Some of them share their low halves, with each other or with line ends; some are no ASCII.
  const std::vector<char> separators{',', '\t', '|', ';', '\x01', ' ', 'a', '\x1a', '\0', '\xe4'};
  const std::vector<char> quotes{'"', '\'', '\0', '*', '\r', '\xc3'};
  std::vector<char> block(1024 + 64);
  std::vector<std::uint32_t> found(1200), expected(1200);
  for (int lap = 0; lap < 2000; ++lap) {
    const char separator = separators[random() % separators.size()];
    const char quote = quotes[random() % quotes.size()];
    const std::vector<char> likely{separator, quote, '\n', '\r', '\0', '\x80', '\x8c', '\xff', '0'};
    for (char& c : block)
      c = random() % 3 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
    const std::size_t begin = random() % 200;
    const std::size_t end = begin + random() % 600;
    const std::vector<CsvScan> scans = csv_scans();
    const auto plain = scans[0](block.data(), begin, end, separator, quote, expected.data());
    for (std::size_t i = 1; i < scans.size(); ++i) {
      CAPTURE(i);
      const auto fast = scans[i](block.data(), begin, end, separator, quote, found.data());
      REQUIRE(fast.count == plain.count);
      REQUIRE(fast.num_lines == plain.num_lines);
      REQUIRE(fast.is_plain == plain.is_plain);
      REQUIRE((!fast.is_ascii || plain.is_ascii));
      REQUIRE(std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(fast.count),
                         expected.begin()));
    }
  }
}
