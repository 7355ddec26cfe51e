#include <libstream/state/row_codec.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace stream {
namespace {

constexpr char kNull = 0;
constexpr char kPresent = 1;

template <class T>
void append_raw(const T& value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T read_raw(std::string_view& bytes) {
  T value;
  STREAM_CHECK(bytes.size() >= sizeof value, "a row of state is cut short");
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

template <class T>
void append_floating(T value, RowForm form, std::string& out) {
  if (form == RowForm::comparable) {
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
    value += T{0};  // -0.0 becomes 0.0
  }
  append_raw(value, out);
}

void encode_map(const Column& column, std::size_t begin, std::size_t end, RowForm form,
                std::string& out) {
  if (form == RowForm::exact) {
    for (std::size_t i = begin; i < end; ++i) {
      encode_value(column.children[0], i, form, out);
      encode_value(column.children[1], i, form, out);
    }
    return;
  }
  std::vector<std::string> entries;
  for (std::size_t i = begin; i < end; ++i) {
    std::string entry;
    encode_value(column.children[0], i, form, entry);
    encode_value(column.children[1], i, form, entry);
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : entries) out += entry;
}

}  // namespace

void encode_value(const Column& column, std::size_t row, RowForm form, std::string& out) {
  if (column.is_null(row) || column.type.kind == TypeKind::null) {
    out.push_back(kNull);
    return;
  }
  out.push_back(kPresent);
  switch (column.type.kind) {
    case TypeKind::float32:
      append_floating(column.data<float>()[row], form, out);
      return;
    case TypeKind::float64:
      append_floating(column.data<double>()[row], form, out);
      return;
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant: {
      const std::string_view text = column.string_at(row);
      append_raw(static_cast<std::uint32_t>(text.size()), out);
      out.append(text);
      return;
    }
    case TypeKind::structure:
      for (const Column& child : column.children) encode_value(child, row, form, out);
      return;
    case TypeKind::array:
    case TypeKind::map: {
      const std::int64_t* offsets = column.data<std::int64_t>() + row;
      const auto begin = static_cast<std::size_t>(offsets[0]);
      const auto end = static_cast<std::size_t>(offsets[1]);
      append_raw(static_cast<std::uint32_t>(end - begin), out);
      if (column.type.kind == TypeKind::map) return encode_map(column, begin, end, form, out);
      for (std::size_t i = begin; i < end; ++i) encode_value(column.children[0], i, form, out);
      return;
    }
    default: {
      const std::size_t width = value_width(column.type.kind);
      out.append(column.values.data() + row * width, width);
    }
  }
}

void decode_value(std::string_view& bytes, ColumnBuilder& builder) {
  if (read_raw<char>(bytes) == kNull) {
    builder.append_null();
    return;
  }
  const TypeKind kind = builder.type().kind;
  if (is_text(kind)) {
    const auto size = read_raw<std::uint32_t>(bytes);
    STREAM_CHECK(bytes.size() >= size, "a row of state is cut short");
    builder.append_string(bytes.substr(0, size));
    bytes.remove_prefix(size);
    return;
  }
  if (kind == TypeKind::structure) {
    for (std::size_t i = 0; i < builder.type().children.size(); ++i)
      decode_value(bytes, builder.child(i));
    builder.append_struct();
    return;
  }
  if (is_list(kind)) {
    const auto size = read_raw<std::uint32_t>(bytes);
    for (std::uint32_t i = 0; i < size; ++i) {
      for (std::size_t c = 0; c < builder.type().children.size(); ++c)
        decode_value(bytes, builder.child(c));
    }
    builder.append_array();
    return;
  }
  switch (value_width(kind)) {
    case 1:
      return builder.append(read_raw<std::uint8_t>(bytes));
    case 2:
      return builder.append(read_raw<std::uint16_t>(bytes));
    case 4:
      return builder.append(read_raw<std::uint32_t>(bytes));
    case 8:
      return builder.append(read_raw<std::uint64_t>(bytes));
    case 16:
      return builder.append(read_raw<Int128>(bytes));
    default:
      STREAM_UNREACHABLE("type kind");
  }
}

}  // namespace stream
