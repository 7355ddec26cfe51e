// A hash table from row keys to group numbers 0, 1, 2, … by which accumulators and other columns of
// state are indexed. Open addressing; keys of up to 16 bytes inline. One thread. The heart of
// aggregation, joins and deduplication.
#pragma once

#include <libstream/base/int128.hpp>
#include <libstream/base/large_array.hpp>
#include <libstream/state/byte_table.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace stream {

/// A key ready to be looked up, and as a table keeps it.
struct RowKey {
  /// The size of a null text: no text is that long.
  static constexpr std::uint32_t kNullText = 0x7fffffffu;

  std::uint64_t low = 0;   ///< the first eight bytes
  std::uint64_t high = 0;  ///< the next eight, or of more than 16 bytes the address of all
  std::uint32_t size = 0;
  std::uint32_t hash = 0;

  /// Of up to 16 bytes, zeros behind them.
  static RowKey of_words(std::uint64_t low, std::uint64_t high, std::uint32_t size) {
    return {low, high, size, mix(low ^ (high * 0x9e3779b97f4a7c15ULL) ^ size)};
  }
  /// Bytes of more than 16 must stay where they are as long as the key.
  static RowKey of(std::string_view bytes) {
    const Prefix prefix = load_prefix(bytes.data(), bytes.size());
    const auto size = static_cast<std::uint32_t>(bytes.size());
    if (size <= 16) [[likely]]
      return of_words(prefix.low, prefix.high, size);
    return {prefix.low, reinterpret_cast<std::uint64_t>(bytes.data()), size,
            mix(hash_bytes(bytes.data() + 8, size - 8) ^ prefix.low ^ size)};
  }
  static RowKey null_text() { return of_words(0, 0, kNullText); }

  bool is_long() const { return size - 17u < kNullText - 17u; }
  std::string_view bytes() const {
    if (is_long()) return {reinterpret_cast<const char*>(high), size};
    return {reinterpret_cast<const char*>(&low), size == kNullText ? 0 : size};
  }
  bool operator==(const RowKey& other) const {
    if (low != other.low || size != other.size) return false;
    if (high == other.high) [[likely]]
      return true;
    return is_long() && bytes() == other.bytes();
  }

 private:
  static std::uint32_t mix(std::uint64_t bits) {
    // Both halves of the product: every bit of the key reaches the low bits.
    const UInt128 product = UInt128{bits} * 0x9ddfea08eb382d69ULL;
    return static_cast<std::uint32_t>(product) ^ static_cast<std::uint32_t>(product >> 64);
  }
};

class GroupTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  /// Keys in the table.
  std::size_t size() const { return size_; }
  /// One more than the highest group number there ever was.
  std::size_t num_groups() const { return keys_.size(); }
  bool is_used(std::uint32_t group) const { return keys_[group].size != kUnused; }
  std::size_t bytes() const {
    return entries_.capacity() * sizeof(Entry) + keys_.capacity() * sizeof(RowKey) + arena_.bytes();
  }

  /// The groups of all keys; missing ones are made. Numbers of erased groups are used first.
  /// Returns the rows for which groups were made, in order; valid until the next call. In a table
  /// beyond the caches `prefetch` is called with some of the groups at a time, so that it may fetch
  /// what else belongs to them.
  template <class Prefetch>
  std::span<const std::uint32_t> find_or_insert(std::span<const RowKey> keys,
                                                std::span<std::uint32_t> groups,
                                                Prefetch prefetch) {
    first_rows_.resize(keys.size());
    std::size_t num_made = 0;
    for (std::size_t first = 0; first < keys.size(); first += kRowsAtOnce) {
      const std::size_t end = std::min(first + kRowsAtOnce, keys.size());
      while (size_ + (end - first) > most_) grow();
      if (keys_.empty()) {  // a group for find_known() to compare with: the first row takes it
        keys_.push_back({0, 0, kUnused, 0});
        free_.push_back(0);
      }
      std::size_t places[kRowsAtOnce];
      std::uint64_t missed = is_sparse() ? find_known<true>(keys, first, end, groups, places)
                                         : find_known<false>(keys, first, end, groups, places);
      for (; missed != 0; missed &= missed - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(missed));
        bool is_new = false;
        groups[first + i] = find_or_insert(keys[first + i], places[i], is_new);
        first_rows_[num_made] = static_cast<std::uint32_t>(first + i);
        num_made += static_cast<std::size_t>(is_new);
      }
      if (!is_sparse()) prefetch(groups.subspan(first, end - first));
    }
    return std::span(first_rows_).first(num_made);
  }
  std::span<const std::uint32_t> find_or_insert(std::span<const RowKey> keys,
                                                std::span<std::uint32_t> groups) {
    return find_or_insert(keys, groups, [](std::span<const std::uint32_t>) {});
  }
  std::uint32_t find_or_insert(const RowKey& key, bool& is_new) {
    if (size_ >= most_) grow();
    return find_or_insert(key, key.hash, is_new);
  }

  /// kNone: not there.
  std::uint32_t find(const RowKey& key) const {
    if (size_ == 0) return kNone;
    for (std::size_t i = key.hash;; ++i) {
      const Entry& entry = entries_[i & mask_];
      if (entry.group_plus_one == 0) return kNone;
      if (entry.hash == key.hash && keys_[entry.group_plus_one - 1] == key)
        return entry.group_plus_one - 1;
    }
  }

  /// The key of a used group. Valid until the table changes. Keys lie in the order of groups.
  RowKey key(std::uint32_t group) const { return keys_[group]; }

  /// Forgets used groups, each named once; their numbers will be used anew.
  void erase(std::span<const std::uint32_t> groups) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i + 2 * kKeyAhead < groups.size()) prefetch_key(groups[i + 2 * kKeyAhead]);
      if (i + kKeyAhead < groups.size()) prefetch(groups[i + kKeyAhead]);
      erase(groups[i]);
    }
  }
  void erase(std::uint32_t group) {
    RowKey& stored = keys_[group];
    std::size_t hole = stored.hash;
    while (entries_[hole & mask_].group_plus_one != group + 1) ++hole;
    if (stored.is_long()) dead_bytes_ += stored.size;
    stored.size = kUnused;
    free_.push_back(group);
    --size_;
    for (std::size_t i = hole + 1; entries_[i & mask_].group_plus_one != 0; ++i) {
      const std::size_t home = entries_[i & mask_].hash;
      // The entry may move into the hole unless its home lies behind the hole.
      if (((i - home) & mask_) < ((i - hole) & mask_)) continue;
      entries_[hole & mask_] = entries_[i & mask_];
      hole = i;
    }
    entries_[hole & mask_] = Entry{};
    if (dead_bytes_ > kMinDeadBytes && dead_bytes_ * 2 > arena_.bytes()) compact_arena();
  }
  /// Brings what key() and prefetch() read into the cache.
  void prefetch_key(std::uint32_t group) const {
    __builtin_prefetch(&keys_[group]);
    __builtin_prefetch(&keys_[group].hash);  // a key may lie across two lines
  }
  /// Brings what erase() of a used group reads first into the cache.
  void prefetch(std::uint32_t group) const {
    __builtin_prefetch(&entries_[keys_[group].hash & mask_]);
  }

  void clear() {
    if (size_ * 64 < entries_.size() && entries_.size() > kSmall) entries_ = {};
    if (entries_.empty()) {  // also what another table took
      mask_ = 0;
      most_ = 0;
    } else if (size_ > 0) {
      for (Entry& entry : entries_) entry = Entry{};
    }
    size_ = 0;
    keys_.clear();
    free_.clear();
    arena_.clear();
    dead_bytes_ = 0;
  }

 private:
  /// What probing reads, apart from the keys: eight to a cache line.
  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t group_plus_one = 0;  ///< 0: empty
  };
  static constexpr std::uint32_t kUnused = 0xffffffffu;  ///< the size of no key
  static constexpr std::size_t kRowsAtOnce = 64;         ///< the bits of a word
  static constexpr std::size_t kEntryAhead = 32;         ///< rows
  static constexpr std::size_t kKeyAhead = 16;           ///< groups, when they are erased
  static constexpr std::size_t kSmall = 4096;
  static constexpr std::size_t kQuickGrowth = 65'536;  ///< entries; above, memory counts more
  static constexpr std::size_t kMinDeadBytes = 1u << 20;

  bool is_sparse() const { return size_ * 8 <= entries_.size(); }
  /// At least. Every probe that fails costs a wrong guess; in the largest tables memory counts
  /// more.
  static std::size_t entries_per_key(std::size_t num_entries) {
    if (num_entries <= 1u << 18) return 8;
    return num_entries <= 1u << 20 ? 4 : 2;
  }
  /// Writes the groups of those of rows first … end − 1 whose keys are there, and returns a bit for
  /// each other row: no entry of its key lies before its place. Without a branch on what is found:
  /// with many keys nobody can guess which rows bring new ones. Nor, in a sparse table, which few
  /// rows find another key's entry in the place of theirs: they count as missed. While entries are
  /// read those of later rows are fetched, and the keys that they name.
  template <bool kIsSparse>
  std::uint64_t find_known(std::span<const RowKey> keys, std::size_t first, std::size_t end,
                           std::span<std::uint32_t> groups, std::size_t* places) const {
    const std::size_t last = keys.size() - 1;
    for (std::size_t i = first; i < end; ++i) {
      __builtin_prefetch(&entries_[keys[std::min(i + kEntryAhead, last)].hash & mask_]);
      const std::uint32_t hash = keys[i].hash;
      std::size_t place = hash;
      const Entry* entry = &entries_[place & mask_];
      if constexpr (!kIsSparse) {
        while (entry->group_plus_one != 0 && entry->hash != hash)
          entry = &entries_[++place & mask_];
      }
      places[i - first] = place;
      // For an empty entry the key of group 0, which is another.
      const std::uint32_t next = entry->group_plus_one;
      groups[i] = next - static_cast<std::uint32_t>(next != 0);
      prefetch_key(groups[i]);
    }
    std::uint64_t missed = 0;
    for (std::size_t i = first; i < end; ++i) {
      const RowKey& known = keys_[groups[i]];
      const RowKey& key = keys[i];
      // Long keys are told apart by their addresses here, and so are all missed.
      const std::uint64_t difference =
          (known.low ^ key.low) | (known.high ^ key.high) | (known.size ^ key.size);
      missed |= static_cast<std::uint64_t>(difference != 0) << (i - first);
    }
    return missed;
  }

  /// There is room for one more. No entry of the key lies before `place`.
  std::uint32_t find_or_insert(const RowKey& key, std::size_t place, bool& is_new) {
    for (std::size_t i = place;; ++i) {
      Entry& entry = entries_[i & mask_];
      if (entry.group_plus_one == 0) {
        is_new = true;
        return insert(entry, key);
      }
      if (entry.hash == key.hash && keys_[entry.group_plus_one - 1] == key) {
        is_new = false;
        return entry.group_plus_one - 1;
      }
    }
  }

  [[gnu::noinline]] std::uint32_t insert(Entry& entry, const RowKey& key) {
    std::uint32_t group = static_cast<std::uint32_t>(keys_.size());
    if (free_.empty()) {
      keys_.push_back(key);
    } else {
      group = free_.back();
      free_.pop_back();
      keys_[group] = key;
    }
    if (key.is_long()) keep(keys_[group], arena_);
    entry = {key.hash, group + 1};
    ++size_;
    return group;
  }

  [[gnu::noinline]] void grow() {
    const LargeArray<Entry> old = std::move(entries_);
    const std::size_t factor = old.size() < kQuickGrowth ? 4 : 2;
    entries_ = LargeArray<Entry>::of_zeros(old.empty() ? 256 : old.size() * factor);
    mask_ = entries_.size() - 1;
    most_ = entries_.size() / entries_per_key(entries_.size());
    for (const Entry& entry : old) {
      if (entry.group_plus_one == 0) continue;
      std::size_t i = entry.hash;
      while (entries_[i & mask_].group_plus_one != 0) ++i;
      entries_[i & mask_] = entry;
    }
  }

  /// Gives a long key bytes of its own.
  static void keep(RowKey& key, KeyArena& arena) {
    key.high = reinterpret_cast<std::uint64_t>(arena.copy(key.bytes().data(), key.size));
  }
  void compact_arena() {
    KeyArena live;
    for (RowKey& stored : keys_) {
      if (stored.size != kUnused && stored.is_long()) keep(stored, live);
    }
    arena_ = std::move(live);
    dead_bytes_ = 0;
  }

  LargeArray<Entry> entries_;
  std::size_t mask_ = 0;
  std::size_t most_ = 0;  ///< keys, before it grows
  std::size_t size_ = 0;
  LargeArray<RowKey> keys_;  ///< by group
  std::vector<std::uint32_t> free_;
  KeyArena arena_;
  std::size_t dead_bytes_ = 0;
  std::vector<std::uint32_t> first_rows_;  ///< of the last keys that were looked up together
};

}  // namespace stream
