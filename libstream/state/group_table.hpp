// A hash table from row keys to group numbers 0, 1, 2, … by which accumulators and other columns of
// state are indexed. Open addressing; keys of up to 16 bytes inline. One thread. The heart of
// aggregation, joins and deduplication.
#pragma once

#include <libstream/base/large_array.hpp>
#include <libstream/state/byte_table.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace stream {

/// A key ready to be looked up. Up to 16 bytes are in low and high; longer ones at `data`.
struct RowKey {
  /// The size of a null text: no text is that long.
  static constexpr std::uint32_t kNullText = 0x7fffffffu;

  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::uint32_t size = 0;
  const char* data = nullptr;

  static RowKey of(std::string_view bytes) {
    const Prefix prefix = load_prefix(bytes.data(), bytes.size());
    return {prefix.low, prefix.high, static_cast<std::uint32_t>(bytes.size()), bytes.data()};
  }
  static RowKey null_text() { return {0, 0, kNullText, nullptr}; }

  bool is_long() const { return size - 17u < kNullText - 17u; }
  std::string_view bytes() const {
    if (is_long()) return {data, size};
    return {reinterpret_cast<const char*>(&low), size == kNullText ? 0 : size};
  }
  std::uint64_t hash() const {
    std::uint64_t mixed = low ^ (high * 0x9e3779b97f4a7c15ULL) ^ size;
    if (is_long()) [[unlikely]]
      mixed ^= hash_bytes(data + 16, size - 16);
    // Both halves of the product: every bit of the key reaches the low bits.
    const Product product = static_cast<Product>(mixed) * 0x9ddfea08eb382d69ULL;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

 private:
  __extension__ typedef unsigned __int128 Product;
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
    return entries_.capacity() * sizeof(Entry) + keys_.capacity() * sizeof(StoredKey) +
           arena_.bytes();
  }

  /// The groups of all keys; missing ones are made. Numbers of erased groups are used first.
  /// Returns the rows for which groups were made, in order; valid until the next call.
  std::span<const std::uint32_t> find_or_insert(std::span<const RowKey> keys,
                                                std::span<std::uint32_t> groups) {
    hashes_.resize(keys.size() + kRowsAtOnce);
    for (std::size_t i = 0; i < keys.size(); ++i) hashes_[i] = short_hash(keys[i]);
    std::size_t num_made = 0;
    first_rows_.resize(keys.size());
    const auto look_up = [&](std::size_t i, std::size_t place) {
      bool is_new = false;
      groups[i] = find_or_insert(keys[i], hashes_[i], place, is_new);
      // Without a branch: with many keys nobody can guess which row brings a new one.
      first_rows_[num_made] = static_cast<std::uint32_t>(i);
      num_made += static_cast<std::size_t>(is_new);
    };
    std::size_t i = 0;
    // A table that is in the cache needs nothing fetched.
    for (; i < keys.size() && entries_.size() <= kInCache; ++i) {
      if (size_ >= most_) [[unlikely]]
        grow();
      look_up(i, hashes_[i]);
    }
    for (; i < keys.size(); i += kRowsAtOnce)
      look_up_far(i, std::min(i + kRowsAtOnce, keys.size()), look_up);
    return std::span(first_rows_).first(num_made);
  }
  std::uint32_t find_or_insert(const RowKey& key, bool& is_new) {
    if (size_ >= most_) grow();
    const std::uint32_t hash = short_hash(key);
    return find_or_insert(key, hash, hash, is_new);
  }

  /// kNone: not there.
  std::uint32_t find(const RowKey& key) const {
    if (size_ == 0) return kNone;
    const std::uint32_t hash = short_hash(key);
    for (std::size_t i = hash;; ++i) {
      const Entry& entry = entries_[i & mask_];
      if (entry.group_plus_one == 0) return kNone;
      if (entry.hash == hash && matches(keys_[entry.group_plus_one - 1], key))
        return entry.group_plus_one - 1;
    }
  }

  /// The key of a used group. Valid until the table changes. Keys lie in the order of groups.
  RowKey key(std::uint32_t group) const {
    const StoredKey& stored = keys_[group];
    RowKey key{stored.low, stored.high, stored.size, nullptr};
    if (key.is_long()) {
      key.data = reinterpret_cast<const char*>(stored.high);
      key.high = load_prefix(key.data, key.size).high;
    }
    return key;
  }

