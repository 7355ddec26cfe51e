#include <tests/perf/hand_windows.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace stream::perf {
namespace {

constexpr std::size_t kRowsAtOnce = 64;

struct Entry {
  std::uint64_t key_plus_one = 0;  ///< 0: free
  std::uint32_t count = 0;
  std::uint32_t sum = 0;
};

class Totals {
 public:
  bool is_empty() const { return size_ == 0; }
  const std::vector<Entry>& entries() const { return entries_; }
  void prefetch(std::uint64_t key_plus_one) const {
    __builtin_prefetch(&entries_[hash(key_plus_one) & mask_], 1);
  }
  void prepare() {
    if (entries_.empty()) make(1u << 14);
  }
  void add(std::uint64_t key_plus_one, std::uint32_t count, std::uint32_t sum) {
    for (std::uint64_t i = hash(key_plus_one);; ++i) {
      Entry& entry = entries_[i & mask_];
      if (entry.key_plus_one == key_plus_one) {
        entry.count += count;
        entry.sum += sum;
        return;
      }
      if (entry.key_plus_one == 0) {
        entry = {key_plus_one, count, sum};
        if (++size_ * 2 > entries_.size()) grow(entries_.size() * 2);
        return;
      }
    }
  }
  void merge(const Totals& other) {
    prepare();
    if ((size_ + other.size_) * 2 > entries_.size()) {
      std::size_t room = entries_.size();
      while ((size_ + other.size_) * 2 > room) room *= 2;
      grow(room);
    }
    for (const Entry& entry : other.entries_) {
      if (entry.key_plus_one != 0) add(entry.key_plus_one, entry.count, entry.sum);
    }
  }

 private:
  static std::uint64_t hash(std::uint64_t key) { return (key * 0x9E3779B97F4A7C15u) >> 32; }
  void make(std::size_t room) {
    entries_.assign(room, Entry{});
    mask_ = room - 1;
  }
  void grow(std::size_t room) {
    const std::vector<Entry> old = std::move(entries_);
    make(room);
    size_ = 0;
    for (const Entry& entry : old) {
      if (entry.key_plus_one != 0) add(entry.key_plus_one, entry.count, entry.sum);
    }
  }

  std::vector<Entry> entries_;
  std::uint64_t mask_ = 0;
  std::size_t size_ = 0;
};

/// Totals by slice of event time.
class Slices {
 public:
  explicit Slices(std::int64_t width) : width_(width) {}

  /// The slice of a time; rows that follow each other mostly share it.
  std::int64_t slice_of(std::int64_t millis) {
    if (millis < low_ || millis >= low_ + width_) low_ = millis / width_ * width_;
    return low_ / width_;
  }
  void add(const std::int64_t* slices, const std::uint64_t* keys, const std::uint32_t* values,
           std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Totals& totals = at(slices[i]);
      totals.prepare();
      totals.prefetch(keys[i]);
    }
    for (std::size_t i = 0; i < count; ++i) at(slices[i]).add(keys[i], 1, values[i]);
  }
  void finish(const HandWindows& windows, std::int64_t newest, const TakeWindow& take) const {
    const std::int64_t per_window = windows.slices_per_window;
    const auto count = static_cast<std::int64_t>(slices_.size());
    for (std::int64_t first = 1 - per_window; first < count; ++first) {
      const std::int64_t start = (base_ + first) * width_;
      if (start + per_window * width_ > newest - windows.delay_millis) continue;
      if (per_window == 1) {
        give(start, slices_[static_cast<std::size_t>(first)], take);
        continue;
      }
      Totals merged;
      for (std::int64_t i = std::max<std::int64_t>(first, 0); i < first + per_window && i < count;
           ++i)
        merged.merge(slices_[static_cast<std::size_t>(i)]);
      give(start, merged, take);
    }
  }

 private:
  static void give(std::int64_t start, const Totals& totals, const TakeWindow& take) {
    for (const Entry& entry : totals.entries()) {
      if (entry.key_plus_one != 0)
        take(start, static_cast<std::int64_t>(entry.key_plus_one - 1), entry.count, entry.sum);
    }
  }
  Totals& at(std::int64_t slice) {
    const std::int64_t index = slice - base_;
    if (index >= 0 && index < static_cast<std::int64_t>(slices_.size())) [[likely]]
      return slices_[static_cast<std::size_t>(index)];
    return make(slice);
  }
  Totals& make(std::int64_t slice) {
    if (slices_.empty()) base_ = slice;
    if (slice < base_) {
      slices_.insert(slices_.begin(), static_cast<std::size_t>(base_ - slice), Totals());
      base_ = slice;
    }
    if (slice - base_ >= static_cast<std::int64_t>(slices_.size()))
      slices_.resize(static_cast<std::size_t>(slice - base_ + 1));
    return slices_[static_cast<std::size_t>(slice - base_)];
  }

