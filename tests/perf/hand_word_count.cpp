#include <tests/perf/hand_word_count.hpp>

#include <fcntl.h>
#include <immintrin.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

// The whole loop is compiled for AVX2, also where the rest of the build is not.
#define STREAM_PERF_AVX2 __attribute__((target("avx2,bmi,bmi2")))
#define STREAM_PERF_INLINE __attribute__((always_inline, target("avx2,bmi,bmi2"))) inline

namespace stream::perf {
namespace {

constexpr std::size_t kChunkBytes = 128u << 10;
constexpr std::size_t kSlackBytes = 128;
constexpr std::size_t kGroup = 64;  // words whose slots are fetched together

/// A word's first 16 bytes; of a longer one the second half is a hash of the rest.
struct Key {
  std::uint64_t low;
  std::uint64_t high;
};

struct Slot {
  Key key;
  std::uint32_t size;  // 0: empty
  std::uint32_t count;
  const char* text;  // of words longer than 16 bytes
};
static_assert(sizeof(Slot) == 32);

struct Word {
  Key key;
  std::uint64_t hash;
  const char* text;
  std::uint32_t size;
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::uint64_t hash_of(const Key& key) {
  const std::uint64_t mixed =
      (key.low ^ std::rotl(key.high * 0x9e3779b97f4a7c15u, 29)) * 0xd6e8feb86659fd93u;
  return mixed ^ (mixed >> 32);
}

class File {
 public:
  explicit File(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::optional<std::uint64_t> size() const {
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
  }
  /// Bytes read, fewer than wanted only at the end; nullopt when reading fails.
  std::optional<std::size_t> read(std::uint64_t offset, char* into, std::size_t wanted) const {
    std::size_t filled = 0;
    while (filled < wanted) {
      const auto got =
          ::pread(descriptor_, into + filled, wanted - filled, static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::nullopt;
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

 private:
  int descriptor_;
};

}  // namespace

class HandWordCount::Table {
 public:
  Table() : slots_(kFirstSlots), mask_(kFirstSlots - 1) {}

  /// Counts the words of the file that begin in [from, to); both lie behind a blank or at an end.
  bool count_range(const File& file, std::uint64_t from, std::uint64_t to);
  void merge(const Table& other);

  std::int64_t num_words() const { return num_words_; }
  std::size_t num_distinct() const { return num_distinct_; }
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  static constexpr std::size_t kFirstSlots = 1u << 18;

  STREAM_PERF_AVX2 void count_text(const char* text, std::size_t size);
  STREAM_PERF_AVX2 void count_words(const char* text, std::size_t first, std::size_t last);
  STREAM_PERF_INLINE void add(const Word& word, std::uint32_t count);
  Slot& add_new(std::uint64_t hash, const Key& key, const char* text, std::uint32_t size);
  void grow();

  std::vector<Slot> slots_;
  std::size_t mask_;
  std::size_t num_distinct_ = 0;
  std::int64_t num_words_ = 0;
  std::vector<std::unique_ptr<char[]>> long_words_;
  // Where the words of a chunk begin and end. Eight places are written at once.
  std::vector<std::uint32_t> begins_ = std::vector<std::uint32_t>(kChunkBytes / 2 + kSlackBytes);
  std::vector<std::uint32_t> ends_ = std::vector<std::uint32_t>(kChunkBytes / 2 + kSlackBytes);
};

namespace {

/// Which of the 64 bytes at `p` are blank, as bits.
STREAM_PERF_INLINE std::uint64_t blanks_of(const char* p) {
  // A byte is blank when it equals what stands at its low four bits; no byte of 0x80 and more does.
  const __m256i table =
      _mm256_setr_epi8(' ', -1, -1, -1, -1, -1, -1, -1, -1, '\t', '\n', -1, -1, '\r', -1, 1, ' ',
                       -1, -1, -1, -1, -1, -1, -1, -1, '\t', '\n', -1, -1, '\r', -1, 1);
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
  const auto low = static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, a), a)));
  const auto high = static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, b), b)));
  return (std::uint64_t{high} << 32) | low;
}

/// Writes the places of the set bits, eight at a time; returns how many there are.
STREAM_PERF_INLINE std::size_t write_places(std::uint64_t bits, std::uint32_t base,
                                            std::uint32_t* into) {
  const auto count = static_cast<std::size_t>(_mm_popcnt_u64(bits));
  for (std::size_t done = 0; done < count; done += 8) {
    for (std::size_t i = 0; i < 8; ++i) {
      into[done + i] = base + static_cast<std::uint32_t>(_tzcnt_u64(bits));
      bits = _blsr_u64(bits);
    }
  }
  return count;
}

