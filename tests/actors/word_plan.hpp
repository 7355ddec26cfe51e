// Hand-made plans for the runners' tests: words are made by a bounded source, counted behind a hash
// exchange and collected. Hooks let a test fail, block and watch it.
#pragma once

#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/plans/physical_plan.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace stream::testing {

/// What a test sees of a running plan and does to it.
struct WordHooks {
  std::function<Result<void>(std::int64_t row)> on_read;  ///< before each batch, with its first row
  std::function<void(std::int64_t bytes)> on_batch_read;
  std::function<Result<void>(const std::string& word)> on_count;
};

struct WordPlan {
  std::int64_t num_rows = 10'000;
  std::int64_t rows_an_epoch = 10'000;
  std::int64_t rows_a_batch = 100;
  std::int64_t num_words = 97;
  std::uint32_t parallelism = 1;
  std::shared_ptr<const Sink> sink;
  WordHooks hooks;
};

/// words -> (hash) -> count -> sink. Row i is the word "word-<i % num_words>".
PhysicalPlan count_plan(const WordPlan& words);
/// words -> (forward) -> sink.
PhysicalPlan copy_plan(const WordPlan& words);

using WordCounts = std::map<std::string, std::int64_t>;
/// What count_plan must have counted in the end.
WordCounts expected_counts(const WordPlan& words);
/// The newest count of each word, and checks that a word's counts only grow.
WordCounts newest_counts(const CollectSink& sink);

}  // namespace stream::testing