  std::int64_t width_;
  std::int64_t low_ = -1;
  std::int64_t base_ = 0;
  std::vector<Totals> slices_;
};

std::uint64_t load(const char* from) {
  std::uint64_t bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

/// Eight digits, the first in the lowest byte.
std::uint32_t eight_digits(std::uint64_t bytes) {
  bytes = (bytes & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
  bytes = (bytes & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return static_cast<std::uint32_t>((bytes & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32);
}

/// A number of at most 7 digits; moves `at` behind the byte that ends it.
std::uint32_t short_number(const char*& at) {
  const std::uint64_t bytes = load(at);
  // ',' and '\n' lack the bit that all digits have.
  const int size = __builtin_ctzll(~bytes & 0x1010101010101010u) >> 3;
  at += size + 1;
  return size ? eight_digits(bytes << (64 - 8 * size)) : 0;
}

class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file >= 0 && ::fstat(file, &status) == 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      void* const place = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (place != MAP_FAILED) data_ = static_cast<const char*>(place);
    }
    if (file >= 0) ::close(file);
  }
  ~MappedFile() {
    if (data_) ::munmap(const_cast<char*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

Result<std::int64_t> aggregate_files_by_hand(const std::vector<std::string>& paths,
                                             const HandWindows& windows, const TakeWindow& take) {
  Slices slices(windows.slide_millis);
  std::int64_t slice[kRowsAtOnce];
  std::uint64_t keys[kRowsAtOnce];
  std::uint32_t values[kRowsAtOnce];
  std::int64_t num_rows = 0;
  std::int64_t newest = 0;
  for (const std::string& path : paths) {
    const MappedFile file(path);
    if (!file.data()) return fatal(path + ": cannot be mapped");
    const char* at = file.data();
    // The last line is read from a copy: eight bytes behind it need not be mapped.
    std::size_t cut = file.size() > 64 ? file.size() - 32 : 0;
    while (cut > 0 && file.data()[cut - 1] != '\n') --cut;
    std::string tail(file.data() + cut, file.size() - cut);
    const std::size_t tail_size = tail.size();
    tail.append(64, '\0');
    const auto run = [&](const char* end) {
      while (at < end) {
        std::size_t count = 0;
        for (; count < kRowsAtOnce && at < end; ++count) {
          const std::int64_t millis =
              std::int64_t{eight_digits(load(at))} * 100'000 + eight_digits(load(at + 5)) % 100'000;
          at += 14;
          newest = std::max(newest, millis);
          slice[count] = slices.slice_of(millis);
          keys[count] = std::uint64_t{short_number(at)} + 1;
          values[count] = short_number(at);
        }
        slices.add(slice, keys, values, count);
        num_rows += static_cast<std::int64_t>(count);
      }
    };
    run(file.data() + cut);
    at = tail.data();
    run(tail.data() + tail_size);
  }
  slices.finish(windows, newest, take);
  return num_rows;
}

std::int64_t aggregate_columns_by_hand(std::span<const Batch> batches, const HandWindows& windows,
                                       const TakeWindow& take) {
  Slices slices(windows.slide_millis * 1000);
  std::int64_t slice[kRowsAtOnce];
  std::uint64_t keys[kRowsAtOnce];
  std::uint32_t values[kRowsAtOnce];
  std::int64_t num_rows = 0;
  std::int64_t newest = 0;
  for (const Batch& batch : batches) {
    const auto* times = batch.column(0).data<std::int64_t>();
    const auto* key = batch.column(1).data<std::int64_t>();
    const auto* value = batch.column(2).data<std::int32_t>();
    for (std::size_t row = 0; row < batch.num_rows();) {
      std::size_t count = 0;
      for (; count < kRowsAtOnce && row < batch.num_rows(); ++count, ++row) {
        newest = std::max(newest, times[row]);
        slice[count] = slices.slice_of(times[row]);
        keys[count] = static_cast<std::uint64_t>(key[row]) + 1;
        values[count] = static_cast<std::uint32_t>(value[row]);
      }
      slices.add(slice, keys, values, count);
    }
    num_rows += static_cast<std::int64_t>(batch.num_rows());
  }
  HandWindows micros = windows;
  micros.slide_millis *= 1000;
  micros.delay_millis *= 1000;
  slices.finish(micros, newest,
                [&](std::int64_t start, std::int64_t k, std::int64_t count, std::int64_t sum) {
                  take(start / 1000, k, count, sum);
                });
  return num_rows;
}

}  // namespace stream::perf