STREAM_PERF_INLINE Key key_of(const char* text, std::uint32_t size) {
  alignas(32) static constexpr unsigned char kMask[32] = {
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0,    0,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0};
  const std::uint32_t kept = size < 16 ? size : 16;
  const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + 16 - kept));
  const __m128i bytes =
      _mm_and_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text)), mask);
  return {static_cast<std::uint64_t>(_mm_cvtsi128_si64(bytes)),
          static_cast<std::uint64_t>(_mm_extract_epi64(bytes, 1))};
}

/// The rest of a long word takes part in its key.
std::uint64_t mix_long(const Key& key, const char* text, std::uint32_t size) {
  std::uint64_t mixed = key.high;
  for (std::uint32_t i = 16; i < size; ++i)
    mixed = (mixed ^ static_cast<unsigned char>(text[i])) * 0x100000001b3u;
  return mixed;
}

}  // namespace

void HandWordCount::Table::add(const Word& word, std::uint32_t count) {
  const __m128i key = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&word.key));
  for (std::size_t i = word.hash;; ++i) {
    Slot& slot = slots_[i & mask_];
    const __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&slot.key));
    const __m128i differs = _mm_xor_si128(key, there);
    if (_mm_testz_si128(differs, differs) && slot.size == word.size &&
        (word.size <= 16 || std::memcmp(slot.text, word.text, word.size) == 0)) {
      slot.count += count;
      return;
    }
    if (slot.size == 0) {
      add_new(word.hash, word.key, word.text, word.size).count = count;
      return;
    }
  }
}

Slot& HandWordCount::Table::add_new(std::uint64_t hash, const Key& key, const char* text,
                                    std::uint32_t size) {
  if ((++num_distinct_) * 2 > slots_.size()) grow();
  std::size_t i = hash;
  while (slots_[i & mask_].size != 0) ++i;
  const char* kept = nullptr;
  if (size > 16) {
    long_words_.push_back(std::make_unique<char[]>(size));
    std::memcpy(long_words_.back().get(), text, size);
    kept = long_words_.back().get();
  }
  slots_[i & mask_] = {key, size, 0, kept};
  return slots_[i & mask_];
}

void HandWordCount::Table::grow() {
  const std::vector<Slot> old = std::move(slots_);
  slots_ = std::vector<Slot>(old.size() * 2);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.size == 0) continue;
    std::size_t i = hash_of(slot.key);
    while (slots_[i & mask_].size != 0) ++i;
    slots_[i & mask_] = slot;
  }
}

void HandWordCount::Table::count_words(const char* text, std::size_t first, std::size_t last) {
  Word group[kGroup];
  const std::size_t size = last - first;
  for (std::size_t i = 0; i < size; ++i) {
    Word& word = group[i];
    word.text = text + begins_[first + i];
    word.size = ends_[first + i] - begins_[first + i];
    word.key = key_of(word.text, word.size);
    if (word.size > 16) [[unlikely]]
      word.key.high = mix_long(word.key, word.text, word.size);
    word.hash = hash_of(word.key);
    __builtin_prefetch(&slots_[word.hash & mask_]);
  }
  for (std::size_t i = 0; i < size; ++i) add(group[i], 1);
}

/// `text` ends in a blank and kSlackBytes of blanks follow it.
void HandWordCount::Table::count_text(const char* text, std::size_t size) {
  std::size_t num_begins = 0;
  std::size_t num_ends = 0;
  std::uint64_t was_blank = 1;
  for (std::size_t i = 0; i < size; i += 64) {
    const std::uint64_t blanks = blanks_of(text + i);
    const std::uint64_t before = (blanks << 1) | was_blank;
    was_blank = blanks >> 63;
    num_begins +=
        write_places(~blanks & before, static_cast<std::uint32_t>(i), &begins_[num_begins]);
    num_ends += write_places(blanks & ~before, static_cast<std::uint32_t>(i), &ends_[num_ends]);
  }
  num_words_ += static_cast<std::int64_t>(num_ends);
  std::size_t at = 0;
  for (; at + kGroup <= num_ends; at += kGroup) count_words(text, at, at + kGroup);
  count_words(text, at, num_ends);
}

