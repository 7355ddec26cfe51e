// Result<T>: a value or an Error, with the names of std::expected. Used by everything below `api`.
#pragma once

#include <libstream/base/check.hpp>
#include <libstream/base/error.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace stream {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return (check(), *std::get_if<0>(&content_)); }
  const T& value() const& { return (check(), *std::get_if<0>(&content_)); }
  T&& value() && { return (check(), std::move(*std::get_if<0>(&content_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Requires !has_value().
  const Error& error() const& { return *std::get_if<1>(&content_); }
  Error&& error() && { return std::move(*std::get_if<1>(&content_)); }

 private:
  void check() const {
    if (!has_value()) [[unlikely]]
      STREAM_UNREACHABLE(std::get_if<1>(&content_)->message());
  }

  std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const {
    if (error_) [[unlikely]]
      STREAM_UNREACHABLE(error_->message());
  }
  /// Requires !has_value().
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

/// Throws the error of a failed result, else returns its value. Only `api` and programs call it.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::move(result).error();
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace stream

#define STREAM_DETAIL_JOIN_(a, b) a##b
#define STREAM_DETAIL_JOIN(a, b) STREAM_DETAIL_JOIN_(a, b)
#define STREAM_DETAIL_TRY_1(temporary, expression)            \
  if (auto temporary = (expression); !temporary) [[unlikely]] \
  return std::move(temporary).error()
#define STREAM_DETAIL_TRY_2(temporary, declaration, expression) \
  auto temporary = (expression);                                \
  if (!temporary) [[unlikely]]                                  \
    return std::move(temporary).error();                        \
  declaration = std::move(temporary).value()
#define STREAM_DETAIL_PICK(_1, _2, name, ...) name

/// `STREAM_TRY(expression);` or `STREAM_TRY(auto x, expression);`: returns the error of a failed
/// Result from the calling function, else goes on (with the value).
#define STREAM_TRY(...)                                                             \
  STREAM_DETAIL_PICK(__VA_ARGS__, STREAM_DETAIL_TRY_2, STREAM_DETAIL_TRY_1, unused) \
  (STREAM_DETAIL_JOIN(try_result_, __LINE__), __VA_ARGS__)