  /// Forgets used groups, each named once; their numbers will be used anew.
  void erase(std::span<const std::uint32_t> groups) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i + 2 * kKeyAhead < groups.size()) prefetch_key(groups[i + 2 * kKeyAhead]);
      if (i + kKeyAhead < groups.size()) prefetch(groups[i + kKeyAhead]);
      erase(groups[i]);
    }
  }
  void erase(std::uint32_t group) {
    StoredKey& stored = keys_[group];
    std::size_t hole = stored.hash;
    while (entries_[hole & mask_].group_plus_one != group + 1) ++hole;
    if (is_long(stored)) dead_bytes_ += stored.size;
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
  void prefetch_key(std::uint32_t group) const { __builtin_prefetch(&keys_[group]); }
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
  struct StoredKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;  ///< of a long key: its place in the arena
    std::uint32_t size = 0;  ///< kUnused: there is no such group now
    std::uint32_t hash = 0;
  };
  static constexpr std::uint32_t kUnused = 0xffffffffu;
  static constexpr std::size_t kRowsAtOnce = 32;
  static constexpr std::size_t kKeyAhead = 16;  ///< erase() fetches
  static constexpr std::size_t kSmall = 4096;
  static constexpr std::size_t kInCache = 8192;        ///< entries
  static constexpr std::size_t kQuickGrowth = 65'536;  ///< entries; above, memory counts more
  static constexpr std::size_t kMinDeadBytes = 1u << 20;

  /// At least. Every probe that fails costs a wrong guess; in the largest tables memory counts
  /// more.
  static std::size_t entries_per_key(std::size_t num_entries) {
    if (num_entries <= 1u << 18) return 8;
    return num_entries <= 1u << 20 ? 4 : 2;
  }
  static std::uint32_t short_hash(const RowKey& key) {
    return static_cast<std::uint32_t>(key.hash());
  }
  static bool is_long(const StoredKey& stored) {
    return RowKey{0, 0, stored.size, nullptr}.is_long();
  }
  static bool matches(const StoredKey& stored, const RowKey& key) {
    if (stored.low != key.low || stored.size != key.size) return false;
    if (!key.is_long()) [[likely]]
      return stored.high == key.high;
    return std::memcmp(reinterpret_cast<const char*>(stored.high), key.data, key.size) == 0;
  }

  /// Looks up some rows of a table beyond the cache. Entries are fetched while the rows before are
  /// looked up, then the keys that they name.
  template <class LookUp>
  void look_up_far(std::size_t first, std::size_t end, LookUp look_up) {
    while (size_ + (end - first) > most_) grow();
    std::size_t places[kRowsAtOnce];
    for (std::size_t i = first; i < end; ++i) {
      __builtin_prefetch(&entries_[hashes_[i + kRowsAtOnce] & mask_]);
      std::size_t place = hashes_[i];
      const Entry* entry = &entries_[place & mask_];
      while (entry->group_plus_one != 0 && entry->hash != hashes_[i])
        entry = &entries_[++place & mask_];
      places[i - first] = place;
      // Of an empty entry the first key: nobody could guess which entries are.
      const std::uint32_t next = entry->group_plus_one;
      __builtin_prefetch(keys_.data() + (next - static_cast<std::uint32_t>(next != 0)));
    }
    for (std::size_t i = first; i < end; ++i) look_up(i, places[i - first]);
  }

  /// There is room for one more. No entry of the key lies before `place`, where its probe may
  /// begin.
  [[gnu::always_inline]] std::uint32_t find_or_insert(const RowKey& key, std::uint32_t hash,
                                                      std::size_t place, bool& is_new) {
    for (std::size_t i = place;; ++i) {
      Entry& entry = entries_[i & mask_];
      if (entry.group_plus_one == 0) {
        is_new = true;
        return insert(entry, key, hash);
      }
      if (entry.hash == hash && matches(keys_[entry.group_plus_one - 1], key)) {
        is_new = false;
        return entry.group_plus_one - 1;
      }
    }
  }

  [[gnu::noinline]] std::uint32_t insert(Entry& entry, const RowKey& key, std::uint32_t hash) {
    std::uint32_t group = static_cast<std::uint32_t>(keys_.size());
    if (free_.empty()) {
      keys_.push_back({});
    } else {
      group = free_.back();
      free_.pop_back();
    }
    const std::uint64_t high =
        key.is_long() ? reinterpret_cast<std::uint64_t>(arena_.copy(key.data, key.size)) : key.high;
    keys_[group] = {key.low, high, key.size, hash};
    entry = {hash, group + 1};
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

  void compact_arena() {
    KeyArena live;
    for (StoredKey& stored : keys_) {
      if (stored.size != kUnused && is_long(stored))
        stored.high = reinterpret_cast<std::uint64_t>(
            live.copy(reinterpret_cast<const char*>(stored.high), stored.size));
    }
    arena_ = std::move(live);
    dead_bytes_ = 0;
  }

  LargeArray<Entry> entries_;
  std::size_t mask_ = 0;
  std::size_t most_ = 0;  ///< keys, before it grows
  std::size_t size_ = 0;
  LargeArray<StoredKey> keys_;  ///< by group
  std::vector<std::uint32_t> free_;
  KeyArena arena_;
  std::size_t dead_bytes_ = 0;
  // Of the last keys that were looked up together.
  std::vector<std::uint32_t> hashes_;
  std::vector<std::uint32_t> first_rows_;
};

}  // namespace stream
