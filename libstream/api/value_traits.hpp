// How C++ values live in columns: ValueTraits<T> gives a type's column form, a view read from a
// row, and writing. Numbers, strings, pairs, tuples, optionals and vectors are known; plain structs
// join by STREAM_RECORD (record.hpp). Used by the typed operators only.
#pragma once

#include <libstream/api/record.hpp>
#include <libstream/data/column_builder.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace stream {

template <class T>
struct ValueTraits;

namespace detail {

template <class T>
constexpr TypeKind number_kind() {
  if constexpr (std::is_same_v<T, bool>)
    return TypeKind::boolean;
  else if constexpr (std::is_same_v<T, float>)
    return TypeKind::float32;
  else if constexpr (std::is_same_v<T, double>)
    return TypeKind::float64;
  else if constexpr (sizeof(T) == 1)
    return TypeKind::int8;
  else if constexpr (sizeof(T) == 2)
    return TypeKind::int16;
  else if constexpr (sizeof(T) == 4)
    return TypeKind::int32;
  else
    return TypeKind::int64;
}

inline void append_size(std::string& out, std::size_t size) {
  const auto fixed = static_cast<std::uint32_t>(size);
  out.append(reinterpret_cast<const char*>(&fixed), sizeof fixed);
}

}  // namespace detail

template <class T>
requires std::is_arithmetic_v<T>
struct ValueTraits<T> {
  using View = T;
  static constexpr bool kIsNullable = false;
  static DataType type() { return primitive(detail::number_kind<T>()); }
  static View read(const Column& column, std::size_t row) {
    if constexpr (std::is_same_v<T, bool>)
      return column.data<std::uint8_t>()[row] != 0;
    else
      return column.data<T>()[row];
  }
  template <class X>
  static void append(ColumnBuilder& builder, const X& value) {
    if constexpr (std::is_same_v<T, bool>)
      builder.append(static_cast<std::uint8_t>(value ? 1 : 0));
    else
      builder.append(static_cast<T>(value));
  }
  template <class X>
  static void append_key(std::string& out, const X& value) {
    T fixed = static_cast<T>(value);
    if constexpr (std::is_floating_point_v<T>) fixed = fixed + T{0};  // -0.0 and 0.0 are one key
    out.append(reinterpret_cast<const char*>(&fixed), sizeof fixed);
  }
  static T own(View view) { return view; }
};

template <>
struct ValueTraits<std::string> {
  using View = std::string_view;
  static constexpr bool kIsNullable = false;
  static DataType type() { return primitive(TypeKind::string); }
  static View read(const Column& column, std::size_t row) { return column.string_at(row); }
  static void append(ColumnBuilder& builder, std::string_view value) {
    builder.append_string(value);
  }
  static void append_key(std::string& out, std::string_view value) {
    detail::append_size(out, value.size());
    out += value;
  }
  static std::string own(View view) { return std::string(view); }
};

template <class T>
struct ValueTraits<std::optional<T>> {
  using View = std::optional<typename ValueTraits<T>::View>;
  static constexpr bool kIsNullable = true;
  static DataType type() { return ValueTraits<T>::type(); }
  static View read(const Column& column, std::size_t row) {
    if (column.is_null(row)) return std::nullopt;
    return ValueTraits<T>::read(column, row);
  }
  template <class X>
  static void append(ColumnBuilder& builder, const X& value) {
    if (value)
      ValueTraits<T>::append(builder, *value);
    else
      builder.append_null();
  }
  template <class X>
  static void append_key(std::string& out, const X& value) {
    out += value ? '\1' : '\0';
    if (value) ValueTraits<T>::append_key(out, *value);
  }
  static std::optional<T> own(View view) {
    if (!view) return std::nullopt;
    return ValueTraits<T>::own(std::move(*view));
  }
};

template <class T>
struct ValueTraits<std::vector<T>> {
  using View = std::vector<T>;
  static constexpr bool kIsNullable = false;
  static DataType type() { return array_of(ValueTraits<T>::type(), ValueTraits<T>::kIsNullable); }
  static View read(const Column& column, std::size_t row) {
    const std::int64_t* offsets = column.data<std::int64_t>();
    std::vector<T> values;
    values.reserve(static_cast<std::size_t>(offsets[row + 1] - offsets[row]));
    for (std::int64_t i = offsets[row]; i < offsets[row + 1]; ++i)
      values.push_back(ValueTraits<T>::own(
          ValueTraits<T>::read(column.children[0], static_cast<std::size_t>(i))));
    return values;
  }
  template <class X>
  static void append(ColumnBuilder& builder, const X& values) {
    for (const auto& value : values) ValueTraits<T>::append(builder.child(0), value);
    builder.append_array();
  }
  template <class X>
  static void append_key(std::string& out, const X& values) {
    detail::append_size(out, values.size());
    for (const auto& value : values) ValueTraits<T>::append_key(out, value);
  }
  static std::vector<T> own(View view) { return view; }
};

