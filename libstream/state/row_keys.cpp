#include <libstream/state/row_codec.hpp>
#include <libstream/state/row_keys.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace stream {
namespace {

constexpr std::size_t kMaxPacked = 16;
constexpr std::size_t kPackedAtOnce = 512;  ///< rows

bool is_window_type(const DataType& type) {
  const auto is_time = [](const Field& field) {
    return field.type.kind == TypeKind::timestamp || field.type.kind == TypeKind::timestamp_ntz;
  };
  return type.kind == TypeKind::structure && type.children.size() == 2 &&
         is_time(type.children[0]) && is_time(type.children[1]);
}

/// Bytes of a type that can be packed, else 0.
std::size_t packed_width(const DataType& type, bool is_window) {
  if (is_window) return sizeof(std::int64_t);
  if (is_text(type.kind) || is_list(type.kind)) return 0;
  return value_width(type.kind);
}

double comparable(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
}
float comparable(float value) {
  return std::isnan(value) ? std::numeric_limits<float>::quiet_NaN() : value + 0.0f;
}

std::uint64_t as_bits(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
std::uint32_t as_bits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// The bytes of up to 16 of some rows, as two words each.
struct Words {
  std::array<std::uint64_t, kPackedAtOnce> low{};
  std::array<std::uint64_t, kPackedAtOnce> high{};
};

template <class Place>
void pack(std::size_t begin, std::size_t end, std::size_t offset, Words& words, Place place) {
  std::uint64_t* to = (offset < 8 ? words.low : words.high).data();
  const auto shift = static_cast<unsigned>(8 * (offset % 8));
  for (std::size_t row = begin; row < end; ++row) to[row - begin] |= place(row) << shift;
}

/// The values that are words of keys as they are; else nullptr.
const std::uint64_t* words_of(const Column& column, std::size_t width) {
  const bool is_word = width == sizeof(std::uint64_t) && column.type.kind != TypeKind::float64;
  return is_word ? column.data<std::uint64_t>() : nullptr;
}

/// Rows begin … end − 1 of a column of fixed width, `offset` bytes behind the first of the words,
/// which are zero there.
void pack_column(const Column& column, std::size_t width, std::size_t begin, std::size_t end,
                 std::size_t offset, Words& words) {
  const auto pack_values = [&]<class T>(const T* values) {
    pack(begin, end, offset, words, [values](std::size_t row) -> std::uint64_t {
      if constexpr (std::is_floating_point_v<T>) {
        return as_bits(comparable(values[row]));
      } else {
        return values[row];
      }
    });
  };
  if (column.type.kind == TypeKind::float32) return pack_values(column.data<float>());
  if (column.type.kind == TypeKind::float64) return pack_values(column.data<double>());
  switch (width) {
    case 1:
      return pack_values(column.data<std::uint8_t>());
    case 2:
      return pack_values(column.data<std::uint16_t>());
    case 4:
      return pack_values(column.data<std::uint32_t>());
    default:  // 16 bytes fill both words
      for (std::size_t row = begin; row < end; ++row) {
        const char* bytes = column.values.data() + row * 16;
        std::memcpy(&words.low[row - begin], bytes, 8);
        std::memcpy(&words.high[row - begin], bytes + 8, 8);
      }
  }
}

}  // namespace

RowKeys::RowKeys(std::vector<DataType> types, bool packs_windows) : types_(std::move(types)) {
  if (types_.size() == 1 && is_text(types_[0].kind)) {
    form_ = Form::text;
    return;
  }
  std::size_t offset = 0;
  std::size_t num_windows = 0;
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const bool is_window = packs_windows && is_window_type(types_[i]);
    const std::size_t width = packed_width(types_[i], is_window);
    num_windows += is_window ? 1 : 0;
    if (width == 0 || num_windows > 1) return;
    parts_.push_back({i, offset, width, is_window});
    offset += width;
  }
  if (offset > kMaxPacked) return;
  // A value may not lie across the two words: the widest come first.
  std::stable_sort(parts_.begin(), parts_.end(),
                   [](const Part& a, const Part& b) { return a.width > b.width; });
  offset = 0;
  for (Part& part : parts_) {
    part.offset = offset;
    offset += part.width;
  }
  form_ = Form::packed;
  packed_size_ = static_cast<std::uint32_t>(offset);
}

