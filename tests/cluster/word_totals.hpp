// What word_count leaves of texts: for tests that kill it.
#pragma once

#include <map>
#include <random>
#include <string>

namespace stream::testing {

using Counts = std::map<std::string, long>;

/// 200 lines of words, a few frequent, which are counted in `expected`.
std::string random_text(std::mt19937_64& random, Counts& expected);

/// Of the name of a file that word_count wrote.
long epoch_of(const std::string& file);

/// The last total of each word in word_count's output. Fails the test where an epoch gives a word
/// twice, or one that does not grow.
Counts final_totals(const std::string& output);

}  // namespace stream::testing