// ---- products: pairs, tuples and records, as one list of fields ----

/// Fields<T>: the field types of a product, their names and access; undefined for other types.
template <class T>
struct Fields;

template <class A, class B>
struct Fields<std::pair<A, B>> {
  using Types = std::tuple<A, B>;
  using View = std::pair<typename ValueTraits<A>::View, typename ValueTraits<B>::View>;
  static std::string name(std::size_t index) { return "_" + std::to_string(index + 1); }
  template <std::size_t I, class X>
  static const auto& get(const X& value) {
    return std::get<I>(value);
  }
  template <class... V>
  static View make_view(V&&... values) {
    return View(std::forward<V>(values)...);
  }
  static std::pair<A, B> own(View&& view) {
    return {ValueTraits<A>::own(std::move(view.first)),
            ValueTraits<B>::own(std::move(view.second))};
  }
};

template <class... T>
struct Fields<std::tuple<T...>> {
  using Types = std::tuple<T...>;
  using View = std::tuple<typename ValueTraits<T>::View...>;
  static std::string name(std::size_t index) { return "_" + std::to_string(index + 1); }
  template <std::size_t I, class X>
  static const auto& get(const X& value) {
    return std::get<I>(value);
  }
  template <class... V>
  static View make_view(V&&... values) {
    return View(std::forward<V>(values)...);
  }
  static std::tuple<T...> own(View&& view) {
    return std::apply(
        [](auto&&... v) { return std::tuple<T...>(ValueTraits<T>::own(std::move(v))...); },
        std::move(view));
  }
};

template <Record T>
struct Fields<T> {
  using Description = decltype(stream_record(static_cast<const T*>(nullptr)));
  using Types = typename Description::Types;
  using View = T;
  static std::string name(std::size_t index) {
    return std::string(stream_record(static_cast<const T*>(nullptr)).names[index]);
  }
  template <std::size_t I>
  static const auto& get(const T& value) {
    return value.*std::get<I>(stream_record(static_cast<const T*>(nullptr)).members);
  }
  template <class... V>
  static View make_view(V&&... values) {
    T made{};
    set(made, std::make_index_sequence<sizeof...(V)>{}, std::forward<V>(values)...);
    return made;
  }
  static T own(View&& view) { return std::move(view); }

 private:
  template <std::size_t... I, class... V>
  static void set(T& made, std::index_sequence<I...>, V&&... values) {
    const auto description = stream_record(static_cast<const T*>(nullptr));
    ((made.*std::get<I>(description.members) =
          ValueTraits<std::tuple_element_t<I, Types>>::own(std::forward<V>(values))),
     ...);
  }
};

template <class T>
concept Product = requires {
  typename Fields<T>::Types;
};

template <Product T>
struct ValueTraits<T> {
  using F = Fields<T>;
  using Types = typename F::Types;
  using View = typename F::View;
  static constexpr bool kIsNullable = false;
  static constexpr std::size_t kSize = std::tuple_size_v<Types>;
  template <std::size_t I>
  using FieldTraits = ValueTraits<std::tuple_element_t<I, Types>>;

  static std::vector<Field> fields() { return fields_of(std::make_index_sequence<kSize>{}); }
  static DataType type() { return struct_of(fields()); }

  static View read(const Column& column, std::size_t row) {
    return read_from(column.children, row);
  }
  /// From any sequence of columns that hold the fields.
  template <class Columns>
  static View read_from(const Columns& columns, std::size_t row) {
    return read_fields(columns, row, std::make_index_sequence<kSize>{});
  }
  template <class X>
  static void append(ColumnBuilder& builder, const X& value) {
    append_fields([&](std::size_t i) -> ColumnBuilder& { return builder.child(i); }, value,
                  std::make_index_sequence<kSize>{});
    builder.append_struct();
  }
  template <class X>
  static void append_to(std::vector<ColumnBuilder>& builders, const X& value) {
    append_fields([&](std::size_t i) -> ColumnBuilder& { return builders[i]; }, value,
                  std::make_index_sequence<kSize>{});
  }
  template <class X>
  static void append_key(std::string& out, const X& value) {
    append_keys(out, value, std::make_index_sequence<kSize>{});
  }
  static T own(View view) { return F::own(std::move(view)); }

