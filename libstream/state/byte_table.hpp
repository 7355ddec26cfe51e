// Open-addressing hash table from byte strings to small values, the heart of keyed operators. Keys
// of up to 16 bytes sit inline, longer ones in an arena; linear probing; no tombstones. One thread.
#pragma once

#include <libstream/base/hash.hpp>
#include <libstream/base/int128.hpp>
#include <libstream/base/large_array.hpp>
#include <libstream/base/load.hpp>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace stream {

/// A key ready to be looked up: its inline words, or its first eight bytes and a pointer.
struct ByteKey {
  std::uint64_t low;
  std::uint64_t high;
  std::uint32_t size;
  const char* data;  ///< used when size > 16

  static ByteKey of(std::string_view text) {
    const Prefix prefix = load_prefix(text.data(), text.size());
    return {prefix.low, prefix.high, static_cast<std::uint32_t>(text.size()), text.data()};
  }
  static ByteKey of_integer(std::uint64_t value) { return {value, 0, 8, nullptr}; }

  bool is_inline() const { return size <= 16; }
  std::uint64_t hash() const {
    std::uint64_t mixed = low ^ (high * 0x9e3779b97f4a7c15ULL) ^ size;
    if (!is_inline()) [[unlikely]]
      mixed ^= hash_bytes(data + 16, size - 16);
    // Both halves of the product: what differs in a key's last bytes only is lost to the low one.
    const UInt128 product = UInt128{mixed} * 0xff51afd7ed558ccdULL;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
};

/// Owns the bytes of long keys; they never move.
class KeyArena {
 public:
  const char* copy(const char* data, std::size_t size) {
    if (size > left_) {
      const std::size_t block = size > kBlockBytes ? size : kBlockBytes;
      blocks_.push_back(std::make_unique<char[]>(block));
      next_ = blocks_.back().get();
      left_ = block;
      bytes_ += block;
    }
    char* place = next_;
    std::memcpy(place, data, size);
    next_ += size;
    left_ -= size;
    return place;
  }
  void clear() {
    blocks_.clear();
    left_ = bytes_ = 0;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kBlockBytes = 64u << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t bytes_ = 0;
};

template <class Value>
class ByteTable {
 public:
  struct alignas(32) Entry {
    std::uint64_t low = 0;
    std::uint64_t high = 0;           ///< of a long key: its place in the arena
    std::uint32_t size_plus_one = 0;  ///< 0: empty
    Value value{};

    std::uint32_t size() const { return size_plus_one - 1; }
    /// Valid until the table changes.
    std::string_view key() const {
      if (size() <= 16) return {reinterpret_cast<const char*>(&low), size()};
      return {reinterpret_cast<const char*>(high), size()};
    }
  };

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return entries_.capacity() * sizeof(Entry) + arena_.bytes(); }

  /// Brings the place of a key with this hash into the cache, for a look-up soon after.
  void prefetch(std::size_t hash) const {
    if (!entries_.empty()) __builtin_prefetch(&entries_[hash & mask_]);
  }

  /// The key's value; `is_new` tells that it was just made from Value{}. Valid until the next call.
  Value& find_or_insert(const ByteKey& key, bool& is_new) {
    return find_or_insert(key, key.hash(), is_new);
  }
  /// The same with key.hash() computed before.
  Value& find_or_insert(const ByteKey& key, std::size_t hash, bool& is_new) {
    if ((size_ + 1) * 2 > entries_.size()) [[unlikely]]
      grow();
    for (std::size_t i = hash;; ++i) {
      Entry& entry = entries_[i & mask_];
      if (matches(entry, key)) {
        is_new = false;
        return entry.value;
      }
      if (entry.size_plus_one == 0) {
        entry.low = key.low;
        entry.high = key.is_inline()
                         ? key.high
                         : reinterpret_cast<std::uint64_t>(arena_.copy(key.data, key.size));
        entry.size_plus_one = key.size + 1;
        ++size_;
        is_new = true;
        return entry.value;
      }
    }
  }

  Value* find(const ByteKey& key) {
    if (size_ == 0) return nullptr;
    for (std::size_t i = key.hash();; ++i) {
      Entry& entry = entries_[i & mask_];
      if (matches(entry, key)) return &entry.value;
      if (entry.size_plus_one == 0) return nullptr;
    }
  }

  /// Removes a key that is there, moving later entries of its run back.
  void erase(const ByteKey& key) {
    std::size_t hole = key.hash();
    while (!matches(entries_[hole & mask_], key)) ++hole;
    for (std::size_t i = hole + 1; entries_[i & mask_].size_plus_one != 0; ++i) {
      const std::size_t home = key_of(entries_[i & mask_]).hash();
      // The entry may move into the hole unless its home lies behind the hole.
      if (((i - home) & mask_) < ((i - hole) & mask_)) continue;
      entries_[hole & mask_] = std::move(entries_[i & mask_]);
      hole = i;
    }
    entries_[hole & mask_] = Entry{};
    --size_;
  }

  /// Calls visit(Entry&) for each, in table order.
  template <class Visit>
  void for_each(Visit visit) {
    for (Entry& entry : entries_) {
      if (entry.size_plus_one != 0) visit(entry);
    }
  }

  /// Resumable iteration: the entry at or after `position`, nullptr at the end; moves `position`.
  Entry* next(std::size_t& position) {
    while (position < entries_.size()) {
      Entry& entry = entries_[position++];
      if (entry.size_plus_one != 0) return &entry;
    }
    return nullptr;
  }

  /// Empties the table; its memory is kept unless it is far larger than what was in it.
  void clear() {
    if (size_ * 16 < entries_.size() && entries_.size() > 4096) {
      entries_ = {};
      mask_ = 0;
    } else if (size_ > 0) {
      for (Entry& entry : entries_) entry = Entry{};
    }
    size_ = 0;
    arena_.clear();
  }

 private:
  using Entries = std::vector<Entry, LargeAllocator<Entry>>;
  static constexpr std::size_t kQuickGrowth = 65'536;  ///< entries; above, memory counts more

  static bool matches(const Entry& entry, const ByteKey& key) {
    if (entry.low != key.low || entry.size_plus_one != key.size + 1) return false;
    if (key.is_inline()) [[likely]]
      return entry.high == key.high;
    return std::memcmp(reinterpret_cast<const char*>(entry.high), key.data, key.size) == 0;
  }

  static ByteKey key_of(const Entry& entry) {
    if (entry.size() <= 16) return {entry.low, entry.high, entry.size(), nullptr};
    return ByteKey::of(entry.key());
  }

  void grow() {
    Entries old = std::move(entries_);
    const std::size_t factor = old.size() < kQuickGrowth ? 4 : 2;
    entries_ = Entries(old.empty() ? 256 : old.size() * factor);
    mask_ = entries_.size() - 1;
    for (Entry& entry : old) {
      if (entry.size_plus_one == 0) continue;
      std::size_t i = key_of(entry).hash();
      while (entries_[i & mask_].size_plus_one != 0) ++i;
      entries_[i & mask_] = std::move(entry);
    }
  }

  Entries entries_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  KeyArena arena_;
};

}  // namespace stream
