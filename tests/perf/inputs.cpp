#include <libstream/base/file_system.hpp>
#include <libstream/base/hash.hpp>
#include <tests/perf/inputs.hpp>

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace stream::perf {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;

/// A stream of numbers that depends on nothing but the seed.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(hash_integer(seed)) {}
  std::uint64_t below(std::uint64_t limit) { return (next() >> 32) * limit >> 32; }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t next() { return hash_integer(++state_); }
  std::uint64_t state_;
};

std::vector<std::string> make_vocabulary(std::uint32_t size, Numbers& numbers) {
  std::vector<std::string> words;
  std::unordered_set<std::string> seen;
  while (words.size() < size) {
    const std::uint64_t letters = 2 + numbers.below(words.size() < 200 ? 4 : 11);
    std::string word;
    for (std::uint64_t i = 0; i < letters; ++i) word += static_cast<char>('a' + numbers.below(26));
    if (seen.insert(word).second) words.push_back(std::move(word));
  }
  return words;
}

/// Draws ranks: rank k is 1/k times as likely as the first one. Two look-ups a draw (alias method).
class ZipfRanks {
 public:
  explicit ZipfRanks(std::uint32_t size) : keep_(size), other_(size) {
    double sum = 0;
    for (std::uint32_t i = 0; i < size; ++i) sum += 1.0 / (i + 1);
    std::vector<std::uint32_t> small, large;
    for (std::uint32_t i = 0; i < size; ++i) {
      keep_[i] = size / (sum * (i + 1));
      (keep_[i] < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
      const std::uint32_t filled = small.back();
      const std::uint32_t giver = large.back();
      small.pop_back();
      other_[filled] = giver;
      keep_[giver] -= 1 - keep_[filled];
      if (keep_[giver] < 1) {
        large.pop_back();
        small.push_back(giver);
      }
    }
    for (const std::uint32_t rank : small) keep_[rank] = 1;
    for (const std::uint32_t rank : large) keep_[rank] = 1;
  }
  std::uint32_t draw(Numbers& numbers) const {
    const auto rank = static_cast<std::uint32_t>(numbers.below(keep_.size()));
    return numbers.unit() < keep_[rank] ? rank : other_[rank];
  }

 private:
  std::vector<double> keep_;
  std::vector<std::uint32_t> other_;
};

}  // namespace

Result<TemporaryDirectory> TemporaryDirectory::make() {
  std::string path = (std::filesystem::temp_directory_path() / "stream-perf-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return fatal(path + ": the directory cannot be made");
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<void> write_words(const std::string& path, const WordText& text) {
  STREAM_TRY(auto file, local_file_system().open_writing(path));
  Numbers numbers(text.seed);
  const std::vector<std::string> vocabulary = make_vocabulary(text.num_distinct, numbers);
  const ZipfRanks ranks(text.num_distinct);
  std::string piece;
  for (std::uint64_t written = 0; written + piece.size() < text.size_bytes;) {
    const std::uint64_t num_words = 8 + numbers.below(5);
    for (std::uint64_t i = 0; i < num_words; ++i) {
      if (i > 0) piece += ' ';
      piece += vocabulary[ranks.draw(numbers)];
    }
    piece += '\n';
    if (piece.size() < kPieceBytes) continue;
    STREAM_TRY(file->append(piece));
    written += piece.size();
    piece.clear();
  }
  STREAM_TRY(file->append(piece));
  return file->close();
}

Result<void> copy_head(const std::string& from, const std::string& to, std::uint64_t size_bytes) {
  STREAM_TRY(auto source, local_file_system().open_reading(from));
  STREAM_TRY(auto target, local_file_system().open_writing(to));
  std::string piece(kPieceBytes, '\0');
  for (std::uint64_t at = 0; at < size_bytes;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, size_bytes - at));
    STREAM_TRY(const std::size_t got, source->read_at(at, piece.data(), wanted));
    at += got;
    std::string_view lines(piece.data(), got);
    // Only the last piece can end within a line.
    if (at == size_bytes || got < wanted) lines = lines.substr(0, lines.rfind('\n') + 1);
    STREAM_TRY(target->append(lines));
    if (got < wanted) break;
  }
  return target->close();
}

Result<std::int64_t> count_lines(const std::string& path) {
  STREAM_TRY(auto file, local_file_system().open_reading(path));
  std::string piece(kPieceBytes, '\0');
  std::int64_t lines = 0;
  for (std::uint64_t at = 0;;) {
    STREAM_TRY(const std::size_t got, file->read_at(at, piece.data(), piece.size()));
    lines += std::count(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got), '\n');
    if (got < piece.size()) return lines;
    at += got;
  }
}

}  // namespace stream::perf
