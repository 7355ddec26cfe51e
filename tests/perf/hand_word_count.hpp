// Word count as one would write it by hand for this very task: the bar of every ratio. Words are
// runs of bytes other than space, tab, CR and LF. Used by the workloads; starts threads of its own.
#pragma once

#include <libstream/base/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace stream::perf {

struct WordTotal {
  std::string word;
  std::int64_t count = 0;
  auto operator<=>(const WordTotal&) const = default;
};

class HandWordCount {
 public:
  /// Counts the words of the file at `path` on `num_threads` threads, each over a part of it.
  /// Error: bad_option when the file cannot be read or the processor has no AVX2.
  static Result<HandWordCount> run(const std::string& path, unsigned num_threads);

  HandWordCount(HandWordCount&&) noexcept;
  HandWordCount& operator=(HandWordCount&&) noexcept;
  ~HandWordCount();

  std::int64_t num_words() const;
  std::int64_t num_distinct() const;
  /// All words with their counts, sorted by word.
  std::vector<WordTotal> totals() const;

  class Table;

 private:
  explicit HandWordCount(std::vector<Table> tables);
  std::vector<Table> tables_;  // the first one holds the sum
};

}  // namespace stream::perf