std::span<const RowKey> RowKeys::encode(std::span<const Column> columns, std::size_t num_rows) {
  keys_.resize(num_rows);
  if (num_rows == 0) return keys_;
  switch (form_) {
    case Form::packed:
      encode_packed(columns, num_rows);
      break;
    case Form::text:
      encode_text(columns[0], num_rows);
      break;
    case Form::general:
      rows_.resize(num_rows);
      std::iota(rows_.begin(), rows_.end(), 0u);
      encode_general(columns, rows_);
      break;
  }
  return keys_;
}

void RowKeys::encode_text(const Column& column, std::size_t num_rows) {
  const StringView* views = column.data<StringView>();
  for (std::size_t row = 0; row < num_rows; ++row) {
    const StringView& view = views[row];
    if (column.is_null(row)) [[unlikely]] {
      keys_[row] = RowKey::null_text();
    } else if (view.is_inline()) {
      keys_[row] = RowKey::of({view.inlined, view.size});
    } else {
      keys_[row] =
          RowKey::of({column.blocks[view.outside.block].data() + view.outside.offset, view.size});
    }
  }
}

void RowKeys::find_unpackable(std::span<const Column> columns, std::size_t num_rows) {
  rows_.clear();
  for (std::size_t row = 0; row < num_rows; ++row) {
    for (const Part& part : parts_) {
      const Column& column = columns[part.column];
      bool is_packable = !column.is_null(row);
      if (part.is_window && is_packable) {
        const Column& start = column.children[0];
        const Column& end = column.children[1];
        is_packable =
            window_size_ && !start.is_null(row) && !end.is_null(row) &&
            end.data<std::int64_t>()[row] - start.data<std::int64_t>()[row] == *window_size_;
      }
      if (is_packable) continue;
      rows_.push_back(static_cast<std::uint32_t>(row));
      break;
    }
  }
}

void RowKeys::encode_packed(std::span<const Column> columns, std::size_t num_rows) {
  bool has_unpackable = false;
  std::array<const Column*, kMaxPacked> sources{};  // by part; nullptr: nothing to pack
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Column& column = columns[parts_[i].column];
    if (column.validity) has_unpackable = true;
    sources[i] = &column;
    if (!parts_[i].is_window) continue;
    sources[i] = column.children.data();
    if (column.children[0].validity || column.children[1].validity) has_unpackable = true;
    const auto* starts = column.children[0].data<std::int64_t>();
    const auto* ends = column.children[1].data<std::int64_t>();
    for (std::size_t row = 0; row < num_rows && !window_size_; ++row) {
      if (!column.is_null(row)) window_size_ = ends[row] - starts[row];
    }
    if (!window_size_) {
      has_unpackable = true;
      sources[i] = nullptr;
      continue;
    }
    std::int64_t difference = 0;
    for (std::size_t row = 0; row < num_rows; ++row)
      difference |= (ends[row] - starts[row]) ^ *window_size_;
    if (difference != 0) has_unpackable = true;
  }
  // Some rows at a time, whose words stay in the nearest cache from part to part.
  Words words;
  for (std::size_t begin = 0; begin < num_rows; begin += kPackedAtOnce) {
    const std::size_t end = std::min(begin + kPackedAtOnce, num_rows);
    const std::uint64_t* low = words.low.data();
    const std::uint64_t* high = words.high.data();
    if (begin != 0) words = {};
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (sources[i] == nullptr) continue;
      const Part& part = parts_[i];
      if (const std::uint64_t* whole = words_of(*sources[i], part.width)) {
        (part.offset == 0 ? low : high) = whole + begin;
      } else {
        pack_column(*sources[i], part.width, begin, end, part.offset, words);
      }
    }
    for (std::size_t row = begin; row < end; ++row)
      keys_[row] = RowKey::of_words(low[row - begin], high[row - begin], packed_size_);
  }
  if (!has_unpackable) return;
  find_unpackable(columns, num_rows);
  encode_general(columns, rows_);
}