 private:
  template <std::size_t... I>
  static std::vector<Field> fields_of(std::index_sequence<I...>) {
    return {Field{F::name(I), FieldTraits<I>::type(), FieldTraits<I>::kIsNullable}...};
  }
  template <class Columns, std::size_t... I>
  static View read_fields(const Columns& columns, std::size_t row, std::index_sequence<I...>) {
    return F::make_view(FieldTraits<I>::read(columns[I], row)...);
  }
  template <class Builder, class X, std::size_t... I>
  static void append_fields(Builder builder, const X& value, std::index_sequence<I...>) {
    (FieldTraits<I>::append(builder(I), F::template get<I>(value)), ...);
  }
  template <class X, std::size_t... I>
  static void append_keys(std::string& out, const X& value, std::index_sequence<I...>) {
    (FieldTraits<I>::append_key(out, F::template get<I>(value)), ...);
  }
};

template <class T>
using ViewOf = typename ValueTraits<T>::View;

// ---- the owning type of an expression's type: what a DStream of it is called ----

namespace detail {
template <class T>
struct Owned {
  using type = T;
};
template <>
struct Owned<std::string_view> {
  using type = std::string;
};
template <>
struct Owned<const char*> {
  using type = std::string;
};
template <class A, class B>
struct Owned<std::pair<A, B>> {
  using type = std::pair<typename Owned<A>::type, typename Owned<B>::type>;
};
template <class... T>
struct Owned<std::tuple<T...>> {
  using type = std::tuple<typename Owned<T>::type...>;
};
template <class T>
struct Owned<std::optional<T>> {
  using type = std::optional<typename Owned<T>::type>;
};
template <class T>
struct Owned<std::vector<T>> {
  using type = std::vector<typename Owned<T>::type>;
};
}  // namespace detail

/// std::string_view -> std::string, also inside pairs, tuples, optionals and vectors.
template <class T>
using OwnedOf = typename detail::Owned<std::remove_cvref_t<T>>::type;

// ---- rows: a product's fields are the columns, anything else is one column `value` ----

template <class T>
const std::shared_ptr<const Schema>& row_schema() {
  static const std::shared_ptr<const Schema> schema = [] {
    if constexpr (std::is_same_v<T, std::string>) {
      return text_schema();
    } else if constexpr (Product<T>) {
      return std::make_shared<const Schema>(Schema{ValueTraits<T>::fields()});
    } else {
      return std::make_shared<const Schema>(
          Schema{{Field{"value", ValueTraits<T>::type(), ValueTraits<T>::kIsNullable}}});
    }
  }();
  return schema;
}

template <class T>
ViewOf<T> read_row(const Batch& batch, std::size_t row) {
  if constexpr (Product<T>)
    return ValueTraits<T>::read_from(batch.columns(), row);
  else
    return ValueTraits<T>::read(batch.column(0), row);
}

/// Builds batches of T row by row.
template <class T>
class TypedRowWriter {
 public:
  explicit TypedRowWriter(BlockPool& pool) {
    for (const Field& field : row_schema<T>()->fields) builders_.emplace_back(field.type, pool);
  }
  std::size_t num_rows() const { return builders_.empty() ? 0 : builders_.front().num_rows(); }
  /// Strings that point into this batch are not copied.
  void adopt(const Batch& batch) {
    for (const Column& column : batch.columns()) adopt(column);
  }
  template <class X>
  void append(const X& value) {
    if constexpr (Product<T>)
      ValueTraits<T>::append_to(builders_, value);
    else
      ValueTraits<T>::append(builders_[0], value);
  }
  Batch finish() {
    const std::size_t rows = num_rows();
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders_) columns.push_back(builder.finish());
    return Batch(row_schema<T>(), std::move(columns), rows);
  }

 private:
  void adopt(const Column& column) {
    for (ColumnBuilder& builder : builders_) builder.adopt(column.blocks);
    for (const Column& child : column.children) adopt(child);
  }
  std::vector<ColumnBuilder> builders_;
};

}  // namespace stream
