// Records to bytes and back by one list of fields a type: `describe(archive, record)` calls
// archive(field, …); the archive packs or unpacks them (data/packed_record). Used by peer_messages
// and task_frame only.
#pragma once

#include <libstream/data/packed_record.hpp>

#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace stream {

class PackArchive {
 public:
  explicit PackArchive(std::string& out) : writer_(out) {}

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }

 private:
  void put(const std::string& value) { writer_.put_text(value); }
  void put(bool value) { writer_.put_flag(value); }
  template <class T>
  void put(const std::vector<T>& items) {
    writer_.put_unsigned(items.size());
    for (const T& item : items) put(item);
  }
  template <class K, class V>
  void put(const std::map<K, V>& items) {
    writer_.put_unsigned(items.size());
    for (const auto& [key, value] : items) (*this)(key, value);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class T>
  void put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      writer_.put_unsigned(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      writer_.put_signed(value);
    } else if constexpr (std::is_integral_v<T>) {
      writer_.put_unsigned(value);
    } else {
      describe(*this, const_cast<T&>(value));  // the one list of fields serves both ways
    }
  }

  PackedWriter writer_;
};

class UnpackArchive {
 public:
  explicit UnpackArchive(std::string_view bytes) : reader_(bytes) {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (take(fields), ...);
  }
  PackedReader& reader() { return reader_; }

  static constexpr std::size_t kMaxItems = 1u << 20;

 private:
  void take(std::string& value) { value = reader_.take_text(); }
  void take(bool& value) { value = reader_.take_flag(); }
  template <class T>
  void take(std::vector<T>& items) {
    items.clear();
    for (std::size_t left = reader_.take_count(kMaxItems); left > 0 && !reader_.has_failed();
         --left)
      take(items.emplace_back());
  }
  template <class K, class V>
  void take(std::map<K, V>& items) {
    items.clear();
    for (std::size_t left = reader_.take_count(kMaxItems); left > 0 && !reader_.has_failed();
         --left) {
      K key{};
      take(key);
      take(items[key]);
    }
  }
  template <class T>
  void take(std::optional<T>& value) {
    value.reset();
    if (!reader_.take_flag()) return;
    if constexpr (std::is_default_constructible_v<T>) {
      value.emplace();
    } else {
      value.emplace(ErrorClass::fatal, std::string());  // an Error
    }
    take(*value);
  }
  template <class T>
  void take(T& value) {
    if constexpr (std::is_enum_v<T>) {
      const std::uint64_t number = reader_.take_unsigned();
      if (number > static_cast<std::uint64_t>(last_of(T{}))) reader_.refuse("an unknown choice");
      value = static_cast<T>(number);
    } else if constexpr (std::is_integral_v<T>) {
      take_number(value);
    } else {
      describe(*this, value);
    }
  }
  template <class T>
  void take_number(T& value) {
    if constexpr (std::is_signed_v<T>) {
      const std::int64_t number = reader_.take_signed();
      if (!std::in_range<T>(number)) reader_.refuse("a number out of range");
      value = static_cast<T>(number);
    } else {
      const std::uint64_t number = reader_.take_unsigned();
      if (!std::in_range<T>(number)) reader_.refuse("a number out of range");
      value = static_cast<T>(number);
    }
  }

  PackedReader reader_;
};

}  // namespace stream
