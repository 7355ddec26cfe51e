// STREAM_RECORD(Payment, user, amount, time) beside a plain struct, in its namespace: from then on
// the struct is a record type of streams. Up to 16 fields.
#pragma once

#include <array>
#include <string_view>
#include <tuple>

namespace stream {

/// What STREAM_RECORD says of a struct.
template <class T, class... Member>
struct RecordDescription {
  using Types = std::tuple<Member...>;
  std::array<std::string_view, sizeof...(Member)> names;
  std::tuple<Member T::*...> members;
};

template <class T, class... Member>
constexpr RecordDescription<T, Member...> describe_record(
    std::array<std::string_view, sizeof...(Member)> names, Member T::*... members) {
  return {names, {members...}};
}

template <class T>
concept Record = requires(const T* record) {
  stream_record(record);
};

}  // namespace stream

#define STREAM_DETAIL_COUNT(...) \
  STREAM_DETAIL_COUNT_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define STREAM_DETAIL_COUNT_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, \
                             _16, n, ...)                                                      \
  n
#define STREAM_DETAIL_CONCAT_(a, b) a##b
#define STREAM_DETAIL_CONCAT(a, b) STREAM_DETAIL_CONCAT_(a, b)
#define STREAM_DETAIL_EACH(m, t, ...) \
  STREAM_DETAIL_CONCAT(STREAM_DETAIL_EACH_, STREAM_DETAIL_COUNT(__VA_ARGS__))(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_1(m, t, x) m(t, x)
#define STREAM_DETAIL_EACH_2(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_1(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_3(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_2(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_4(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_3(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_5(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_4(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_6(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_5(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_7(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_6(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_8(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_7(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_9(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_8(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_10(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_9(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_11(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_10(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_12(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_11(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_13(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_12(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_14(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_13(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_15(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_14(m, t, __VA_ARGS__)
#define STREAM_DETAIL_EACH_16(m, t, x, ...) m(t, x), STREAM_DETAIL_EACH_15(m, t, __VA_ARGS__)
#define STREAM_DETAIL_NAME(type, field) std::string_view(#field)
#define STREAM_DETAIL_MEMBER(type, field) &type::field

/// Registers the named members of `type` as the fields of its rows, in this order.
#define STREAM_RECORD(type, ...)                                      \
  constexpr auto stream_record(const type*) {                         \
    return ::stream::describe_record<type>(                           \
        {STREAM_DETAIL_EACH(STREAM_DETAIL_NAME, type, __VA_ARGS__)},  \
        STREAM_DETAIL_EACH(STREAM_DETAIL_MEMBER, type, __VA_ARGS__)); \
  }                                                                   \
  static_assert(true)
