// A TIMESTAMP as a field of a record: microseconds since 1970, UTC.
#pragma once

#include <libstream/api/value_traits.hpp>

#include <compare>

namespace stream {

struct Timestamp {
  std::int64_t micros = 0;
  std::int64_t millis() const { return micros / 1000 - (micros % 1000 < 0 ? 1 : 0); }
  auto operator<=>(const Timestamp&) const = default;
};

template <>
struct ValueTraits<Timestamp> {
  using View = Timestamp;
  static constexpr bool kIsNullable = false;
  static DataType type() { return primitive(TypeKind::timestamp); }
  static View read(const Column& column, std::size_t row) {
    return {column.data<std::int64_t>()[row]};
  }
  static void append(ColumnBuilder& builder, const Timestamp& value) {
    builder.append(value.micros);
  }
  static void append_key(std::string& out, const Timestamp& value) {
    ValueTraits<std::int64_t>::append_key(out, value.micros);
  }
  static Timestamp own(View view) { return view; }
};

}  // namespace stream
