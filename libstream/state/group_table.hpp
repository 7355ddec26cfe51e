// A hash table from row keys to group numbers 0, 1, 2, … by which accumulators and other columns of
// state are indexed. Open addressing; keys of up to 16 bytes inline. One thread. The heart of
// aggregation, joins and deduplication.
#pragma once

#include <libstream/state/byte_table.hpp>

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
  std::size_t num_groups() const { return slots_.size(); }
  bool is_used(std::uint32_t group) const { return slots_[group] != kNone; }
  std::size_t bytes() const {
    return entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(std::uint32_t) +
           arena_.bytes();
  }

  /// The groups of all keys; missing ones are made. Numbers of erased groups are used first.
  /// Appends the groups that were made to `made`.
  void find_or_insert(std::span<const RowKey> keys, std::span<std::uint32_t> groups,
                      std::vector<std::uint32_t>& made) {
    constexpr std::size_t kAhead = 16;
    hashes_.resize(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) hashes_[i] = keys[i].hash();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i + kAhead < keys.size() && !entries_.empty())
        __builtin_prefetch(&entries_[hashes_[i + kAhead] & mask_]);
      bool is_new = false;
      groups[i] = find_or_insert(keys[i], hashes_[i], is_new);
      if (is_new) made.push_back(groups[i]);
    }
  }
  std::uint32_t find_or_insert(const RowKey& key, bool& is_new) {
    return find_or_insert(key, key.hash(), is_new);
  }

  /// kNone: not there.
  std::uint32_t find(const RowKey& key) const {
    if (size_ == 0) return kNone;
    const std::uint64_t hash = key.hash();
    for (std::size_t i = hash;; ++i) {
      const Entry& entry = entries_[i & mask_];
      if (entry.size_plus_one == 0) return kNone;
      if (matches(entry, key, hash)) return entry.group;
    }
  }

  /// Brings what key() and erase() of a used group read first into the cache.
  void prefetch(std::uint32_t group) const { __builtin_prefetch(&entries_[slots_[group]]); }
  /// The key of a used group. Valid until the table changes.
  RowKey key(std::uint32_t group) const { return key_of(entries_[slots_[group]]); }

  /// Forgets a used group; its number will be used anew.
  void erase(std::uint32_t group) {
    std::size_t hole = slots_[group];
    if (const RowKey key = key_of(entries_[hole]); key.is_long()) dead_bytes_ += key.size;
    slots_[group] = kNone;
    free_.push_back(group);
    --size_;
    for (std::size_t i = hole + 1; entries_[i & mask_].size_plus_one != 0; ++i) {
      const std::size_t home = entries_[i & mask_].hash;
      // The entry may move into the hole unless its home lies behind the hole.
      if (((i - home) & mask_) < ((i - hole) & mask_)) continue;
      entries_[hole & mask_] = entries_[i & mask_];
      slots_[entries_[hole & mask_].group] = static_cast<std::uint32_t>(hole & mask_);
      hole = i;
    }
    entries_[hole & mask_] = Entry{};
    if (dead_bytes_ > kMinDeadBytes && dead_bytes_ * 2 > arena_.bytes()) compact_arena();
  }

  void clear() {
    if (size_ * 16 < entries_.size() && entries_.size() > kSmall) {
      entries_ = {};
      mask_ = 0;
    } else if (size_ > 0) {
      for (Entry& entry : entries_) entry = Entry{};
    }
    size_ = 0;
    slots_.clear();
    free_.clear();
    arena_.clear();
    dead_bytes_ = 0;
  }

 private:
  struct alignas(32) Entry {
    std::uint64_t low = 0;
    std::uint64_t high = 0;  ///< of a long key: its place in the arena
    std::uint64_t hash = 0;
    std::uint32_t size_plus_one = 0;  ///< 0: empty
    std::uint32_t group = 0;
  };
  static constexpr std::size_t kSmall = 4096;
  static constexpr std::size_t kQuickGrowth = 1u << 20;  ///< entries; above, memory counts more
  static constexpr std::size_t kMinDeadBytes = 1u << 20;

  static RowKey key_of(const Entry& entry) {
    RowKey key{entry.low, entry.high, entry.size_plus_one - 1, nullptr};
    if (key.is_long()) {
      key.data = reinterpret_cast<const char*>(entry.high);
      key.high = load_prefix(key.data, key.size).high;
    }
    return key;
  }

  static bool matches(const Entry& entry, const RowKey& key, std::uint64_t hash) {
    if (entry.low != key.low || entry.size_plus_one != key.size + 1) return false;
    if (!key.is_long()) [[likely]]
      return entry.high == key.high;
    return entry.hash == hash &&
           std::memcmp(reinterpret_cast<const char*>(entry.high), key.data, key.size) == 0;
  }

  std::uint32_t find_or_insert(const RowKey& key, std::uint64_t hash, bool& is_new) {
    if ((size_ + 1) * 2 > entries_.size()) [[unlikely]]
      grow();
    for (std::size_t i = hash;; ++i) {
      Entry& entry = entries_[i & mask_];
      if (matches(entry, key, hash)) {
        is_new = false;
        return entry.group;
      }
      if (entry.size_plus_one == 0) {
        is_new = true;
        return insert(i & mask_, key, hash);
      }
    }
  }

  std::uint32_t insert(std::size_t slot, const RowKey& key, std::uint64_t hash) {
    std::uint32_t group = static_cast<std::uint32_t>(slots_.size());
    if (free_.empty()) {
      slots_.push_back(0);
    } else {
      group = free_.back();
      free_.pop_back();
    }
    const std::uint64_t high =
        key.is_long() ? reinterpret_cast<std::uint64_t>(arena_.copy(key.data, key.size)) : key.high;
    entries_[slot] = {key.low, high, hash, key.size + 1, group};
    slots_[group] = static_cast<std::uint32_t>(slot);
    ++size_;
    return group;
  }

  void grow() {
    std::vector<Entry> old = std::move(entries_);
    const std::size_t factor = old.size() < kQuickGrowth ? 4 : 2;
    entries_ = std::vector<Entry>(old.empty() ? 256 : old.size() * factor);
    mask_ = entries_.size() - 1;
    for (const Entry& entry : old) {
      if (entry.size_plus_one == 0) continue;
      std::size_t i = entry.hash;
      while (entries_[i & mask_].size_plus_one != 0) ++i;
      entries_[i & mask_] = entry;
      slots_[entry.group] = static_cast<std::uint32_t>(i & mask_);
    }
  }

  void compact_arena() {
    KeyArena live;
    for (Entry& entry : entries_) {
      if (entry.size_plus_one == 0) continue;
      if (const RowKey key = key_of(entry); key.is_long())
        entry.high = reinterpret_cast<std::uint64_t>(live.copy(key.data, key.size));
    }
    arena_ = std::move(live);
    dead_bytes_ = 0;
  }

  std::vector<Entry> entries_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::vector<std::uint32_t> slots_;  ///< by group: its entry, or kNone
  std::vector<std::uint32_t> free_;
  KeyArena arena_;
  std::size_t dead_bytes_ = 0;
  std::vector<std::uint64_t> hashes_;
};

}  // namespace stream
