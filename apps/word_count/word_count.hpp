// The word_count pipeline: running totals of the words of text lines. Apart from main, so that
// benchmarks and tests run the very same program.
#pragma once

#include <libstream/stream.hpp>

#include <string>

namespace stream::apps {

struct WordCountOptions {
  std::string input;           ///< a file, a directory, or tcp://HOST:PORT
  std::string output;          ///< directory of the result; empty: the console
  std::string trigger = "1s";  ///< available-now or a duration
  std::string checkpoint;      ///< directory; empty: nothing is kept
  std::uint32_t parallelism = 1;
};

/// Builds the streams in a new context. Throws Error for wrong options.
StreamingContext make_word_count(std::shared_ptr<Runner> runner, const WordCountOptions& options);

/// The same program over DataFrames, started with `query`'s listeners. Results agree.
std::shared_ptr<StreamingQuery> start_word_count(const Session& session,
                                                 const WordCountOptions& options,
                                                 QueryOptions query);

}  // namespace stream::apps