bool HandWordCount::Table::count_range(const File& file, std::uint64_t from, std::uint64_t to) {
  std::size_t capacity = kChunkBytes;
  std::vector<char> buffer(capacity + kSlackBytes);
  std::size_t kept = 0;  // bytes of a word whose end has not been read yet
  while (from < to || kept > 0) {
    if (kept == capacity) {
      capacity *= 2;
      buffer.resize(capacity + kSlackBytes);
      begins_.resize(capacity / 2 + kSlackBytes);
      ends_.resize(capacity / 2 + kSlackBytes);
    }
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(capacity - kept, to - from));
    const auto got = file.read(from, buffer.data() + kept, wanted);
    if (!got || *got != wanted) return false;
    from += wanted;
    const std::size_t filled = kept + wanted;
    std::size_t size = filled;
    if (from < to) {
      while (size > 0 && !is_blank(buffer[size - 1])) --size;
    }
    // The bytes behind the last whole word move to the front when the words have been counted.
    char saved[kSlackBytes];
    std::memcpy(saved, buffer.data() + size, kSlackBytes);
    std::memset(buffer.data() + size, ' ', kSlackBytes);
    if (size > 0) count_text(buffer.data(), size + 1);
    std::memcpy(buffer.data() + size, saved, kSlackBytes);
    kept = filled - size;
    std::memmove(buffer.data(), buffer.data() + size, kept);
  }
  return true;
}

void HandWordCount::Table::merge(const Table& other) {
  for (const Slot& slot : other.slots_) {
    if (slot.size == 0) continue;
    std::size_t i = hash_of(slot.key);
    for (;; ++i) {
      const Slot& mine = slots_[i & mask_];
      if (mine.size == 0) break;
      if (mine.size == slot.size && mine.key.low == slot.key.low &&
          mine.key.high == slot.key.high &&
          (slot.size <= 16 || std::memcmp(mine.text, slot.text, slot.size) == 0))
        break;
    }
    Slot& mine = slots_[i & mask_];
    if (mine.size != 0)
      mine.count += slot.count;
    else
      add_new(hash_of(slot.key), slot.key, slot.text, slot.size).count = slot.count;
  }
  num_words_ += other.num_words_;
}

namespace {

/// The place behind the first blank at or after `offset`, or the file's end.
std::optional<std::uint64_t> behind_blank(const File& file, std::uint64_t offset,
                                          std::uint64_t size) {
  char piece[4096];
  while (offset < size) {
    const auto got = file.read(offset, piece, sizeof piece);
    if (!got || *got == 0) return std::nullopt;
    const char* blank = std::find_if(piece, piece + *got, is_blank);
    if (blank != piece + *got) return offset + static_cast<std::uint64_t>(blank - piece) + 1;
    offset += *got;
  }
  return size;
}

}  // namespace

HandWordCount::HandWordCount(std::vector<Table> tables) : tables_(std::move(tables)) {}
HandWordCount::HandWordCount(HandWordCount&&) noexcept = default;
HandWordCount& HandWordCount::operator=(HandWordCount&&) noexcept = default;
HandWordCount::~HandWordCount() = default;

Result<HandWordCount> HandWordCount::run(const std::string& path, unsigned num_threads) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"))
    return bad_option("the hand-written word count needs a processor with AVX2 and BMI2");
  const Error unreadable = bad_option(path + ": the file cannot be read");
  const File file(path);
  const auto size = file.size();
  if (!size || num_threads == 0) return unreadable;
  std::vector<Table> tables(num_threads);
  std::vector<char> is_read(num_threads, 0);
  std::vector<std::thread> threads;
  std::uint64_t from = 0;
  bool is_cut = true;
  for (unsigned i = 0; i < num_threads; ++i) {
    const auto to =
        i + 1 == num_threads ? *size : behind_blank(file, *size * (i + 1) / num_threads, *size);
    if (!to) is_cut = false;
    if (!is_cut) break;
    const auto count = [&, i, from, end = std::max(from, *to)] {
      is_read[i] = tables[i].count_range(file, from, end);
    };
    if (i + 1 == num_threads)
      count();
    else
      threads.emplace_back(count);
    from = std::max(from, *to);
  }
  for (std::thread& thread : threads) thread.join();
  if (!is_cut || std::find(is_read.begin(), is_read.end(), 0) != is_read.end()) return unreadable;
  for (unsigned i = 1; i < num_threads; ++i) tables[0].merge(tables[i]);
  return HandWordCount(std::move(tables));
}

std::int64_t HandWordCount::num_words() const { return tables_[0].num_words(); }
std::int64_t HandWordCount::num_distinct() const {
  return static_cast<std::int64_t>(tables_[0].num_distinct());
}

std::vector<WordTotal> HandWordCount::totals() const {
  std::vector<WordTotal> totals;
  for (const Slot& slot : tables_[0].slots()) {
    if (slot.size == 0) continue;
    const char* text = slot.size <= 16 ? reinterpret_cast<const char*>(&slot.key) : slot.text;
    totals.push_back({std::string(text, slot.size), slot.count});
  }
  std::sort(totals.begin(), totals.end());
  return totals;
}

}  // namespace stream::perf