void RowKeys::encode_general(std::span<const Column> columns, std::span<const std::uint32_t> rows) {
  bytes_.clear();
  starts_.clear();
  for (const std::uint32_t row : rows) {
    starts_.push_back(bytes_.size());
    for (const Column& column : columns) encode_value(column, row, RowForm::comparable, bytes_);
    // Longer than any packed key, so that the two never meet.
    if (form_ == Form::packed && bytes_.size() - starts_.back() <= kMaxPacked)
      bytes_.resize(starts_.back() + kMaxPacked + 1, '\0');
  }
  starts_.push_back(bytes_.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    keys_[rows[i]] =
        RowKey::of(std::string_view(bytes_).substr(starts_[i], starts_[i + 1] - starts_[i]));
}

namespace {
void append_packed(std::string_view bytes, std::size_t width, ColumnBuilder& builder) {
  const auto read = [&]<class T>(T value) {
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  };
  switch (width) {
    case 1:
      return builder.append(read(std::uint8_t{}));
    case 2:
      return builder.append(read(std::uint16_t{}));
    case 4:
      return builder.append(read(std::uint32_t{}));
    case 8:
      return builder.append(read(std::uint64_t{}));
    default:
      return builder.append(read(Int128{}));
  }
}
}  // namespace

void RowKeys::decode(const RowKey& key, std::span<ColumnBuilder> builders) const {
  if (form_ == Form::text) {
    if (key.size == RowKey::kNullText) return builders[0].append_null();
    return builders[0].append_string(key.bytes());
  }
  if (form_ == Form::general || key.size != packed_size_) {
    std::string_view bytes = key.bytes();
    for (ColumnBuilder& builder : builders) decode_value(bytes, builder);
    return;
  }
  const std::string_view bytes = key.bytes();
  for (const Part& part : parts_) {
    ColumnBuilder& builder = builders[part.column];
    if (!part.is_window) {
      append_packed(bytes.substr(part.offset), part.width, builder);
      continue;
    }
    std::int64_t start = 0;
    std::memcpy(&start, bytes.data() + part.offset, sizeof start);
    builder.child(0).append(start);
    builder.child(1).append(start + *window_size_);
    builder.append_struct();
  }
}

void RowKeys::decode(std::span<const RowKey> keys, std::span<ColumnBuilder> builders) const {
  const bool are_packed = form_ == Form::packed &&
                          std::all_of(keys.begin(), keys.end(),
                                      [&](const RowKey& key) { return key.size == packed_size_; });
  if (!are_packed) {
    for (const RowKey& key : keys) decode(key, builders);
    return;
  }
  for (const Part& part : parts_) append_part(keys, part, builders[part.column]);
}

void RowKeys::append_part(std::span<const RowKey> keys, const Part& part,
                          ColumnBuilder& builder) const {
  const auto append_all = [&](auto value_of) {
    const auto shift = static_cast<unsigned>(8 * (part.offset % 8));
    if (part.offset < 8) {
      for (const RowKey& key : keys) builder.append(value_of(key.low >> shift));
    } else {
      for (const RowKey& key : keys) builder.append(value_of(key.high >> shift));
    }
  };
  if (part.is_window) {
    const auto word = [&](const RowKey& key) {
      return static_cast<std::int64_t>(part.offset < 8 ? key.low : key.high);
    };
    for (const RowKey& key : keys) builder.child(0).append(word(key));
    for (const RowKey& key : keys) builder.child(1).append(word(key) + *window_size_);
    for (std::size_t i = 0; i < keys.size(); ++i) builder.append_struct();
    return;
  }
  switch (part.width) {
    case 1:
      return append_all([](std::uint64_t word) { return static_cast<std::uint8_t>(word); });
    case 2:
      return append_all([](std::uint64_t word) { return static_cast<std::uint16_t>(word); });
    case 4:
      return append_all([](std::uint64_t word) { return static_cast<std::uint32_t>(word); });
    case 8:
      return append_all([](std::uint64_t word) { return word; });
    default:
      for (const RowKey& key : keys) append_packed(key.bytes(), part.width, builder);
  }
}

}  // namespace stream
