// A hash table from typed keys to typed values: strings and integers inline, other types by their
// bytes with the key kept beside the value. Used by the keyed typed operators.
#pragma once

#include <libstream/api/value_traits.hpp>
#include <libstream/state/byte_table.hpp>

namespace stream {

template <class K, class V>
class KeyTable {
  static constexpr bool kIsString = std::is_same_v<K, std::string>;
  static constexpr bool kIsInteger = std::is_integral_v<K>;
  static constexpr bool kIsInline = kIsString || kIsInteger;

  struct WithKey {
    K key{};
    V value{};
  };
  using Cell = std::conditional_t<kIsInline, V, WithKey>;

 public:
  using Entry = typename ByteTable<Cell>::Entry;
  /// What key() gives: a view of a string, a number, or a reference.
  using KeyView =
      std::conditional_t<kIsString, std::string_view, std::conditional_t<kIsInteger, K, const K&>>;

  std::size_t size() const { return table_.size(); }
  std::size_t bytes() const { return table_.bytes(); }

  /// True: the bytes of keys can be kept apart from where they came from (up to 16 bytes).
  static constexpr bool kKeepsBytes = kIsInline;
  template <class X>
  static ByteKey bytes_of(const X& key) requires kIsInline {
    if constexpr (kIsString)
      return ByteKey::of(key);
    else
      return ByteKey::of_integer(static_cast<std::uint64_t>(static_cast<K>(key)));
  }
  void prefetch(std::size_t hash) const { table_.prefetch(hash); }
  V& find_or_insert_bytes(const ByteKey& key, std::size_t hash, bool& is_new) requires kIsInline {
    return table_.find_or_insert(key, hash, is_new);
  }

  template <class X>
  V& find_or_insert(const X& key, bool& is_new) {
    Cell& cell = table_.find_or_insert(byte_key(key), is_new);
    if constexpr (kIsInline) {
      return cell;
    } else {
      if (is_new) cell.key = K(OwnedOf<X>(key));
      return cell.value;
    }
  }
  template <class X>
  V* find(const X& key) {
    Cell* cell = table_.find(byte_key(key));
    if constexpr (kIsInline)
      return cell;
    else
      return cell ? &cell->value : nullptr;
  }
  template <class X>
  void erase(const X& key) {
    table_.erase(byte_key(key));
  }

  Entry* next(std::size_t& position) { return table_.next(position); }
  static KeyView key(const Entry& entry) {
    if constexpr (kIsString)
      return entry.key();
    else if constexpr (kIsInteger)
      return static_cast<K>(entry.low);
    else
      return entry.value.key;
  }
  static V& value(Entry& entry) {
    if constexpr (kIsInline)
      return entry.value;
    else
      return entry.value.value;
  }
  void clear() { table_.clear(); }

 private:
  template <class X>
  ByteKey byte_key(const X& key) {
    if constexpr (kIsInline) {
      return bytes_of(key);
    } else {
      scratch_.clear();
      ValueTraits<K>::append_key(scratch_, key);
      return ByteKey::of(scratch_);
    }
  }

  ByteTable<Cell> table_;
  std::string scratch_;
};

}  // namespace stream
